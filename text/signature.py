"""MinHash: a short fingerprint from which the likeness of two texts can be estimated."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from text.kept import Kept

PLACES = 32
"""Standard error of the estimated likeness is at most 0.5 / sqrt(32) = 0.09: enough to tell a repost from a topic."""
MIN_WORDS = 3
"""Below three different words every «спасибо» would look like a repost."""

AT_ONCE = 4_096
"""Words that are hashed together: 1 MB, which stays in a processor's cache, however long the texts of a batch are."""

_BITS = np.uint64(61)
_PRIME = np.uint64((1 << 61) - 1)


def _constants(name: str, bits: int) -> npt.NDArray[np.uint64]:
    """Fixed factors, drawn by a hash and not by a generator: signatures must agree between machines and versions."""
    digests = (blake2b(f"{name}{i}".encode(), digest_size=8).digest() for i in range(PLACES))
    return np.array([1 + int.from_bytes(d, "big") % ((1 << bits) - 1) for d in digests], dtype=np.uint64)


# Factors under 2**29 and words under 2**32: the product stays within 64 bits.
_A = _constants("a", 29)
_B = _constants("b", 61)


def _hash(lemma: str) -> int | None:
    """Of 32 bits; None for a word too short to tell anything."""
    if len(lemma) < 3 and not lemma.isdecimal():
        return None
    return int.from_bytes(blake2b(lemma.encode(), digest_size=4).digest(), "big")


_HASHES: Kept[int | None] = Kept(_hash)


def signature(lemmas: Sequence[str]) -> tuple[int, ...]:
    """`PLACES` numbers under 2**32 for a set of lemmas; empty where it holds fewer than `MIN_WORDS` words.

    Broder (1997), "On the resemblance and containment of documents".
    """
    return signatures([lemmas])[0]


def signatures(texts: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    """Those of many texts given as lemmas, several times faster than one by one."""
    found: list[tuple[int, ...]] = [()] * len(texts)
    for numbers, words, starts in _chunks(texts):
        hashes = np.array(words, dtype=np.uint64)[:, None] * _A + _B
        hashes = (hashes & _PRIME) + (hashes >> _BITS)  # modulo a Mersenne prime, without a division
        np.subtract(hashes, _PRIME, out=hashes, where=hashes >= _PRIME)
        least = np.minimum.reduceat(hashes, starts, axis=0) & np.uint64(0xFFFFFFFF)
        for number, row in zip(numbers, least.tolist(), strict=True):
            found[number] = tuple(row)
    return found


def _chunks(texts: Sequence[Sequence[str]]) -> Iterator[tuple[list[int], list[int], list[int]]]:
    """Numbers of texts that have a signature, the hashes of their different words, and where each text's begin."""
    numbers: list[int] = []
    words: list[int] = []
    starts: list[int] = []
    for number, lemmas in enumerate(texts):
        telling = [one for one in map(_HASHES.__getitem__, set(lemmas)) if one is not None]
        if len(telling) < MIN_WORDS:
            continue
        numbers.append(number)
        starts.append(len(words))
        words += telling
        if len(words) >= AT_ONCE:
            yield numbers, words, starts
            numbers, words, starts = [], [], []
    if numbers:
        yield numbers, words, starts


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """Estimated Jaccard likeness of two texts from their signatures; 0 where one of them has none."""
    if not one or not other:
        return 0.0
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)
