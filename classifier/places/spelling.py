"""Names misspelt by one letter."""

from collections.abc import Iterable

SHORTEST = 6
"""Letters of a word from which on one of them may be wrong: shorter names are one letter from too many words."""


class Spelling:
    """Finds the form that a word is one letter away from: one changed, added, left out, or two neighbours swapped.

    One mistake leaves either the first or the second half of a form as it is (but for a swap right in the middle), so
    forms are kept by their halves and only those that share one with the word are compared: six look-ups a word. The
    edits themselves would be seven hundred.
    """

    def __init__(self, forms: Iterable[str]) -> None:
        self._heads: dict[tuple[int, str], list[str]] = {}
        self._tails: dict[tuple[int, str], list[str]] = {}
        for form in forms:
            if len(form) >= SHORTEST:
                half = len(form) // 2
                self._heads.setdefault((len(form), form[:half]), []).append(form)
                self._tails.setdefault((len(form), form[half:]), []).append(form)

    def meant(self, word: str) -> list[str]:
        """Forms within one mistake of the word, its own aside; none for short words."""
        if len(word) < SHORTEST - 1:
            return []
        found: dict[str, None] = {}
        for length in (len(word) - 1, len(word), len(word) + 1):
            half = length // 2
            for form in self._heads.get((length, word[:half]), ()):
                if one_mistake(word, form):
                    found[form] = None
            for form in self._tails.get((length, word[len(word) - (length - half) :]), ()):
                if one_mistake(word, form):
                    found[form] = None
        return list(found)


def one_mistake(word: str, form: str) -> bool:
    """Whether one letter changed, added or left out, or two neighbours swapped, makes `form` of `word`."""
    if word == form:
        return False
    start = 0
    shorter = min(len(word), len(form))
    while start < shorter and word[start] == form[start]:
        start += 1
    end = 0
    while end < shorter - start and word[-1 - end] == form[-1 - end]:
        end += 1
    left, right = word[start : len(word) - end], form[start : len(form) - end]
    if len(left) <= 1 and len(right) <= 1:
        return True
    return len(left) == 2 and left == right[::-1]
