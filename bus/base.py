"""What a bus is. Nothing here is particular to Kafka or to SQLite.

Order is kept per key. Within one group a partition has one consumer at a time. Delivery is at least once:
what was polled and not committed comes again, to this consumer after a restart or to another one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol


class TopicPartition(NamedTuple):
    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """What is published. `time` is event time (aware), not the moment of publishing."""

    key: str
    value: bytes
    time: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    """A record with the place it was read from. Offsets rise within a partition, not always by one."""

    at: TopicPartition
    offset: int
    record: Record


Positions = Mapping[TopicPartition, int]
"""The offset to read next, for each partition."""


class BusError(Exception):
    """The bus cannot do it now; the same call may succeed later. The message is for an operator, in Russian."""


class NoSpace(BusError):
    """The disk of the bus is full."""


class UnknownTopic(BusError):
    """Nobody has created the topic yet."""

    def __init__(self, topic: str) -> None:
        super().__init__(
            f"Темы «{topic}» нет на шине. Её создаёт при запуске любая роль otklik; проверьте, "
            "что «bus» в конфигурации указывает на ту же шину."
        )


class RecordTooLarge(ValueError):
    """A record over the bus's limit; trying again is of no use. `index` is its place in the batch."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index


class Consumer(Protocol):
    def poll(self, max_records: int, timeout: float) -> list[Received]:
        """Up to `max_records` records, waiting at most `timeout` seconds for the first; empty if none came.

        With `max_records` 0 it takes nothing and only keeps the membership alive, for callers that wait with
        records in hand.

        Raises:
            BusError: the bus does not answer.
        """

    def commit(self, positions: Positions) -> None:
        """Everything before these offsets is done with. Positions of partitions that are no longer this
        consumer's are ignored.

        Raises:
            BusError: not stored; the records may come again.
        """

    def lag(self) -> dict[TopicPartition, int]:
        """Records not yet committed in each partition assigned to this consumer."""

    def close(self) -> None:
        """Give the partitions back at once. Does not commit. May be called twice."""


class Bus(Protocol):
    """To write to a topic that is not there, or to look into it, is an UnknownTopic; only `ensure_topics` makes one."""

    max_record_bytes: int

    def ensure_topics(self, topics: Mapping[str, int]) -> None:
        """Create the topics that are missing, with that many partitions; existing ones stay as they are."""

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Return when every record is durable.

        Raises:
            BusError: some may not be; publishing all again is safe for readers with idempotent effects.
            RecordTooLarge: one is over `max_record_bytes`; none of the batch was published.
        """

    def consume(
        self,
        topics: Sequence[str],
        group: str,
        *,
        on_revoked: Callable[[frozenset[TopicPartition]], None] | None = None,
    ) -> Consumer:
        """Join `group`. A new group starts at the beginning of each topic.

        `topics` are in order of preference: a record of a later one is given only where those of the earlier ones that
        have reached this consumer are given as well.

        `on_revoked` is called, from within `poll` or `close`, before partitions go to another consumer; committing
        them inside it is still allowed.
        """

    def read(self, topic: str, start: Mapping[int, int] | None = None, limit: int | None = None) -> list[Received]:
        """Records of a topic in no group: for listings and re-delivery. `start` maps partition to offset."""

    def offsets_at(self, topic: str, time: datetime) -> dict[int, int]:
        """For each partition, the offset of the first record whose event time is at or after `time`, or its end."""

    def ends(self, topic: str) -> dict[int, int]:
        """For each partition, the offset that the next record will get."""

    def group_lag(self, topic: str, group: str) -> dict[int, int]:
        """Records of each partition that the group has not committed, whoever its members are."""

    def prune(self, topic: str, before: datetime, readers: Collection[str] = ()) -> int:
        """Delete records with an event time before `before` (retention); how many.

        What one of the groups in `readers` has not committed stays, however old. Kafka deletes by itself: 0.
        """

    def close(self) -> None:
        """Release everything. May be called twice."""
