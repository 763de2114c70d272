"""Buses that break one promise each. The conformance suite has to notice every one of them."""

from collections.abc import Callable, Mapping, Sequence

from bus import Positions, Received, Record, TopicPartition
from bus.memory import MemoryBus, MemoryConsumer
from tests.bus.benches import MemoryBench


class _WithConsumer(MemoryBus):
    consumer: type[MemoryConsumer]

    def consume(
        self,
        topics: Sequence[str],
        group: str,
        *,
        on_revoked: Callable[[frozenset[TopicPartition]], None] | None = None,
    ) -> MemoryConsumer:
        return self.consumer(self._log, topics, group, on_revoked)


class Drops(MemoryBus):
    """Loses every tenth record it has acknowledged."""

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        super().publish(topic, [r for index, r in enumerate(records) if index % 10 != 9])


class Reorders(MemoryBus):
    """Stores a batch backwards."""

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        super().publish(topic, list(reversed(records)))


class WholeBatchOrNot(MemoryBus):
    """Publishes what comes before a record that is too large."""

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        for record in records:
            super().publish(topic, [record])


class _Forgetful(MemoryConsumer):
    def commit(self, positions: Positions) -> None:
        pass


class LosesCommits(_WithConsumer):
    """Takes commits and forgets them."""

    consumer = _Forgetful


class _Repeating(MemoryConsumer):
    def commit(self, positions: Positions) -> None:
        super().commit(positions)
        for partition, offset in positions.items():
            if partition in self._next:
                self._next[partition] = max(0, offset - 1)


class Repeats(_WithConsumer):
    """Hands out the last record again after it was committed."""

    consumer = _Repeating


class _Sharing(MemoryConsumer):
    def _follow_group(self) -> frozenset[TopicPartition]:
        _, topics = self._group.members[self._member]
        for topic in topics:
            for partition in self._log.partitions(topic):
                self._next.setdefault(partition, self._group.positions.get(partition, 0))
                self._group.owners[partition] = self._member
        return frozenset()


class Shares(_WithConsumer):
    """Gives every partition to every member of a group."""

    consumer = _Sharing


class _Silent(MemoryConsumer):
    def _release(self, give: frozenset[TopicPartition]) -> None:
        self._on_revoked = None
        super()._release(give)


class GivesAwaySilently(_WithConsumer):
    """Takes partitions away without a call of `on_revoked`."""

    consumer = _Silent


class _Skipping(MemoryConsumer):
    def poll(self, max_records: int, timeout: float) -> list[Received]:
        records = super().poll(max_records, timeout)
        self.commit({r.at: r.offset + 1 for r in records})
        return records


class CommitsOnPoll(_WithConsumer):
    """Counts a record as done once it was polled: at most once."""

    consumer = _Skipping


class ForgetsOnClose(MemoryBus):
    """Keeps what was published only as long as the publisher lives."""

    def close(self) -> None:
        for records in self._log.records.values():
            records.clear()


class ScattersKeys(MemoryBus):
    """Spreads the records of one key over the partitions."""

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        with self._log.changed:
            for index, record in enumerate(records):
                partitions = self._log.partitions(topic)
                place = partitions[index % len(partitions)]
                self._log.records[place].append(Received(place, self._log.next[place], record))
                self._log.next[place] += 1
            self._log.changed.notify_all()


class _Fair(MemoryConsumer):
    def _fetch(self, limit: int) -> list[Received]:
        self._topics = self._topics[::-1] if self._turn % 8 else self._topics
        return super()._fetch(limit)


class TreatsTopicsAlike(_WithConsumer):
    """Gives now of this topic first, now of that."""

    consumer = _Fair


class BrokenBench(MemoryBench):
    def __init__(self, broken: type[MemoryBus]) -> None:
        super().__init__()
        self._broken = broken

    def bus(self) -> MemoryBus:
        return self._broken(self.log)


NOTICED_BY: Mapping[type[MemoryBus], set[str]] = {
    Drops: {"order_is_kept_per_key", "published_records_survive_a_restart"},
    Reorders: {"order_is_kept_per_key"},
    WholeBatchOrNot: {"a_record_that_is_too_large_stops_the_batch"},
    LosesCommits: {"a_commit_survives_a_restart", "committed_records_do_not_come_again"},
    Repeats: {"committed_records_do_not_come_again"},
    Shares: {"a_partition_has_one_consumer"},
    GivesAwaySilently: {"a_joining_member_gets_its_share"},
    CommitsOnPoll: {"what_was_not_committed_comes_again", "a_dead_member_loses_its_partitions"},
    ForgetsOnClose: {"published_records_survive_a_restart"},
    TreatsTopicsAlike: {"a_fresh_record_is_given_before_a_hundred_thousand_that_can_wait"},
    ScattersKeys: {"order_is_kept_per_key"},
}
"""For each broken bus, checks that must fail on it."""
