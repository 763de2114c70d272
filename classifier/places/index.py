"""Which names begin with a word: case forms kept as stems and endings, names decoded on their first hit."""

from collections.abc import Callable, Iterator, KeysView, Sequence
from itertools import product
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from classifier.places.strings import Groups

Forms = tuple[str, ...]
N = TypeVar("N")

MAX_INFLECTED_WORDS = 4
"""Words of a name that are declined: longer names («Центральная усадьба совхоза 15 лет Октября») are found as they
stand, for nobody declines them."""
MAX_DECODED = 20_000
"""First words whose names are kept decoded, some 20 MB; texts of one region hold a few thousand of them."""


class Lexemes:
    """Words of names and how each changes: a word less its last letters, plus one of the endings of its pattern.

    `patterns` are texts «letters to cut, then the endings», separated by `|`: «2|ый|ого|ому».
    """

    def __init__(self, words: Sequence[str], pattern_of: npt.NDArray[np.integer], patterns: Sequence[str]) -> None:
        self._words = words
        self._pattern_of = pattern_of
        self._patterns = [(int(cut), tuple(endings)) for cut, *endings in (p.split("|") for p in patterns)]

    def __len__(self) -> int:
        return len(self._words)

    def forms(self, lexeme: int) -> list[str]:
        """Forms of a word, the nominative first."""
        cut, endings = self._patterns[self._pattern_of[lexeme]]
        word = self._words[lexeme]
        stem = word[: len(word) - cut]
        return [stem + ending for ending in endings]


class Index(Generic[N]):
    """First word of a form to the names that begin so."""

    def __init__(
        self,
        lexemes: Lexemes,
        phrases: Groups,
        rows: Groups,
        firsts: Groups,
        *,
        name: Callable[[int], N],
        extra: Sequence[tuple[list[list[str]], N]] = (),
    ) -> None:
        """`phrases[i]` are the lexemes of the i-th distinct name, `rows[i]` the places that bear it (none, if it is no
        name here), `firsts[i]` the names that begin with the i-th lexeme; `name` decodes a place.
        `extra` are names of an operator's: the forms of each word, and the place."""
        self._lexemes = lexemes
        self._phrases = phrases
        self._rows = rows
        self._starting = firsts
        self._name = name
        self._decoded: dict[str, dict[str, list[int]]] = {}
        self._named: dict[int, list[N]] = {}
        found: dict[str, int | tuple[int, ...]] = {}
        for lexeme in range(len(lexemes)):
            if firsts.empty(lexeme):
                continue
            for form in lexemes.forms(lexeme):
                seen = found.setdefault(form, lexeme)
                if seen != lexeme:
                    found[form] = (*(seen if isinstance(seen, tuple) else (seen,)), lexeme)
        self._extra: dict[str, list[tuple[list[list[str]], N]]] = {}
        for forms, one in extra:
            for form in forms[0]:
                found.setdefault(form, ())
                self._extra.setdefault(form, []).append((forms[1:], one))
        self._firsts = found

    @property
    def first_words(self) -> KeysView[str]:
        """What `in` looks into, for loops where a method's call would be felt."""
        return self._firsts.keys()

    def __contains__(self, word: object) -> bool:
        return word in self._firsts

    def __len__(self) -> int:
        return len(self._firsts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._firsts)

    def get(self, word: str) -> list[tuple[Forms, N]] | None:
        """Remaining words and name for each form that begins with `word`, longest first; None if there is none."""
        if word not in self._firsts:
            return None
        phrases = dict.fromkeys(phrase for found in self._continuations(word).values() for phrase in found)
        result = [
            (rest, self._name(row))
            for phrase in phrases
            for rest in product(*self._rest(self._phrases[phrase]))
            for row in self._rows[phrase]
        ]
        result += [(form, one) for rest, one in self._extra.get(word, ()) for form in product(*rest)]
        return sorted(result, key=lambda entry: -len(entry[0]))

    def continues(self, word: str) -> bool:
        """Whether a name of several words begins with this one."""
        return any(len(self._phrases[phrase]) > 1 for phrase in self._beginning(word)) or any(
            rest for rest, _ in self._extra.get(word, ())
        )

    def alone(self, word: str) -> list[N]:
        """Names of which the word is a form, without reading those that only begin so."""
        names = [
            name for phrase in self._beginning(word) if len(self._phrases[phrase]) == 1 for name in self._names(phrase)
        ]
        return names + [one for rest, one in self._extra.get(word, ()) if not rest]

    def _beginning(self, word: str) -> Iterator[int]:
        lexemes = self._firsts.get(word, ())
        for lexeme in lexemes if isinstance(lexemes, tuple) else (lexemes,):
            yield from self._starting[lexeme]

    def longest(self, forms: Sequence[str], at: int) -> tuple[int, list[N]]:
        """Number of words and names of the longest form that begins at `at` in a text's normalised words.

        Time does not depend on how many names begin with the same word («Новая» begins a thousand).
        """
        word = forms[at]
        if word not in self._firsts:
            return 0, []
        continuations = self._continuations(word)
        length = 0
        found: list[int] = []
        for phrase in continuations.get(forms[at + 1], ()) if at + 1 < len(forms) else ():
            lexemes = self._phrases[phrase]
            if len(lexemes) < length:
                break
            if len(lexemes) == 2:
                length = 2
                found.append(phrase)
                continue
            if _continues(forms, at, self._rest(lexemes)):
                length = len(lexemes)
                found.append(phrase)
        if not found:
            found = continuations.get("", [])
            length = 1 if found else 0
        names = self._names(found[0]) if len(found) == 1 else [one for phrase in found for one in self._names(phrase)]
        for rest, one in self._extra.get(word, ()) if self._extra else ():
            if _continues(forms, at, rest) and len(rest) + 1 >= length:
                names = [*names, one] if len(rest) + 1 == length else [one]
                length = len(rest) + 1
        return length, names

    def _names(self, phrase: int) -> list[N]:
        known = self._named.get(phrase)
        if known is None:
            if len(self._named) >= MAX_DECODED:
                self._named.clear()
            known = self._named[phrase] = [self._name(row) for row in self._rows[phrase]]
        return known

    def _continuations(self, word: str) -> dict[str, list[int]]:
        """Second word, or nothing, to the names that go on so, longest first."""
        known = self._decoded.get(word)
        if known is not None:
            return known
        result: dict[str, list[int]] = {}
        for _, phrase, own in sorted((-len(own := self._phrases[p]), p, own) for p in self._beginning(word)):
            for second in self._second(own):
                result.setdefault(second, []).append(phrase)
        if len(self._decoded) >= MAX_DECODED:
            self._decoded.clear()
        self._decoded[word] = result
        return result

    def _second(self, phrase: list[int]) -> Sequence[str]:
        if len(phrase) == 1:
            return ("",)
        forms = self._lexemes.forms(phrase[1])
        return forms[:1] if len(phrase) > MAX_INFLECTED_WORDS else forms

    def _rest(self, phrase: list[int]) -> list[list[str]]:
        """Forms of the words after the first."""
        if len(phrase) > MAX_INFLECTED_WORDS:
            return [self._lexemes.forms(lexeme)[:1] for lexeme in phrase[1:]]
        return [self._lexemes.forms(lexeme) for lexeme in phrase[1:]]


def _continues(forms: Sequence[str], at: int, rest: list[list[str]]) -> bool:
    """Whether the words after the one at `at` are forms of `rest`."""
    following = forms[at + 1 : at + 1 + len(rest)]
    return len(following) == len(rest) and all(w in some for w, some in zip(following, rest, strict=True))
