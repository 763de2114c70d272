"""How alike two posts are, and whether they may be of one spot."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Protocol

import numpy as np
import numpy.typing as npt

from text.signature import PLACES

Signatures = npt.NDArray[np.uint32]
REPOST = 0.6
"""Jaccard likeness of two texts' lemmas from which on one is the other, retold: by the standard error of a signature
(0.09) two thirds of a point above what different texts on one trouble reach (docs/decisions/2026-11-28-grouping.md)."""

SAME_TEXT = 0.8
"""At one house people write of all its troubles in the same words, so that less is no repost there: on SPb 0.6 gives a
pairwise precision of 0.846, 0.8 one of 0.904."""


class Described(Protocol):
    """What likeness looks at."""

    @property
    def address(self) -> str | None:
        """Key of street and house."""

    @property
    def street(self) -> str | None: ...
    @property
    def settlement(self) -> str | None: ...
    @property
    def signature(self) -> bytes | None:
        """MinHash, 32 little-endian numbers of 32 bits."""

    @property
    def traits(self) -> Mapping[str, Mapping[str, float | str]] | None:
        """`topics`: topic to probability; `heads`: head to its answer; `names`: keys of words with a capital."""


def elsewhere(one: Described, other: Described) -> bool:
    """They name two spots: other houses, other streets or other settlements."""
    return (
        _differ(one.address, other.address)
        or _differ(one.street, other.street)
        or _differ(one.settlement, other.settlement)
    )


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def same_kind(one: Described, other: Described, head: str | None) -> float:
    """0…1: that two posts about one house are about one trouble.

    Where both have an answer of the head, that decides; else the Bhattacharyya coefficient of their topics does.
    """
    if head is not None:
        left, right = _answer(one, head), _answer(other, head)
        if left is not None and right is not None:
            return float(left == right)
    left_topics, right_topics = _topics(one), _topics(other)
    return min(
        1.0,
        sum(sqrt(float(p) * float(right_topics[topic])) for topic, p in left_topics.items() if topic in right_topics),
    )


def _answer(post: Described, head: str) -> str | None:
    found = (post.traits or {}).get("heads", {}).get(head)
    return None if found is None else str(found)


def _topics(post: Described) -> Mapping[str, float | str]:
    return (post.traits or {}).get("topics", {})


def names(post: Described) -> frozenset[str]:
    """Keys of its words that begin with a capital, if it names no street."""
    return frozenset((post.traits or {}).get("names", {}))


def signatures(posts: Sequence[Described]) -> Signatures:
    """A row for each post; zeros, which are like nothing, where a text is too short for a signature."""
    empty = bytes(4 * PLACES)
    joined = b"".join(post.signature or empty for post in posts)
    return np.frombuffer(joined, dtype="<u4").reshape(len(posts), PLACES)


def texts_alike(one: npt.NDArray[np.uint32], others: Signatures) -> list[float]:
    """Estimated Jaccard likeness of one text with each of the others."""
    found: list[float] = ((others == one) & (others != 0)).mean(axis=1).tolist()
    return found
