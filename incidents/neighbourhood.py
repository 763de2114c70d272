"""What has to be looked at when posts come, change or go: enough to know for certain where each post near them belongs.

The answer for these posts is the one that `group` would give over everything that was ever stored.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from incidents.config import Grouping, Matter
from incidents.group import Partition, link, segments
from store import Decision, Member
from store.posts import Range


class Reader(Protocol):
    """Where neighbours are read from."""

    def near(self, ranges: Sequence[Range]) -> Iterable[Member]:
        """Relevant posts in any of the ranges."""

    def by_id(self, ids: Collection[str]) -> Iterable[Member]:
        """Those of the posts that are stored, relevant or not."""

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


Interval = tuple[datetime, datetime]
ONLY_HERE = timedelta(0)


@dataclass(slots=True)
class _Stretch:
    """Posts of one municipality on what counts as one topic."""

    matter: Matter
    known: list[Interval] = field(default_factory=list)
    """Where the segment of every post is known for certain, since everything within reach has been read."""
    posts: dict[str, Member] = field(default_factory=dict)

    def covers(self, time: datetime) -> bool:
        return any(start <= time <= end for start, end in self.known)


def explore(changed: Iterable[Member], reader: Reader, rules: Grouping) -> Neighbourhood:
    """The neighbourhood of posts that have changed, each given as it was, as it is now, or both.

    A change at one time can move the segments of posts within reach of it, and those are known when everything within
    reach of theirs has been read. Further posts come in when a decision by hand ties them to one of these, or when
    they are in an incident with one.
    """
    return _Explorer(reader, rules).explore(list(changed))


class _Explorer:
    def __init__(self, reader: Reader, rules: Grouping) -> None:
        self._reader = reader
        self._rules = rules
        self._stretches: dict[tuple[str, str], _Stretch] = {}
        self._alone: dict[str, Member] = {}
        self._outside: dict[str, Member] = {}
        self._decisions: dict[int, Decision] = {}
        self._asked: set[str] = set()
        self._incidents: set[int] = set()

    def explore(self, changed: list[Member]) -> Neighbourhood:
        self._add_places(changed, around=True)
        members: dict[str, Member] = {}
        pulled = self._reader.by_id({post.id for post in changed})
        while True:
            self._add(pulled)
            known = [segment for stretch in self._stretches.values() for segment in self._segments(stretch)]
            known += [(post,) for post in self._alone.values()]
            members = {post.id: post for segment in known for post in segment}
            pulled = self._pull(members)
            if not pulled:
                break
        return Neighbourhood(link(known, self._decisions.values()), {**self._outside, **members})

    def _add(self, posts: Iterable[Member]) -> None:
        grouped = []
        for post in posts:
            if not post.relevant:
                self._outside[post.id] = post
            elif post.municipality is None:
                self._alone[post.id] = post
            else:
                grouped.append(post)
        self._add_places(grouped, around=False)

    def _add_places(self, posts: Iterable[Member], *, around: bool) -> None:
        """Get to know the segments of posts; with `around`, of all whose segments these may have changed, too."""
        wanted: dict[tuple[str, str], list[Interval]] = {}
        for post in posts:
            if not post.relevant or post.municipality is None:
                continue
            matter = self._rules.matter(post.group, post.topic)
            stretch = self._stretches.setdefault((post.municipality, matter.key), _Stretch(matter))
            if around or not stretch.covers(post.published):
                reach = matter.reach if around else ONLY_HERE
                interval = (post.published - reach, post.published + reach)
                wanted.setdefault((post.municipality, matter.key), []).append(interval)
        ranges: list[Range] = []
        for (municipality, key), intervals in wanted.items():
            stretch = self._stretches[municipality, key]
            reach = stretch.matter.reach
            for start, end in united((start - reach, end + reach) for start, end in intervals):
                ranges += [Range(municipality, topic, start, end) for topic in stretch.matter.topics]
                stretch.known.append((start + reach, end - reach))
        for post in self._reader.near(ranges) if ranges else ():
            assert post.municipality is not None
            found = self._stretches.get((post.municipality, self._rules.matter(post.group, post.topic).key))
            if (
                found is not None
            ):  # a topic may be read for others that it counts as one with, and belong to another rule
                found.posts[post.id] = post

    def _segments(self, stretch: _Stretch) -> list[tuple[Member, ...]]:
        """The segments that are known for certain."""
        found = segments(stretch.posts.values(), self._rules)
        return [segment for segment in found if any(stretch.covers(post.published) for post in segment)]

    def _pull(self, members: dict[str, Member]) -> list[Member]:
        """What is tied to the members and not among them yet."""
        incidents = {
            post.incident for post in (*members.values(), *self._outside.values()) if post.incident is not None
        }
        new = incidents - self._incidents
        self._incidents |= new
        found = {post.id: post for post in self._reader.of_incidents(new)} if new else {}
        linked = self._linked(members.keys() | found.keys())
        wanted = linked - members.keys() - found.keys() - self._outside.keys()
        if wanted:
            found |= {post.id: post for post in self._reader.by_id(wanted)}
        return [post for id_, post in found.items() if id_ not in members and id_ not in self._outside]

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


def united(intervals: Iterable[Interval]) -> list[Interval]:
    """The same stretch of time in as few intervals as possible, in order."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
