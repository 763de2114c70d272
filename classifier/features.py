"""What every head is made of: lemmas of a text, and a sparse matrix of counts over a listed vocabulary.

All tokens are listed in the model's file: a hashed vocabulary could not be checked for people's names.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from text import lemmas as text_lemmas

PREFIX_LETTERS = 5
"""Weighted F1 of topics on one split of the Perm set: 0.475 without, 0.487 with 5 letters, 0.480 with 6."""
NUMBER = "0"
MAX_LEMMAS = 2_000
"""Of a longer text only the beginning is judged: 20,000 characters are about 2,800 words."""

_LINK = re.compile(r"(?:https?://|www\.)\S+")

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]


def judged_lemmas(text: str) -> list[str]:
    """Lemmas of a cleaned text without its links: what the features are made of."""
    return text_lemmas(_LINK.sub(" ", text) if "http" in text or "www." in text else text)


def prefix(word: str) -> str | None:
    """The token of a word's first letters; None for a word that is hardly longer than that."""
    return f"{word[:PREFIX_LETTERS]}*" if len(word) > PREFIX_LETTERS else None


class Listed:
    """Tokens in the order of their columns, and the matrix of their counts. Those of a text are found in half the time
    if they are interned as well: to see that two strings are one object, neither has to be read."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = list(map(sys.intern, tokens))
        self._index = {token: column for column, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def count(self, texts: Iterable[Sequence[str]]) -> csr_matrix:
        """texts × tokens; what is not listed does not count."""
        unlisted = len(self)
        columns: list[int] = []
        ends = [0]
        for tokens in texts:
            columns += map(self._index.get, tokens, repeat(unlisted))
            ends.append(len(columns))
        found = np.array(columns, dtype=np.int32)
        listed = found < unlisted
        until = np.concatenate([[0], np.cumsum(listed)])[ends]  # how many of those before each end are listed
        cells = (np.ones(until[-1]), found[listed], until.astype(np.int32))
        counts = csr_matrix(cells, shape=(len(ends) - 1, max(unlisted, 1)))
        counts.sum_duplicates()
        return counts


def tfidf(counts: csr_matrix, idf: Floats) -> csr_matrix:
    """Rows of (1 + log count) · idf, scaled to length 1; the same as scikit-learn's TfidfTransformer(sublinear_tf).

    `idf` holds 0 for the tokens that a head does not know.
    """
    data = counts.data if (counts.data == 1.0).all() else 1.0 + np.log(counts.data)
    data = data * idf[counts.indices]
    rows = counts.shape[0]
    lengths = np.diff(counts.indptr)
    norms = np.sqrt(np.bincount(np.repeat(np.arange(rows), lengths), weights=data * data, minlength=rows))
    norms[norms == 0.0] = 1.0
    return csr_matrix((data / np.repeat(norms, lengths), counts.indices, counts.indptr), shape=counts.shape)


def inverse_frequency(frequency: npt.NDArray[np.int64], texts: int) -> Floats:
    """Smoothed idf, ln((1 + n) / (1 + df)) + 1, as in scikit-learn; 0 where a token never occurs."""
    idf = np.log((1.0 + texts) / (1.0 + frequency)) + 1.0
    return np.where(frequency > 0, idf, 0.0)
