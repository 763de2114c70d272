"""A text as a bag of its different words and pairs of neighbours, and a word as a handful of listed tokens.

The tokens of a word are the word itself, its first letters (`отопл*`) and its short pieces (`~топ`, `~<ото`, `~ие>`),
which join misspellings with what was meant; a pair is a token of its own (`нет вода`). All are listed in the model's
file, so that it can be checked for people's names. A text's vector is the sum of its units' vectors, so that a unit's
vector is computed once and kept.

There are two views of a text: the *inner* one sees words, first letters and pieces, the *direct* one words, first
letters and pairs.
"""

import itertools
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from classifier.features import MAX_LEMMAS, NUMBER, Floats, prefix

PIECE = "~"
"""What a token that is a piece of a word begins with."""
PIECE_LETTERS = (3, 4, 5)
"""Lengths of the pieces, with `<` and `>` at the edges of the word. fastText's usual 3 to 6 gave no more."""
LONGEST = 40
"""Letters of a word that are cut into pieces: the longest of the common words have 24."""


def distinct(lemmas: Sequence[str]) -> list[str]:
    """The different words of a text, every number as `NUMBER`, in order of appearance."""
    return list(dict.fromkeys(NUMBER if word.isdecimal() else word for word in lemmas[:MAX_LEMMAS]))


def neighbours(lemmas: Sequence[str]) -> set[str]:
    """The different pairs of neighbours of a text."""
    words = [NUMBER if word.isdecimal() else word for word in lemmas[:MAX_LEMMAS]]
    return {f"{one} {other}" for one, other in itertools.pairwise(words)}


def pieces(word: str) -> list[str]:
    """The tokens of a word's different short pieces, in no particular order; a number has none."""
    if word == NUMBER:
        return []
    edged = f"<{word[:LONGEST]}>"
    return list({PIECE + edged[i : i + n] for n in PIECE_LETTERS for i in range(len(edged) - n + 1)})


def whole(unit: str) -> list[str]:
    """A word and its first letters, or a pair."""
    first = None if " " in unit else prefix(unit)
    return [unit] if first is None else [unit, first]


@dataclass(frozen=True, slots=True)
class Row:
    """Columns and values of a unit's tokens: the first `shared` are no pieces."""

    columns: list[int]
    values: Floats
    shared: int
    pair: bool

    def inner(self) -> tuple[list[int], Floats]:
        """What the inner view sees of it: nothing of a pair."""
        return ([], self.values[:0]) if self.pair else (self.columns, self.values)

    def direct(self) -> tuple[list[int], Floats]:
        """What the direct view sees of it: no pieces."""
        return self.columns[: self.shared], self.values[: self.shared]


class Words:
    """Listed tokens with their weights; turns units into rows over the tokens."""

    def __init__(self, tokens: Sequence[str], idf: Floats) -> None:
        self.tokens = list(map(sys.intern, tokens))  # as lemmas are: pairs are found in half the time
        self.idf = idf
        self._index = {token: column for column, token in enumerate(self.tokens)}
        self._pairs = {tuple(map(sys.intern, token.split(" "))): token for token in self.tokens if " " in token}

    def __len__(self) -> int:
        return len(self.tokens)

    def units(self, lemmas: Sequence[str]) -> list[str]:
        """The different words of a text and its different listed pairs, in order of appearance."""
        words = [NUMBER if word.isdecimal() else word for word in lemmas[:MAX_LEMMAS]]
        pairs = filter(None, map(self._pairs.get, itertools.pairwise(words)))
        return list(dict.fromkeys(itertools.chain(words, pairs)))

    def row(self, unit: str) -> Row:
        """The known tokens of a word or a pair.

        A token counts by its inverse document frequency. The pieces share the weight of one token: a long word has
        sixty of them, and they would outvote all others.
        """
        get = self._index.get
        shared = [column for token in whole(unit) if (column := get(token)) is not None]
        known = [] if " " in unit else [column for token in pieces(unit) if (column := get(token)) is not None]
        values = self.idf[shared + known]
        if known:
            values[len(shared) :] /= math.sqrt(len(known))
        return Row(shared + known, values, len(shared), pair=" " in unit)

    def views(self, texts: Iterable[Sequence[str]]) -> tuple[csr_matrix, csr_matrix]:
        """The inner and the direct view, texts × tokens, float32: for each text the sum of its units' rows, divided by
        the root of the sum of their squared lengths. A text of unknown words has zero rows."""
        places: dict[str, int] = {}
        rows: list[Row] = []
        ids: list[int] = []
        ends = [0]
        for lemmas in texts:
            for unit in self.units(lemmas):
                place = places.setdefault(unit, len(places))
                if place == len(rows):
                    rows.append(self.row(unit))
                ids.append(place)
            ends.append(len(ids))
        bags = csr_matrix((np.ones(len(ids)), ids, ends), shape=(len(ends) - 1, len(places)))
        return self._view(bags, [row.inner() for row in rows]), self._view(bags, [row.direct() for row in rows])

    def _view(self, bags: csr_matrix, rows: Sequence[tuple[list[int], Floats]]) -> csr_matrix:
        columns = [column for found, _ in rows for column in found]
        values = np.concatenate([values for _, values in rows]) if rows else np.zeros(0)
        ends = np.cumsum([0, *(len(found) for found, _ in rows)])
        squared = np.array([values @ values for _, values in rows])
        norms = np.sqrt(bags @ squared) if rows else np.zeros(bags.shape[0])
        norms[norms == 0.0] = 1.0
        summed = (bags @ csr_matrix((values, columns, ends), shape=(len(rows), len(self)))).tocsr()
        summed.data /= np.repeat(norms, np.diff(summed.indptr))
        summed.sort_indices()
        return summed.astype(np.float32)
