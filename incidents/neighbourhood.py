"""What has to be looked at when posts come, change or go: enough to know for certain where each post near them belongs.

The answer for these posts is the one that `group` would give over everything that was ever stored.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from incidents.buckets import Bucket, GroupPost, buckets
from incidents.config import Grouping
from incidents.edges import Edge, edges, thread
from incidents.group import Partition, attachments, link, segments
from store import Attachment, Decision, Member
from store.posts import Range


class Reader(Protocol):
    """Where neighbours are read from."""

    def near(self, ranges: Sequence[Range]) -> Iterable[Member]:
        """Relevant posts in any of the ranges, and perhaps more."""

    def by_id(self, ids: Collection[str]) -> Iterable[Member]:
        """Those of the posts that are stored, relevant or not."""

    def answers(self, ids: Collection[str]) -> Iterable[Member]:
        """Relevant posts that answer one of these."""

    def of_incidents(self, incidents: Collection[int]) -> Iterable[Member]:
        """All posts that are attached to these incidents."""

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
    edges: list[Edge] | None = None
    """Those of the segments that are known for certain; None: to be found again."""

    def covers(self, time: datetime) -> bool:
        return any(start <= time <= end for start, end in self.known)


def explore(changed: Iterable[Member], reader: Reader, rules: Grouping) -> Neighbourhood:
    """The neighbourhood of posts that have changed, each given as it was, as it is now, or both.

    A change at one time can move the segments of a bucket within reach of it, and those are known when everything
    within reach of theirs has been read. Whose ties differ from those without the change, or before it, is looked at;
    so is whatever ties, decisions by hand and incidents lead to from there. What merely shares a bucket is not.
    """
    return _Explorer(reader, rules).explore(list(changed))


class _Explorer:
    def __init__(self, reader: Reader, rules: Grouping) -> None:
        self._reader = reader
        self._rules = rules
        self._shelves: dict[Bucket, _Shelf] = {}
        self._posts: dict[str, Member] = {}
        self._outside: dict[str, Member] = {}
        self._decisions: dict[int, Decision] = {}
        self._asked: set[str] = set()
        self._incidents: set[int] = set()

    def explore(self, changed: list[Member]) -> Neighbourhood:
        ids = {post.id for post in changed}
        now = {post.id: post for post in self._reader.by_id(ids)}
        was = {post.id: post for post in changed if post.id not in now or _differ(post, now[post.id])}
        self._take(now.values())
        self._read([post for post in [*was.values(), *now.values()] if post.relevant], around=True)
        threads = self._threads_of(now.values())
        before = self._threads_of(was.values())
        wanted = ids | self._moved(ids, was) | {post for edge in threads | before for post in (edge.left, edge.right)}
        seen: set[str] = set()
        members: dict[str, Member] = {}
        while wanted:
            self._know(wanted)
            new = [self._posts[id_] for id_ in sorted(wanted) if id_ in self._posts]
            self._read(new, around=False)
            threads |= self._threads_of(post for post in new if post.id not in now)
            members |= {post.id: post for post in new}
            seen |= wanted
            found = {*self._edges(), *threads}
            wanted = (_ends(found, members) | self._pulled(seen)) - seen
        inside = {edge for edge in found if edge.left in members and edge.right in members} if seen else set()
        partition = link(members, inside, self._decisions.values())
        posts = {id_: post for id_, post in self._outside.items() if id_ in seen} | members
        return Neighbourhood(partition, posts, attachments(partition, inside))

    def _know(self, ids: Collection[str]) -> None:
        missing = set(ids) - self._posts.keys() - self._outside.keys()
        if missing:
            self._take(self._reader.by_id(missing))

    def _take(self, posts: Iterable[Member]) -> None:
        for post in posts:
            (self._posts if post.relevant else self._outside)[post.id] = post

    def _read(self, posts: Iterable[Member], *, around: bool) -> None:
        """Get to know the segments of posts; with `around`, of all whose segments these may have changed, too."""
        wanted: dict[Bucket, list[Interval]] = {}
        for post in posts:
            for bucket in buckets(post, self._rules):
                shelf = self._shelves.setdefault(bucket, _Shelf())
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
        for post in self._reader.near(ranges) if ranges else ():
            self._posts[post.id] = post
            # What was read for one bucket may be of others: more than they know of for certain, which does no harm.
            for bucket in buckets(post, self._rules):
                if (found := self._shelves.get(bucket)) is not None and post.id not in found.posts:
                    found.posts[post.id] = post
                    found.edges = None

    def _ties_of(self, bucket: Bucket, shelf: _Shelf, posts: Iterable[Member]) -> list[Edge]:
        found = segments(bucket, posts)
        known = [segment for segment in found if any(shelf.covers(post.published) for post in segment)]
        return [edge for segment in known for edge in edges(bucket, segment, self._rules)]

    def _edges(self) -> Iterable[Edge]:
        for bucket, shelf in self._shelves.items():
            if shelf.edges is None:
                shelf.edges = self._ties_of(bucket, shelf, shelf.posts.values())
            yield from shelf.edges

    def _moved(self, ids: set[str], was: Mapping[str, Member]) -> set[str]:
        """The ends of ties that are there now and were not before, or the other way round."""
        found: set[str] = set()
        for bucket, shelf in self._shelves.items():
            before = [post for post in shelf.posts.values() if post.id not in ids]
            before += [post for post in was.values() if post.relevant and bucket in buckets(post, self._rules)]
            shelf.edges = self._ties_of(bucket, shelf, shelf.posts.values())
            for edge in set(self._ties_of(bucket, shelf, before)) ^ set(shelf.edges):
                found |= {edge.left, edge.right}
        return found

    def _threads_of(self, posts: Iterable[Member]) -> set[Edge]:
        """The ties of these posts with those that they answer, and with their answers."""
        here = [post for post in posts if post.relevant]
        if not here:
            return set()
        self._know({one.parent for one in here if one.parent is not None})
        pairs = [(post, self._posts[post.parent]) for post in here if post.parent in self._posts]
        answered = {post.id: post for post in here}
        answers = list(self._reader.answers(answered.keys()))
        self._take(answers)
        pairs += [(answer, answered[answer.parent]) for answer in answers if answer.parent is not None]
        return {edge for pair in pairs if (edge := thread(*pair, self._rules)) is not None}

    def _pulled(self, ids: Collection[str]) -> set[str]:
        """What incidents and decisions lead to from these."""
        here = [post for id_ in ids if (post := self._posts.get(id_) or self._outside.get(id_)) is not None]
        new = {post.incident for post in here if post.incident is not None} - self._incidents
        self._incidents |= new
        found = {post.id: post for post in self._reader.of_incidents(new)} if new else {}
        self._take(found.values())
        return found.keys() | self._linked({*ids, *found})

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
