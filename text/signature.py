"""MinHash: a short fingerprint from which the likeness of two texts can be estimated."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

PLACES = 32
"""Standard error of the estimated likeness is at most 0.5 / sqrt(32) = 0.09: enough to tell a repost from a topic."""
MIN_WORDS = 3
"""Below three different words every «спасибо» would look like a repost."""
AT_ONCE = 32
"""Texts: the hashes of so many of the longest, 2,800 words each, take 25 MB."""

_PRIME = np.uint64((1 << 61) - 1)


def _constants(name: str, bits: int) -> npt.NDArray[np.uint64]:
    """Fixed factors, drawn by a hash and not by a generator: signatures must agree between machines and versions."""
    digests = (blake2b(f"{name}{i}".encode(), digest_size=8).digest() for i in range(PLACES))
    return np.array([1 + int.from_bytes(d, "big") % ((1 << bits) - 1) for d in digests], dtype=np.uint64)


# Factors under 2**29 and words under 2**32: the product stays within 64 bits.
_A = _constants("a", 29)
_B = _constants("b", 61)


@lru_cache(200_000)
def _word(lemma: str) -> int:
    return int.from_bytes(blake2b(lemma.encode(), digest_size=4).digest(), "big")


def signature(lemmas: Sequence[str]) -> tuple[int, ...]:
    """`PLACES` numbers under 2**32 for a set of lemmas; empty where it holds fewer than `MIN_WORDS` words.

    Broder (1997), "On the resemblance and containment of documents".
    """
    return signatures([lemmas])[0]


def signatures(texts: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    """The signature of each text; many at once share the look-ups."""
    found: list[tuple[int, ...]] = []
    for first in range(0, len(texts), AT_ONCE):
        found += _signatures(texts[first : first + AT_ONCE])
    return found


def _signatures(texts: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    sets = [{word for word in lemmas if len(word) > 2 or word.isdecimal()} for lemmas in texts]
    told = [words for words in sets if len(words) >= MIN_WORDS]
    if not told:
        return [()] * len(sets)
    values = np.array([_word(word) for words in told for word in words], dtype=np.uint64)
    starts = np.cumsum([0, *(len(words) for words in told[:-1])])
    least = np.minimum.reduceat((values * _A[:, None] + _B[:, None]) % _PRIME, starts, axis=1)
    rows = iter((least & np.uint64(0xFFFFFFFF)).T.tolist())
    return [tuple(next(rows)) if len(words) >= MIN_WORDS else () for words in sets]


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """Estimated Jaccard likeness of two texts from their signatures; 0 where one of them has none."""
    if not one or not other:
        return 0.0
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)
