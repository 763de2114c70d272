"""What has to be looked at when posts come, change or go: enough to know for certain where each post near them belongs.

The answer for these posts is the one that `group` would give over everything that was ever stored.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from incidents.buckets import Bucket, GroupPost, buckets
from incidents.config import Grouping
from incidents.edges import Edge, edges, thread
from incidents.group import Partition, attachments, link, segments
from store import Attachment, Decision, Member
from store.posts import Range, Wanted


class Reader(Protocol):
    """Where neighbours are read from."""

    def read(self, wanted: Wanted) -> Iterable[Member]:
        """Those posts, and perhaps more relevant ones."""

    def decisions(self, ids: Collection[str]) -> Iterable[Decision]:
        """Decisions in force about any of these posts."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    partition: Partition
    """Of the relevant posts in it: whole matters only."""
    posts: dict[str, Member]
    """Its posts, and those that are attached to an incident of theirs although they belong nowhere any more."""
    attachments: dict[str, Attachment]
    """Why each of them is where it is; see `incidents.group.attachments`."""


Interval = tuple[datetime, datetime]
ONLY_HERE = timedelta(0)


@dataclass(slots=True)
class _Shelf:
    """What was read of a bucket."""

    known: list[Interval] = field(default_factory=list)
    """Where the segment of every post is known for certain, since everything within reach has been read."""
    posts: dict[str, Member] = field(default_factory=dict)
    ties: dict[tuple[int, ...], list[Edge]] = field(default_factory=dict)
    """Those of each segment that was looked at."""
    edges: set[Edge] | None = None
    """Those of the segments that are known for certain; None: to be found again."""

    def covers(self, time: datetime) -> bool:
        return any(start <= time <= end for start, end in self.known)


def explore(was: Iterable[Member], now: Iterable[Member], reader: Reader, rules: Grouping) -> Neighbourhood:
    """The neighbourhood of posts that have changed: as they were, unless they are new, and as they are now, unless they
    are gone. The reader need not know them, or may still know them as they were.

    A change at one time can move the segments of a bucket within reach of it, and those are known when everything
    within reach of theirs has been read. Whose ties differ from those without the change, or before it, is looked at;
    so is whatever ties, decisions by hand and incidents lead to from there. What merely shares a bucket is not.
    """
    return _Explorer(reader, rules).explore(list(was), list(now))


