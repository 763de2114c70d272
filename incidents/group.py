"""Which posts are one matter: a pure function of the set, whatever the order in which the posts came.

1. Posts of one municipality and one topic (or topics that count as one) that follow each other with gaps of at most
   `window` form a run. A run longer than `span` is cut at its largest gap, and the parts again, until none is.
2. What people decided about pairs of posts is laid over that: `must_link` joins, `cannot_link` parts.

A post without a municipality is alone unless a person links it.

Rule 1 is local: to know the segment of a post, only posts within `window + span` of it matter, however long the run.
For a segment is a node of the run's hierarchy of gaps: a stretch in which every gap is smaller than the two beside it.
Whether a stretch around the post is such a node can be seen from it and the two gaps at its ends, and of those it is
enough to know that they exceed `window`. This is what lets a worker load a neighbourhood instead of years of a topic
that never falls silent.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from incidents.config import Grouping
from store import Decision, Link

Partition = frozenset[frozenset[str]]


class GroupPost(Protocol):
    """What grouping looks at."""

    @property
    def id(self) -> str: ...
    @property
    def published(self) -> datetime:
        """Event time."""

    @property
    def municipality(self) -> str | None:
        """OKTMO code."""

    @property
    def group(self) -> str: ...
    @property
    def topic(self) -> str: ...


P = TypeVar("P", bound=GroupPost)


def group(posts: Iterable[GroupPost], decisions: Iterable[Decision], rules: Grouping) -> Partition:
    """The partition of the posts' ids into matters. Decisions may speak of posts that are not among them."""
    return link(segments(posts, rules), decisions)


def segments(posts: Iterable[P], rules: Grouping) -> list[tuple[P, ...]]:
    """Rule 1: what time, place and topic hold together, each in order of event time, then of id."""
    found: list[tuple[P, ...]] = []
    together: dict[tuple[str, str], list[P]] = defaultdict(list)
    for post in posts:
        if post.municipality is None:
            found.append((post,))
        else:
            together[post.municipality, rules.matter(post.group, post.topic).key].append(post)
    for members in together.values():
        matter = rules.matter(members[0].group, members[0].topic)
        found += cut(sorted(members, key=lambda post: (post.published, post.id)), matter.window, matter.span)
    return found


def cut(posts: Sequence[P], window: timedelta, span: timedelta) -> list[tuple[P, ...]]:
    """Segments of posts that are in order.

    From the smallest gap up, neighbours are joined as long as the result spans at most `span`. A part that was once
    refused joins nothing any more, since all that would hold it would be longer still. This gives the same as cutting
    every stretch that is too long at its largest gap, in n log n steps. Of equal gaps the one before the post with the
    smaller id counts as smaller.
    """
    gaps = [posts[n + 1].published - posts[n].published for n in range(len(posts) - 1)]
    first = list(range(len(posts)))  # at the last place of a part: where it begins
    last = list(range(len(posts)))  # at its first place: where it ends
    closed = [False] * len(posts)  # at its first place: it joins nothing any more
    for left in sorted(range(len(gaps)), key=lambda n: (gaps[n], posts[n + 1].id)):
        if gaps[left] > window:
            break
        start, end = first[left], last[left + 1]
        if closed[start] or closed[left + 1] or posts[end].published - posts[start].published > span:
            closed[start] = closed[left + 1] = True
        else:
            first[end], last[start] = start, end
    found: list[tuple[P, ...]] = []
    start = 0
    while start < len(posts):
        found.append(tuple(posts[start : last[start] + 1]))
        start = last[start] + 1
    return found


def link(segments: Iterable[Sequence[GroupPost]], decisions: Iterable[Decision]) -> Partition:
    """Rule 2: lay decisions by hand over segments.

    Decisions are taken from the newest (the highest id) to the oldest, and one that contradicts those already taken is
    passed over: the last word counts. Then neighbours within each segment are joined from the smallest gap up, unless
    that would bring together what must be apart. So a `cannot_link` inside a segment cuts it at the largest gap between
    the two posts; whoever wants another cut adds a `must_link` for what belongs together.
    """
    sets, _ = _decided(decisions)
    present: list[str] = []
    pairs: list[tuple[timedelta, str, str]] = []
    for segment in segments:
        present += [post.id for post in segment]
        for n in range(len(segment) - 1):
            pairs.append((segment[n + 1].published - segment[n].published, segment[n + 1].id, segment[n].id))
    for _, right, left in sorted(pairs):
        sets.join(left, right)
    found: dict[str, set[str]] = defaultdict(set)
    for post in present:
        found[sets.find(post)].add(post)
    return frozenset(frozenset(members) for members in found.values())


def overruled(decisions: Iterable[Decision]) -> set[int]:
    """The decisions that are passed over, since newer ones contradict them."""
    return _decided(decisions)[1]


def _decided(decisions: Iterable[Decision]) -> tuple["_Sets", set[int]]:
    sets, passed_over = _Sets(), set()
    for decision in sorted(decisions, key=lambda one: one.id, reverse=True):
        lay = sets.join if decision.kind is Link.MUST else sets.part
        if not lay(decision.left, decision.right):
            passed_over.add(decision.id)
    return sets, passed_over


class _Sets:
    """Disjoint sets, some pairs of which must stay apart."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._apart: dict[str, set[str]] = defaultdict(set)

    def find(self, item: str) -> str:
        root = item
        while (up := self._parent.get(root, root)) != root:
            root = up
        while (up := self._parent.get(item, item)) != root:
            self._parent[item] = root
            item = up
        return root

    def join(self, one: str, other: str) -> bool:
        """Unite their sets. False: these must stay apart."""
        left, right = self.find(one), self.find(other)
        if left == right:
            return True
        if right in self._apart[left]:
            return False
        self._parent[right] = left
        for enemy in self._apart.pop(right, ()):
            self._apart[enemy].discard(right)
            self._apart[enemy].add(left)
            self._apart[left].add(enemy)
        return True

    def part(self, one: str, other: str) -> bool:
        """Keep their sets apart from now on. False: they are one already."""
        left, right = self.find(one), self.find(other)
        if left == right:
            return False
        self._apart[left].add(right)
        self._apart[right].add(left)
        return True
