"""From lemmas to a sparse matrix of counts over a listed vocabulary.

Three kinds of token: a lemma (`вода`), two neighbouring lemmas (`нет вода`), and the first letters of a longer lemma
(`отопл*`), which join word families and most misspellings of endings. Every number is the token `0`. All tokens are
listed in the model's file: a hashed vocabulary could not be checked for people's names.
"""

import itertools
import re
from collections.abc import Iterable, Sequence

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


def judged_lemmas(text: str) -> list[str]:
    """Lemmas of a cleaned text without its links: what the features are made of."""
    return text_lemmas(_LINK.sub(" ", text) if "http" in text or "www." in text else text)


def words(lemmas: Sequence[str]) -> list[str]:
    """Lemmas with every number as `NUMBER`; the first `MAX_LEMMAS` of them."""
    return [NUMBER if word.isdecimal() else word for word in lemmas[:MAX_LEMMAS]]


def prefix(word: str) -> str | None:
    """The token of a word's first letters; None for a word that is hardly longer than that."""
    return f"{word[:PREFIX_LETTERS]}*" if len(word) > PREFIX_LETTERS else None


def tokens(lemmas: Sequence[str]) -> list[str]:
    """All tokens of a text, in no particular order, with repetitions. Readable definition of the features."""
    simple = words(lemmas)
    short = [token for word in simple if (token := prefix(word))]
    pairs = [f"{one} {other}" for one, other in itertools.pairwise(simple)]
    return simple + short + pairs


class Vocabulary:
    """Tokens in the order of their columns."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = list(tokens)
        self._index = {token: column for column, token in enumerate(self.tokens)}
        # column of the word and of its prefix together: one look-up instead of two and no string built
        self._words: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self.tokens)

    def _columns_of_word(self, word: str) -> tuple[int, ...]:
        found = [self._index[token] for token in (word, prefix(word)) if token in self._index]
        columns = tuple(found)
        if len(self._words) < 500_000:  # 60 MB: an endless stream of new words must not fill the memory
            self._words[word] = columns
        return columns

    def columns(self, lemmas: Sequence[str]) -> list[int]:
        """Columns of the tokens of a text that the vocabulary knows; the same as looking up `tokens(lemmas)`."""
        result: list[int] = []
        known = self._words
        get = self._index.get
        before = ""
        for word in words(lemmas):
            columns = known.get(word)
            result.extend(self._columns_of_word(word) if columns is None else columns)
            if before and (pair := get(f"{before} {word}")) is not None:
                result.append(pair)
            before = word
        return result

    def count(self, texts: Iterable[Sequence[str]]) -> csr_matrix:
        """Counts of tokens, texts × vocabulary, float64, rows in the order of `texts`, columns sorted."""
        flat: list[int] = []
        lengths: list[int] = []
        for lemmas in texts:
            columns = self.columns(lemmas)
            flat += columns
            lengths.append(len(columns))
        rows = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
        width = max(len(self), 1)
        cells, counts = np.unique(rows * width + np.asarray(flat, dtype=np.int64), return_counts=True)
        starts = np.searchsorted(cells, np.arange(len(lengths) + 1, dtype=np.int64) * width)
        return csr_matrix(
            (counts.astype(np.float64), (cells % width).astype(np.int32), starts.astype(np.int32)),
            shape=(len(lengths), width),
        )


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
