"""Choice of the tokens of a net: words, pairs, first letters and pieces, frequent enough and no names."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifier.features import inverse_frequency, prefix
from classifier.training.names import MIN_TEXTS, allowed, allowed_word
from classifier.words import Words, distinct, neighbours, pieces

MIN_PIECE_TEXTS = 20
"""A piece of fewer texts says no more than the words it is from."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Tokens with their weights, and in how many different texts each occurs."""

    words: Words
    frequency: npt.NDArray[np.int64]


def choose_words(texts: Iterable[Sequence[str]], proper: frozenset[str]) -> Chosen:
    """From texts as lemmas. `proper` are words known to be names.

    First letters and pieces are counted in words that are allowed themselves: no name is left in by a part of it.
    """
    whole_count: Counter[str] = Counter()
    part_count: Counter[str] = Counter()
    parts: dict[str, tuple[str, ...]] = {}
    different = set(map(tuple, texts))
    for lemmas in different:
        words = distinct(lemmas)
        whole_count.update(words)
        whole_count.update(neighbours(lemmas))
        for word in words:
            if word not in parts:
                parts[word] = _parts(word) if allowed_word(word, proper) else ()
        part_count.update(set(itertools.chain.from_iterable(parts[word] for word in words)))
    kept = {token: n for token, n in whole_count.items() if n >= MIN_TEXTS and allowed(token, proper)}
    kept |= {token: n for token, n in part_count.items() if n >= _least(token) and allowed(token, proper)}
    tokens = sorted(kept)
    frequency = np.array([kept[token] for token in tokens], dtype=np.int64)
    return Chosen(Words(tokens, inverse_frequency(frequency, len(different))), frequency)


def _parts(word: str) -> tuple[str, ...]:
    first = prefix(word)
    return tuple(pieces(word)) if first is None else (first, *pieces(word))


def _least(part: str) -> int:
    return MIN_TEXTS if part.endswith("*") else MIN_PIECE_TEXTS
