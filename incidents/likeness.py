"""How alike two posts are, and whether they may be of one spot."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
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


OTHER_THINGS = 0.5
"""Likeness of topics from which on two posts that name different things («сосульки», «лёд на крыше») are about one:
from 0.3 to 0.8 all the same on SPb."""


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
        """`topics`: topic to probability; `heads`: head to its answer; `names`: keys of words with a capital;
        `things`: what it complains of."""


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

    Where both have an answer of the head, that decides; else the share of things that both name; else how alike their
    topics are, which has to be much if they name different things.
    """
    if head is not None:
        left, right = _answer(one, head), _answer(other, head)
        if left is not None and right is not None:
            return float(left == right)
    shared, topics = things_shared(one, other), topics_alike(one, other)
    if shared is None or (shared == 0 and topics >= OTHER_THINGS):
        return topics
    return shared


def things_shared(one: Described, other: Described) -> float | None:
    """Of the things that the one that names fewer of them names, the share that both do; None where one names none."""
    left, right = _things(one), _things(other)
    return len(left & right) / min(len(left), len(right)) if left and right else None


def topics_alike(one: Described, other: Described) -> float:
    """Bhattacharyya coefficient of the likeliest topics."""
    left, right = _topics(one), _topics(other)
    return min(1.0, sum(sqrt(float(p) * float(right[topic])) for topic, p in left.items() if topic in right))


def _answer(post: Described, head: str) -> str | None:
    found = (post.traits or {}).get("heads", {}).get(head)
    return None if found is None else str(found)


def _topics(post: Described) -> Mapping[str, float | str]:
    return (post.traits or {}).get("topics", {})


def _things(post: Described) -> AbstractSet[str]:
    return (post.traits or {}).get("things", {}).keys()


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
    found: list[float] = (((others == one) & (others != 0)).sum(axis=1) / PLACES).tolist()
    return found
