"""What a written word may be to the search for places, told once and kept."""

import re
from enum import IntEnum
from functools import lru_cache

from classifier.places.spelling import SHORTEST
from classifier.places.table import NEED_NOTHING, Table
from classifier.places.wordclass import CACHED_WORDS, in_dictionary, is_common, plain

_CYRILLIC = re.compile(r"[а-я]+(?:-[а-я]+)*")


class Look(IntEnum):
    """Why to look at a word."""

    NOTHING = 0
    COMMON = 1
    """It begins the names of villages, and is a word of the language or a number as well."""
    COMMON_TOWN = 2
    """The same of a town or of a name of several words: «пласт», «новый»."""
    NAME = 3
    HYPHEN = 4
    """The part of a name before its hyphen, which people leave out: «усть катав»."""
    WAY = 5
    """Two larger places with a hyphen between: «Миасс-Чебаркуль»."""
    UNKNOWN = 6
    """No dictionary holds it: a name misspelt, perhaps."""


class Vocabulary(dict[str, Look]):
    """Words as written to `Look`; a word is judged at its first appearance, the rest is a look-up in a dictionary."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, written: str) -> Look:
        if len(self) >= CACHED_WORDS:
            self.clear()
        look = self[written] = self._look(plain(written))
        return look

    def is_town(self, word: str) -> bool:
        """Whether it is a form of a town's or another larger place's name."""
        return self._table.is_larger(word)

    def begins_town(self, words: str) -> bool:
        """Whether the name of a larger place begins with these two words."""
        return words in self._table.larger_pairs

    def ways(self, word: str) -> int:
        """Where the hyphen stands between the names of two larger places; 0 if it is no such word."""
        hyphens = (at for at, letter in enumerate(word) if letter == "-")
        return next((at for at in hyphens if self.is_town(word[:at]) and self.is_town(word[at + 1 :])), 0)

    def is_name(self, word: str) -> bool:
        return word in self._table.index

    def _look(self, word: str) -> Look:
        if word in self._table.hyphen_heads:
            return Look.HYPHEN
        if word in self._table.index:
            if not (is_common(word) or word[0].isdigit()):
                return Look.NAME
            index = self._table.index
            names = index.alone(word)
            if any(name.need == NEED_NOTHING for name in names):
                return Look.NAME
            larger = index.continues(word) or any(name.kind == "town" for name in names)
            return Look.COMMON_TOWN if larger and word[0].isalpha() else Look.COMMON
        if self.ways(word):
            return Look.WAY
        unknown = len(word) >= SHORTEST - 1 and _CYRILLIC.fullmatch(word) and not in_dictionary(word)
        return Look.UNKNOWN if unknown and self._table.misspelt(word) else Look.NOTHING


@lru_cache(8)
def vocabulary(table: Table) -> Vocabulary:
    """That of a table."""
    return Vocabulary(table)
