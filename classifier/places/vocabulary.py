"""What a written word may be to the search for places, told once and kept."""

import re
from enum import IntEnum
from functools import lru_cache

from classifier.places.around import CACHED_WORDS, in_dictionary, is_common, plain
from classifier.places.spelling import SHORTEST
from classifier.places.table import Table

_CYRILLIC = re.compile(r"[а-я]+(?:-[а-я]+)*")


class Look(IntEnum):
    """Why to look at a word."""

    NOTHING = 0
    COMMON = 1
    """It begins a name and is a word of the language as well."""
    NAME = 2
    HYPHEN = 3
    """It begins a name of which people leave the hyphen out: «усть катав»."""
    UNKNOWN = 4
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

    def _look(self, word: str) -> Look:
        if word in self._table.hyphen_heads:
            return Look.HYPHEN
        if word in self._table.index:
            return Look.COMMON if is_common(word) else Look.NAME
        unknown = len(word) >= SHORTEST - 1 and _CYRILLIC.fullmatch(word) and not in_dictionary(word)
        return Look.UNKNOWN if unknown and self._table.misspelt(word) else Look.NOTHING


@lru_cache(8)
def vocabulary(table: Table) -> Vocabulary:
    """That of a table."""
    return Vocabulary(table)
