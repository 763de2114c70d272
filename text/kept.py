"""Answers about words, told once and kept."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

CACHED_WORDS = 200_000
"""About 40 MB of lemmas. A region writes some 150,000 word forms in a month; a kept lemma is 300 times faster."""


class Kept(dict[str, T]):
    """Words to what `tell` says of them. All are forgotten when there are `most`: an endless stream of new words must
    not fill the memory. To look a word up takes a third of the time of `functools.lru_cache`, and `map` can do it."""

    def __init__(self, tell: Callable[[str], T], most: int = CACHED_WORDS) -> None:
        super().__init__()
        self._tell = tell
        self._most = most

    def __missing__(self, word: str) -> T:
        told = self._tell(word)
        if len(self) >= self._most:
            self.clear()
        self[word] = told
        return told
