"""A bus within one process: for tests and for `otklik replay`. Same rules as the others, nothing durable."""

import threading
import time
import weakref
from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bus.assign import assign, in_turn, partition_of
from bus.base import Positions, Received, Record, TopicPartition, UnknownTopic
from bus.limits import MAX_RECORD_BYTES, check_sizes

WAKE_SECONDS = 0.05
"""How often a waiting consumer looks whether a member was dropped without `close`."""


@dataclass
class _Group:
    members: dict[str, tuple["weakref.ref[MemoryConsumer]", frozenset[str]]] = field(default_factory=dict)
    owners: dict[TopicPartition, str] = field(default_factory=dict)
    positions: dict[TopicPartition, int] = field(default_factory=dict)


class MemoryLog:
    """The topics and groups; several `MemoryBus` may share one, like clients of one broker."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.topics: dict[str, int] = {}
        self.records: dict[TopicPartition, list[Received]] = {}
        self.next: dict[TopicPartition, int] = {}
        self.groups: dict[str, _Group] = {}
        self.joined = 0

    def partitions(self, topic: str) -> list[TopicPartition]:
        if topic not in self.topics:
            raise UnknownTopic(topic)
        return [TopicPartition(topic, number) for number in range(self.topics[topic])]

    def after(self, partition: TopicPartition, offset: int, limit: int) -> list[Received]:
        records = self.records[partition]
        first = bisect_left(records, offset, key=lambda received: received.offset)
        return records[first : first + limit]

    def lag(self, partition: TopicPartition, committed: int) -> int:
        records = self.records[partition]
        first = records[0].offset if records else self.next[partition]
        return self.next[partition] - max(committed, first)


class MemoryBus:
    def __init__(self, log: MemoryLog | None = None) -> None:
        self.max_record_bytes = MAX_RECORD_BYTES
        self._log = log or MemoryLog()

    def ensure_topics(self, topics: Mapping[str, int]) -> None:
        with self._log.changed:
            for topic, partitions in topics.items():
                if topic not in self._log.topics:
                    self._log.topics[topic] = partitions
                    for partition in self._log.partitions(topic):
                        self._log.records[partition] = []
                        self._log.next[partition] = 0

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        check_sizes(records, self.max_record_bytes)
        with self._log.changed:
            count = len(self._log.partitions(topic))
            for record in records:
                place = TopicPartition(topic, partition_of(record.key, count))
                self._log.records[place].append(Received(place, self._log.next[place], record))
                self._log.next[place] += 1
            self._log.changed.notify_all()

    def consume(
        self,
        topics: Sequence[str],
        group: str,
        *,
        on_revoked: Callable[[frozenset[TopicPartition]], None] | None = None,
    ) -> "MemoryConsumer":
        return MemoryConsumer(self._log, topics, group, on_revoked)

    def read(self, topic: str, start: Mapping[int, int] | None = None, limit: int | None = None) -> list[Received]:
        found: list[Received] = []
        with self._log.changed:
            for partition in self._log.partitions(topic):
                first = (start or {}).get(partition.partition, 0)
                found += [r for r in self._log.records[partition] if r.offset >= first]
        return found[:limit]

    def offsets_at(self, topic: str, time: datetime) -> dict[int, int]:
        with self._log.changed:
            return {
                p.partition: next((r.offset for r in self._log.records[p] if r.record.time >= time), self._log.next[p])
                for p in self._log.partitions(topic)
            }

    def ends(self, topic: str) -> dict[int, int]:
        with self._log.changed:
            return {p.partition: self._log.next[p] for p in self._log.partitions(topic)}

    def group_lag(self, topic: str, group: str) -> dict[int, int]:
        with self._log.changed:
            positions = self._log.groups.get(group, _Group()).positions
            return {p.partition: self._log.lag(p, positions.get(p, 0)) for p in self._log.partitions(topic)}

    def prune(self, topic: str, before: datetime, readers: Collection[str] = ()) -> int:
        deleted = 0
        with self._log.changed:
            for partition in self._log.partitions(topic):
                positions = [self._log.groups.get(group, _Group()).positions.get(partition, 0) for group in readers]
                end = min(positions, default=self._log.next[partition])
                kept = [r for r in self._log.records[partition] if r.record.time >= before or r.offset >= end]
                deleted += len(self._log.records[partition]) - len(kept)
                self._log.records[partition] = kept
        return deleted

    def close(self) -> None:
        pass


class MemoryConsumer:
    """A member that nobody holds any more counts as dead: its partitions go to the others."""

    def __init__(
        self,
        log: MemoryLog,
        topics: Sequence[str],
        group: str,
        on_revoked: Callable[[frozenset[TopicPartition]], None] | None,
    ) -> None:
        self._log = log
        self._topics = topics
        self._on_revoked = on_revoked
        self._next: dict[TopicPartition, int] = {}
        self._turn = 0
        self._closed = False
        with log.changed:
            log.joined += 1
            self._member = f"{log.joined:06}"
            self._group = log.groups.setdefault(group, _Group())
            self._group.members[self._member] = (weakref.ref(self), frozenset(topics))
            log.changed.notify_all()

    def poll(self, max_records: int, timeout: float) -> list[Received]:
        deadline = time.monotonic() + timeout
        while True:
            give = self._follow_group()
            if give:
                self._release(give)
                continue
            with self._log.changed:
                records = self._fetch(max_records)
                left = deadline - time.monotonic()
                if records or left <= 0:
                    return records
                self._log.changed.wait(min(left, WAKE_SECONDS))

    def _follow_group(self) -> frozenset[TopicPartition]:
        """Take what is ours and free; what has to be given away is returned."""
        group = self._group
        with self._log.changed:
            for member in [m for m, (reference, _) in group.members.items() if reference() is None]:
                self._forget(member)
            known = [p for topic in self._log.topics for p in self._log.partitions(topic)]
            target = assign(known, {m: topics for m, (_, topics) in group.members.items()}, group.owners)
            mine = {p for p, member in target.items() if member == self._member}
            for partition in mine - group.owners.keys():
                group.owners[partition] = self._member
                self._next[partition] = group.positions.get(partition, 0)
            return frozenset(self._next.keys() - mine)

    def _release(self, give: frozenset[TopicPartition]) -> None:
        if self._on_revoked is not None:
            self._on_revoked(give)
        with self._log.changed:
            for partition in give:
                del self._next[partition]
                del self._group.owners[partition]
            self._log.changed.notify_all()

    def _forget(self, member: str) -> None:
        del self._group.members[member]
        for partition in [p for p, owner in self._group.owners.items() if owner == member]:
            del self._group.owners[partition]

    def _fetch(self, limit: int) -> list[Received]:
        found: list[Received] = []
        self._turn += 1
        for partition in in_turn(self._next, self._topics, self._turn):
            records = self._log.after(partition, self._next[partition], limit - len(found))
            if records:
                self._next[partition] = records[-1].offset + 1
                found += records
        return found

    def commit(self, positions: Positions) -> None:
        with self._log.changed:
            for partition, offset in positions.items():
                if self._group.owners.get(partition) == self._member:
                    self._group.positions[partition] = offset

    def lag(self) -> dict[TopicPartition, int]:
        with self._log.changed:
            return {p: self._log.lag(p, self._group.positions.get(p, 0)) for p in self._next}

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._next and self._on_revoked is not None:
            self._on_revoked(frozenset(self._next))
        with self._log.changed:
            self._next.clear()
            self._forget(self._member)
            self._log.changed.notify_all()