class _Explorer:
    def __init__(self, reader: Reader, rules: Grouping) -> None:
        self._reader = reader
        self._rules = rules
        self._shelves: dict[Bucket, _Shelf] = {}
        self._posts: dict[str, Member] = {}
        self._answers: dict[str, set[str]] = defaultdict(set)
        self._of_incident: dict[int, set[str]] = defaultdict(set)
        self._decisions: dict[int, Decision] = {}
        # What was asked for: posts with their answers, posts with decisions about them, incidents.
        self._answered: set[str] = set()
        self._asked: set[str] = set()
        self._incidents: set[int] = set()

    def explore(self, was: list[Member], now: list[Member]) -> Neighbourhood:
        self._take(now)
        wanted = {post.id for post in [*was, *now]}
        old = {post.id: post for post in was if (after := self._posts.get(post.id)) is None or _differ(post, after)}
        self._read([*old.values(), *now], around=True)
        threads = self._threads_of(now)
        moved = threads | self._threads_of(old.values()) | self._moved(wanted, old)
        wanted |= {post for edge in moved for post in (edge.left, edge.right)}
        seen: set[str] = set()
        members: dict[str, Member] = {}
        found: set[Edge] = set()
        while wanted:
            if missing := wanted - self._posts.keys():
                self._take(self._reader.read(Wanted(ids=missing)))
            new = [self._posts[id_] for id_ in sorted(wanted) if id_ in self._posts]
            self._read(new, around=False)
            threads |= self._threads_of(new)
            members |= {post.id: post for post in new if post.relevant}
            seen |= wanted
            found = {*self._edges(), *threads}
            wanted = (_ends(found, members) | self._pulled(new, wanted)) - seen
        inside = {edge for edge in found if edge.left in members and edge.right in members}
        partition = link(members, inside, self._decisions.values())
        posts = {id_: self._posts[id_] for id_ in seen if id_ in self._posts}
        return Neighbourhood(partition, posts, attachments(partition, inside))

    def _take(self, posts: Iterable[Member]) -> None:
        """What is known of a post already is newer."""
        for one in posts:
            post = self._posts.setdefault(one.id, one)
            if post.incident is not None:
                self._of_incident[post.incident].add(post.id)
            if not post.relevant:
                continue
            if post.parent is not None:
                self._answers[post.parent].add(post.id)
            # What was read for one bucket may be of others: more than they know of for certain, which does no harm.
            for bucket in buckets(post, self._rules):
                if (found := self._shelves.get(bucket)) is not None and post.id not in found.posts:
                    found.posts[post.id] = post
                    found.edges = None

    def _read(self, posts: Sequence[Member], *, around: bool) -> None:
        """Read all that these lead to in one step: the segments of posts (with `around`, of all whose segments these
        may have changed, too), whom they answer, who answers them, and what is in their incidents."""
        relevant = [post for post in posts if post.relevant]
        answered = {post.id for post in relevant} - self._answered
        incidents = {post.incident for post in posts if post.incident is not None} - self._incidents
        wanted = Wanted(
            self._ranges(relevant, around=around),
            answered,
            {post.parent for post in relevant if post.parent is not None} - self._posts.keys(),
            incidents,
        )
        self._answered |= answered
        self._incidents |= incidents
        self._take(self._reader.read(wanted))

    def _ranges(self, posts: Iterable[Member], *, around: bool) -> list[Range]:
        wanted: dict[Bucket, list[Interval]] = {}
        for post in posts:
            for bucket in buckets(post, self._rules):
                shelf = self._shelves.setdefault(bucket, _Shelf())
                if self._posts.get(post.id) is post:
                    shelf.posts.setdefault(post.id, post)
                if around or not shelf.covers(post.published):
                    reach = bucket.reach if around else ONLY_HERE
                    wanted.setdefault(bucket, []).append((post.published - reach, post.published + reach))
        ranges: list[Range] = []
        for bucket, intervals in wanted.items():
            shelf = self._shelves[bucket]
            reach = bucket.reach
            for start, end in united((start - reach, end + reach) for start, end in intervals):
                ranges += [Range(bucket.municipality, bucket.by, value, start, end) for value in bucket.values]
                shelf.known.append((start + reach, end - reach))
            shelf.edges = None
        return ranges

    def _segments(self, bucket: Bucket, shelf: _Shelf, posts: Iterable[Member]) -> Iterable[tuple[Member, ...]]:
        """Those that are known for certain."""
        found = segments(bucket, posts)
        return (one for one in found if len(one) > 1 and any(shelf.covers(post.published) for post in one))

    def _edges_of(self, bucket: Bucket, shelf: _Shelf, posts: Iterable[Member]) -> set[Edge]:
        found: set[Edge] = set()
        for segment in self._segments(bucket, shelf, posts):
            # By identity, which is fast: of a post that has changed there are two, and neither is thrown away.
            key = tuple(map(id, segment))
            if key not in shelf.ties:
                shelf.ties[key] = edges(bucket, segment, self._rules)
            found.update(shelf.ties[key])
        return found

    def _edges(self) -> Iterable[Edge]:
        for bucket, shelf in self._shelves.items():
            if shelf.edges is None:
                shelf.edges = self._edges_of(bucket, shelf, shelf.posts.values())
            yield from shelf.edges

    def _moved(self, changed: Collection[str], old: Mapping[str, Member]) -> set[Edge]:
        """The ties that are there now and were not before, or the other way round."""
        before: dict[Bucket, list[Member]] = defaultdict(list)
        for post in old.values():
            for bucket in buckets(post, self._rules) if post.relevant else ():
                before[bucket].append(post)
        found: set[Edge] = set()
        for bucket, shelf in self._shelves.items():
            then = [*(post for post in shelf.posts.values() if post.id not in changed), *before[bucket]]
            found |= self._edges_of(bucket, shelf, then) ^ self._edges_of(bucket, shelf, shelf.posts.values())
        return found

    def _threads_of(self, posts: Iterable[Member]) -> set[Edge]:
        """The ties of these posts with those that they answer, and with their answers, as far as these are known."""
        known = self._posts
        here = [post for post in posts if post.relevant]
        pairs = [(post, known[post.parent]) for post in here if post.parent in known and known[post.parent].relevant]
        pairs += [(known[answer], post) for post in here for answer in self._answers.get(post.id, ())]
        return {edge for pair in pairs if (edge := thread(*pair, self._rules)) is not None}

    def _pulled(self, posts: Iterable[Member], ids: Collection[str]) -> set[str]:
        """What incidents and decisions lead to from these; their incidents have been read."""
        found = {id_ for post in posts if post.incident is not None for id_ in self._of_incident[post.incident]}
        return found | self._linked(ids)

    def _linked(self, ids: Collection[str]) -> set[str]:
        """All posts that chains of decisions lead to from these, the posts themselves left out unless decided about."""
        frontier = set(ids) - self._asked
        found: set[str] = set()
        while frontier:
            self._asked |= frontier
            ends: set[str] = set()
            for decision in self._reader.decisions(frontier):
                self._decisions[decision.id] = decision
                ends |= {decision.left, decision.right}
            found |= ends
            frontier = ends - self._asked
        return found


def _ends(edges: Iterable[Edge], members: Mapping[str, Member]) -> set[str]:
    """Where ties lead to from the members."""
    rights = {edge.right for edge in edges if edge.left in members}
    return rights | {edge.left for edge in edges if edge.right in members}


def _differ(one: GroupPost, other: GroupPost) -> bool:
    """In anything that grouping looks at."""
    return any(getattr(one, name) != getattr(other, name) for name in _LOOKED_AT)


_LOOKED_AT = (
    "published",
    "relevant",
    "source",
    "parent",
    "municipality",
    "settlement",
    "group",
    "topic",
    "common",
    "address",
    "street",
    "wording",
    "link",
    "signature",
    "traits",
    "erased",
)


def united(intervals: Iterable[Interval]) -> list[Interval]:
    """The same stretch of time in as few intervals as possible, in order."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
