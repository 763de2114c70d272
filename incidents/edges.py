"""Which posts of a segment are tied, why, and how surely: a pure function of the segment."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple, TypeVar

from incidents.buckets import TIE_WINDOW, Bucket, GroupPost
from incidents.config import Grouping, Matter
from incidents.likeness import (
    REPOST,
    SAME_TEXT,
    elsewhere,
    names,
    same_kind,
    signatures,
    texts_alike,
    things_shared,
    topics_alike,
)
from text.address import street_key


class Reason(StrEnum):
    """Why a post is where it is."""

    ADDRESS = "address"
    STREET = "street"
    REPOST = "repost"
    LINK = "link"
    THREAD = "thread"
    TEXT = "text"
    COMMON = "common"
    TOPIC = "topic"
    PERSON = "person"


SURE = {
    Reason.ADDRESS: 0.95,
    Reason.STREET: 0.8,
    Reason.LINK: 0.9,
    Reason.THREAD: 0.85,
    Reason.COMMON: 0.6,
    Reason.TOPIC: 0.5,
}
"""How sure a tie is where nothing is measured about the pair: an order, not a share of right answers."""


RELATED = 0.05
"""Bhattacharyya coefficient from which on topics of two groups have something in common: a comment is short, and its
group a guess."""


class Edge(NamedTuple):
    """Edges are laid in this order: from the smallest gap up, as neighbours in time always were."""

    gap: timedelta
    right: str
    """The later post."""
    left: str
    by: Reason
    sure: float


P = TypeVar("P", bound=GroupPost)


def edges(bucket: Bucket, segment: Sequence[GroupPost], rules: Grouping) -> list[Edge]:
    """The ties within a segment, which is in order of event time, then of id."""
    segment = [post for post in segment if not post.erased]
    if len(segment) < 2:
        return []
    if bucket.by == "address":
        return _of_house(segment, rules)
    if bucket.by in ("topic", "common"):
        assert bucket.matter is not None
        return _of_topic(segment, bucket.matter, Reason.TOPIC if bucket.by == "topic" else Reason.COMMON)
    if bucket.by == "wording":
        return [_edge(a, b, Reason.REPOST, 1.0) for a, b in _neighbours(segment) if not elsewhere(a, b)]
    pairs = [(a, b) for a, b in _neighbours(segment) if not elsewhere(a, b)]
    # A channel that signs every post with one page quotes nothing by it.
    return [_edge(a, b, Reason.LINK) for a, b in pairs if a.source != b.source]


def thread(post: GroupPost, parent: GroupPost, rules: Grouping) -> Edge | None:
    """The tie of a comment and the post that it answers."""
    if (
        post.erased
        or parent.erased
        or post.municipality is None
        or post.municipality != parent.municipality
        or (post.group != parent.group and topics_alike(post, parent) < RELATED and not things_shared(post, parent))
        or abs(post.published - parent.published) > TIE_WINDOW
        or elsewhere(post, parent)
    ):
        return None
    spots = rules.matter(post.group, post.topic).scope == "address"
    if spots and post.street is not None and parent.street is None:
        return None  # «Ямы по всему городу»: who names a street beneath it tells of another hole than the next
    return _edge(*_ordered(post, parent), Reason.THREAD)


def _of_house(segment: Sequence[GroupPost], rules: Grouping) -> list[Edge]:
    """Of one house: every pair that is about one kind of trouble, or one text."""
    prints = signatures(segment)
    found = []
    for n, later in enumerate(segment):
        texts = texts_alike(prints[n], prints[:n]) if n else []
        for earlier, text in zip(segment[:n], texts, strict=True):
            if later.published - earlier.published > rules.address.window:
                continue
            if text >= SAME_TEXT:
                found.append(_edge(earlier, later, Reason.REPOST, text))
            elif (kind := same_kind(earlier, later, rules.head)) >= rules.address.alike:
                found.append(_edge(earlier, later, Reason.ADDRESS, kind * SURE[Reason.ADDRESS]))
    return found


def _of_topic(segment: Sequence[GroupPost], matter: Matter, by: Reason) -> list[Edge]:
    """Posts that name a spot hold the others: each of these is tied to one post at most, so that none of them ties two
    spots together."""
    here = _Named(segment)
    if matter.scope == "area":
        return [*here.along(here.settlements, by), *here.hung(here.settlements, None, by)]
    houses = {street for post, street in zip(segment, here.streets, strict=True) if post.address is not None}
    # Which others are of its house, says the bucket of the address.
    spots = [
        post.id if post.address is not None else street if street not in houses else None
        for post, street in zip(segment, here.streets, strict=True)
    ]
    return [*here.along(spots, Reason.STREET), *here.hung(spots, matter.alike, by)]


class _Named:
    """A segment with the streets and settlements of its posts: those that they say, and those that a neighbour says and
    that they have as a plain name («Гагарина, яма» beside «яма на улице Гагарина»)."""

    def __init__(self, segment: Sequence[GroupPost]) -> None:
        self.segment = segment
        streets = {post.street for post in segment if post.street is not None}
        settlements = {street_key(post.settlement): post.settlement for post in segment if post.settlement is not None}
        self.streets = [post.street or _only(streets & names(post)) for post in segment]
        named = [_only(settlements.keys() & names(post)) for post in segment]
        self.settlements = [
            post.settlement or (settlements[name] if name is not None else None)
            for post, name in zip(segment, named, strict=True)
        ]

    def elsewhere(self, one: int, other: int) -> bool:
        """Of two posts: they name two spots."""
        left, right = self.segment[one], self.segment[other]
        return (
            _differ(self.streets[one], self.streets[other])
            or _differ(self.settlements[one], self.settlements[other])
            or _differ(left.address, right.address)
        )

    def along(self, spots: Sequence[str | None], by: Reason) -> Iterable[Edge]:
        """Posts of one spot, each with the last before it that is not elsewhere."""
        for n, spot in enumerate(spots):
            before = (m for m in range(n - 1, -1, -1) if spots[m] == spot and not self._other_settlement(n, m))
            if spot is not None and (last := next(before, None)) is not None:
                yield _edge(self.segment[last], self.segment[n], by)

    def _other_settlement(self, one: int, other: int) -> bool:
        return _differ(self.settlements[one], self.settlements[other])

    def hung(self, spots: Sequence[str | None], alike: float | None, by: Reason) -> Iterable[Edge]:
        """Each post without a spot with the likest post of a spot, or without one and earlier; of equals with the
        nearest.

        With `alike`, with one of a spot only if it is so alike; a street that is the same and a shared thread are
        likeness enough. Without it the streets do not matter.
        """
        prints = signatures(self.segment)
        for n, post in enumerate(self.segment):
            if spots[n] is not None:
                continue
            texts = texts_alike(prints[n], prints) if alike is not None else [0.0] * len(self.segment)
            best: tuple[float, timedelta, str] | None = None
            found: Edge | None = None
            for m, other in enumerate(self.segment):
                if m == n or (spots[m] is None and m > n):
                    continue
                if self._other_settlement(n, m) if alike is None else self.elsewhere(n, m):
                    continue
                street = self.streets[n] is not None and self.streets[n] == self.streets[m]
                why, like = _likeness(post, other, texts[m], street=street and alike is not None)
                if alike is not None and like < alike and spots[m] is not None:
                    continue
                rank = (-like, abs(post.published - other.published), other.id)
                if best is None or rank < best:
                    best = rank
                    found = _edge(*_ordered(post, other), why or by, max(min(like, 1.0), SURE[by]))
            if found is not None:
                yield found


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _likeness(post: GroupPost, other: GroupPost, text: float, *, street: bool) -> tuple[Reason | None, float]:
    """Why they are alike, if for more than what their bucket says, and how much."""
    if text >= REPOST:
        return Reason.REPOST, 1 + text
    if post.parent is not None and post.parent in (other.id, other.parent):
        return Reason.THREAD, SURE[Reason.THREAD] + text
    if street:
        return Reason.STREET, SURE[Reason.STREET] + text
    return (Reason.TEXT if text else None), text


def _ordered(one: GroupPost, other: GroupPost) -> tuple[GroupPost, GroupPost]:
    return (one, other) if (one.published, one.id) < (other.published, other.id) else (other, one)


def _neighbours(segment: Sequence[P]) -> Iterable[tuple[P, P]]:
    return pairwise(segment)


def _edge(earlier: GroupPost, later: GroupPost, by: Reason, sure: float | None = None) -> Edge:
    return Edge(
        later.published - earlier.published, later.id, earlier.id, by, round(SURE[by] if sure is None else sure, 3)
    )
