"""Choice of a vocabulary: frequent enough, and no names."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from classifier.features import Vocabulary, prefix, tokens
from classifier.training.names import allowed, allowed_word

MIN_TEXTS = 3
"""A token of fewer texts may point at a person; promised in the model's card and checked by a test."""


def document_frequency(texts: Iterable[Sequence[str]]) -> Counter[str]:
    """In how many different texts each token occurs. Repeated texts count once: a text sent three times is one."""
    counts: Counter[str] = Counter()
    for lemmas in set(map(tuple, texts)):
        counts.update(set(tokens(lemmas)))
    return counts


def choose(frequency: Counter[str], proper: frozenset[str], minimum: int = MIN_TEXTS) -> list[str]:
    """Tokens of at least `minimum` texts that are no names, sorted.

    A prefix stays only where some allowed word that begins with it stays: no name is left in by its first letters.
    """
    if minimum < MIN_TEXTS:
        raise ValueError(f"minimum is {minimum}, at least {MIN_TEXTS} is promised")
    kept = [t for t, count in frequency.items() if count >= minimum and not t.endswith("*") and allowed(t, proper)]
    stems = {p for word in frequency if " " not in word and allowed_word(word, proper) and (p := prefix(word))}
    kept += [stem for stem in stems if frequency[stem] >= minimum and allowed(stem, proper)]
    return sorted(kept)


def frequencies(vocabulary: Vocabulary, frequency: Counter[str]) -> npt.NDArray[np.int64]:
    """Document frequencies in the order of the columns."""
    return np.array([frequency[token] for token in vocabulary.tokens], dtype=np.int64)
