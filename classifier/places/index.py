"""Which names begin with a word: case forms kept as stems and endings, names decoded on their first hit."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Forms = tuple[str, ...]
N = TypeVar("N")

MAX_INFLECTED_WORDS = 4
"""Words of a name whose forms are combined: longer names («Центральная усадьба совхоза 15 лет Октября») are found as
they stand, for nobody declines them, and the number of combinations stays small."""


class Lexemes:
    """Words of names and how each changes: a word less its last letters, plus one of the endings of its pattern.

    `patterns` are texts «letters to cut, then the endings», separated by `|`: «2|ый|ого|ому».
    """

    def __init__(self, words: Sequence[str], pattern_of: npt.NDArray[np.integer], patterns: Sequence[str]) -> None:
        self.words = words
        self._pattern_of = pattern_of.tolist()
        self._patterns = [(int(cut), tuple(endings)) for cut, *endings in (p.split("|") for p in patterns)]

    def forms(self, lexeme: int) -> list[str]:
        """Forms of a word, the nominative first."""
        cut, endings = self._patterns[self._pattern_of[lexeme]]
        word = self.words[lexeme]
        stem = word[: len(word) - cut]
        return [stem + ending for ending in endings]


class Index(Generic[N]):
    """First word of a form to the names that begin so. Of a name only its words' numbers are kept; forms and `Name`s
    are made when the first text holds them, and stay."""

    def __init__(
        self,
        lexemes: Lexemes,
        phrases: Sequence[tuple[int, ...]],
        rows: Sequence[Sequence[int]],
        name: Callable[[int], N],
    ) -> None:
        """`phrases` are names as numbers of lexemes; `rows[i]` are the places that bear name i, `name` decodes one."""
        self._lexemes = lexemes
        self._phrases = phrases
        self._rows = rows
        self._name = name
        starts: dict[int, list[int]] = {}
        for number, phrase in enumerate(phrases):
            starts.setdefault(phrase[0], []).append(number)
        self._starting = starts
        firsts: dict[str, int | tuple[int, ...]] = {}
        for lexeme in starts:
            for form in lexemes.forms(lexeme):
                seen = firsts.get(form)
                if seen is None:
                    firsts[form] = lexeme
                elif seen != lexeme:
                    firsts[form] = (*(seen if isinstance(seen, tuple) else (seen,)), lexeme)
        self._firsts = firsts
        self._decoded: dict[str, dict[str, list[tuple[Forms, int]]]] = {}

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
        entries = [entry for found in self._continuations(word).values() for entry in found]
        entries.sort(key=lambda entry: -len(entry[0]))
        return [(rest, self._name(row)) for rest, phrase in entries for row in self._rows[phrase]]

    def continues(self, word: str) -> bool:
        """Whether a name of several words begins with this one."""
        return word in self._firsts and any(self._continuations(word))

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
        following = forms[at + 1] if at + 1 < len(forms) else ""
        for key in (following, "") if following else ("",):
            for rest, phrase in continuations.get(key, ()):
                if len(rest) + 1 < length:
                    break
                if not rest or tuple(forms[at + 1 : at + 1 + len(rest)]) == rest:
                    length = len(rest) + 1
                    found.append(phrase)
            if found:
                break
        return length, [self._name(row) for phrase in dict.fromkeys(found) for row in self._rows[phrase]]

    def _continuations(self, word: str) -> dict[str, list[tuple[Forms, int]]]:
        """Second word (or nothing) to the remaining words and the phrase, longest first."""
        known = self._decoded.get(word)
        if known is not None:
            return known
        lexemes = self._firsts[word]
        result: dict[str, list[tuple[Forms, int]]] = {}
        for lexeme in lexemes if isinstance(lexemes, tuple) else (lexemes,):
            for phrase in self._starting[lexeme]:
                for rest in self._rests(self._phrases[phrase]):
                    result.setdefault(rest[0] if rest else "", []).append((rest, phrase))
        for entries in result.values():
            entries.sort(key=lambda entry: (-len(entry[0]), entry[1]))
        self._decoded[word] = result
        return result

    def _rests(self, phrase: tuple[int, ...]) -> Iterator[Forms]:
        if len(phrase) > MAX_INFLECTED_WORDS:
            return iter((tuple(self._lexemes.words[lexeme] for lexeme in phrase[1:]),))
        return product(*(self._lexemes.forms(lexeme) for lexeme in phrase[1:]))
