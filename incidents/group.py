"""Which posts are one matter: a pure function of the set, whatever the order in which the posts came.

1. Posts fall into buckets (`incidents.buckets`): of one topic, of one house, of one text, of one quoted page. In a
   bucket, posts that follow each other with gaps of at most `window` form a run. A run longer than `span` is cut at its
   largest gap, and the parts again, until none is. What remains are segments.
2. Within a segment, and between a comment and its post, `incidents.edges` ties what belongs together, with a reason.
3. What people decided about pairs of posts is laid over that: `must_link` joins, `cannot_link` parts.

A post without a municipality is alone unless a person links it.

Rule 1 is local: to know the segment of a post, only posts within `window + span` of it matter, however long the run.
For a segment is a node of the run's hierarchy of gaps: a stretch in which every gap is smaller than the two beside it.
Whether a stretch around the post is such a node can be seen from it and the two gaps at its ends, and of those it is
enough to know that they exceed `window`. This is what lets a worker load a neighbourhood instead of years of a topic
that never falls silent. Rule 2 looks at one segment, or one pair, and nothing else.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from incidents.buckets import Bucket, GroupPost, buckets
from incidents.config import Grouping
from incidents.edges import Edge, Reason, edges, thread
from store import Attachment, Decision, Link

Partition = frozenset[frozenset[str]]
P = TypeVar("P", bound=GroupPost)


def group(posts: Iterable[GroupPost], decisions: Iterable[Decision], rules: Grouping) -> Partition:
    """The partition of the posts' ids into matters. Decisions may speak of posts that are not among them."""
    known = {post.id: post for post in posts}
    return link(known, ties(known, rules), decisions)


def ties(posts: Mapping[str, GroupPost], rules: Grouping) -> set[Edge]:
    """Rules 1 and 2, over everything."""
    shelves: dict[Bucket, list[GroupPost]] = defaultdict(list)
    for post in posts.values():
        for bucket in buckets(post, rules):
            shelves[bucket].append(post)
    found = {
        edge
        for bucket, members in shelves.items()
        for segment in segments(bucket, members)
        for edge in edges(bucket, segment, rules)
    }
    for post in posts.values():
        parent = posts.get(post.parent) if post.parent is not None else None
        if parent is not None and (edge := thread(post, parent, rules)) is not None:
            found.add(edge)
    return found


def segments(bucket: Bucket, posts: Iterable[P]) -> list[tuple[P, ...]]:
    """Rule 1: the posts of a bucket, each segment in order of event time, then of id."""
    return cut(sorted(posts, key=lambda post: (post.published, post.id)), bucket.window, bucket.span)


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


def link(posts: Collection[str], edges: Iterable[Edge], decisions: Iterable[Decision]) -> Partition:
    """Rule 3: lay decisions by hand over ties; both ends of each tie are among the posts.

    Decisions are taken from the newest (the highest id) to the oldest, and one that contradicts those already taken is
    passed over: the last word counts. Then posts are joined along the ties from the smallest gap up, unless that would
    bring together what must be apart. So a `cannot_link` inside a chain cuts it at the largest gap between the two
    posts; whoever wants another cut adds a `must_link` for what belongs together.
    """
    sets, _ = _decided(decisions)
    for edge in sorted(edges):
        sets.join(edge.left, edge.right)
    found: dict[str, set[str]] = defaultdict(set)
    for post in posts:
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


def attachments(matters: Partition, edges: Iterable[Edge]) -> dict[str, Attachment]:
    """Why each post is in its matter: by its surest tie there. A post that is alone has no entry; one that only people
    tied to others is attached by them."""
    home = {post: matter for matter in matters for post in matter}
    best: dict[str, Edge] = {}
    for edge in sorted(edges, key=lambda edge: (-edge.sure, edge)):
        if home[edge.left] is home[edge.right]:
            best.setdefault(edge.left, edge)
            best.setdefault(edge.right, edge)
    found = {}
    for post, matter in home.items():
        if post in best:
            tie = best[post]
            found[post] = Attachment(tie.by.value, tie.left if tie.right == post else tie.right, tie.sure)
        elif len(matter) > 1:
            found[post] = Attachment(Reason.PERSON.value, None, 1.0)
    return found


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
