"""A member of a Kafka consumer group."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from kafka import KafkaConsumer, OffsetAndMetadata
from kafka import TopicPartition as KafkaPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError
from kafka.net.compat import KafkaNetClient

from bus.base import BusError, Positions, Received, Record, TopicPartition
from bus.limits import MAX_RECORD_BYTES, MAX_STEP

log = structlog.get_logger()

SESSION = timedelta(seconds=10)
"""A dead member's partitions are free after this. Heartbeats come from kafka-python's own thread, so a slow step
does not miss them; Kafka's default of 45 s is for fleets behind unsteady networks."""
ANSWER_MS = 10_000
"""A broker that has not answered for this long is called unreachable; a controlled restart takes 2 to 5 s."""
REBALANCE_POLL_MS = 100
"""Between attempts to commit while closing: a round of a rebalance takes tens of milliseconds."""
PROBE_SECONDS = 5.0
"""kafka-python's `poll` is silent about a broker that is gone: after this long without records we ask."""

CLIENT: dict[str, Any] = {
    "request_timeout_ms": ANSWER_MS,
    "bootstrap_timeout_ms": ANSWER_MS,
    "reconnect_backoff_max_ms": 1_000,  # the default of 30 s would be the time to notice that it is back
    "metadata_max_age_ms": 30_000,  # new topics and partitions are seen after this; the default is 5 minutes
}


def connected(kind: type, **settings: Any) -> Any:
    """A client of kafka-python: `kind` is its consumer, producer or administrator.

    A constructor that finds no broker raises and leaves its I/O thread running for ever, trying to connect: one thread
    for each try of whoever waits for the broker. So it is ended here.
    """
    made: list[KafkaNetClient] = []

    def client(**config: Any) -> KafkaNetClient:
        made.append(KafkaNetClient(**config))
        return made[-1]

    try:
        return kind(kafka_client=client, **settings, **CLIENT)
    except (KafkaError, OSError):
        for one in made:
            one.close()
        raise


@contextmanager
def errors(bootstrap: str) -> Iterator[None]:
    """Turn the client's errors into ones that say what to do."""
    try:
        yield
    except (KafkaError, OSError) as error:
        raise BusError(unreachable(bootstrap, error)) from error


def unreachable(bootstrap: str, error: BaseException) -> str:
    return (
        f"Kafka ({bootstrap}) не отвечает: {type(error).__name__}. Проверьте, что брокер запущен и что адрес "
        "в «bus» верен; otklik повторяет попытки сам, ничего не потеряно."
    )


def to_received(partition: Any, messages: Sequence[Any]) -> list[Received]:
    """kafka-python's ConsumerRecords of one partition as ours. Keys and headers of strangers need not be UTF-8."""
    at = TopicPartition(partition.topic, partition.partition)
    return [
        Received(
            at,
            message.offset,
            Record(
                (message.key or b"").decode("utf-8", "replace"),
                message.value or b"",
                datetime.fromtimestamp(max(0, message.timestamp) / 1000, UTC),
                {name: (value or b"").decode("utf-8", "replace") for name, value in message.headers},
            ),
        )
        for message in messages
    ]


class _Revoked(Exception):
    """Carries the partitions out of kafka-python's I/O thread, see `_Listener`."""

    def __init__(self, partitions: frozenset[TopicPartition]) -> None:
        super().__init__(sorted(partitions))
        self.partitions = partitions


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """kafka-python 3 calls this in its I/O thread, where a commit would wait for itself.

    What a listener raises comes out of `poll` in the caller's thread, and before this member has rejoined: the
    cooperative protocol hands the partitions on only in the round after. So the caller can still commit them.
    """

    silent = False

    def on_partitions_revoked(self, revoked: Any) -> None:
        if revoked and not self.silent:
            raise _Revoked(frozenset(TopicPartition(p.topic, p.partition) for p in revoked))

    def on_partitions_assigned(self, assigned: Any) -> None:
        pass


def _not_ours(record: logging.LogRecord) -> bool:
    """False for kafka-python's report of `_Revoked` as a failure of the listener."""
    return record.exc_info is None or not isinstance(record.exc_info[1], _Revoked)


logging.getLogger("kafka.coordinator.consumer").addFilter(_not_ours)


class GroupConsumer:
    """Raises (all methods):
    BusError: the cluster does not answer; the consumer recovers by itself when it does.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        group: str,
        *,
        session: timedelta,
        on_revoked: Callable[[frozenset[TopicPartition]], None] | None,
    ) -> None:
        self._bootstrap = bootstrap
        self._topics = topics
        self._group = group
        self._on_revoked = on_revoked
        self._listener = _Listener()
        self._early: list[Received] = []
        """Came although none were asked for: from a partition assigned during a keep-alive."""
        self._giving: frozenset[TopicPartition] = frozenset()
        """Being given away right now: no longer assigned, but still ours to commit."""
        self._heard = time.monotonic()
        self._closed = False
        session_ms = int(session.total_seconds() * 1000)
        self._consumer = connected(
            KafkaConsumer,
            bootstrap_servers=bootstrap.split(","),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=[CooperativeStickyAssignor],
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=session_ms // 4,
            max_poll_interval_ms=int(MAX_STEP.total_seconds() * 1000),
            max_partition_fetch_bytes=4 * MAX_RECORD_BYTES,
            fetch_max_bytes=16 * MAX_RECORD_BYTES,  # what is in memory ahead of the step
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        self._consumer.subscribe(list(topics), listener=self._listener)
        with self._errors():
            # Without it the leader may share out topics whose partitions it does not know yet: nobody gets any, until
            # the next refresh of metadata.
            for topic in topics:
                self._consumer.partitions_for_topic(topic)

    def _errors(self) -> AbstractContextManager[None]:
        return errors(self._bootstrap)

    def poll(self, max_records: int, timeout: float) -> list[Received]:
        deadline = time.monotonic() + timeout
        while True:
            left_ms = max(0, int((deadline - time.monotonic()) * 1000))
            with self._errors():
                try:
                    records = self._take(max_records, left_ms) if max_records else self._keep_alive(left_ms)
                except KafkaError as error:
                    if not isinstance(error.__cause__, _Revoked):
                        raise
                    self._give(error.__cause__.partitions)
                    continue
            if records:
                self._heard = time.monotonic()
                return records
            if time.monotonic() - self._heard > PROBE_SECONDS:
                self._probe()
            if time.monotonic() >= deadline:
                return []

    def _take(self, max_records: int, timeout_ms: int) -> list[Received]:
        if self._early:
            records, self._early = self._early[:max_records], self._early[max_records:]
            return records
        for place in range(1, len(self._topics)):
            if batch := self._poll_without(self._topics[place:], max_records):
                break
        else:
            batch = self._consumer.poll(timeout_ms=timeout_ms, max_records=max_records)
        return [received for partition, messages in batch.items() for received in to_received(partition, messages)]

    def _poll_without(self, topics: Sequence[str], max_records: int) -> Any:
        """What has arrived of the other topics. kafka-python keeps what it has fetched of a paused partition."""
        self._consumer.pause(*(p for p in self._consumer.assignment() if p.topic in topics))
        try:
            return self._consumer.poll(timeout_ms=0, max_records=max_records)
        finally:
            self._consumer.resume(*self._consumer.paused())

    def _keep_alive(self, timeout_ms: int) -> list[Received]:
        self._consumer.pause(*self._consumer.assignment())
        try:
            batch = self._consumer.poll(timeout_ms=timeout_ms)
            for partition, messages in batch.items():
                self._early += to_received(partition, messages)
        finally:
            self._consumer.resume(*self._consumer.paused())
        return []

    def _give(self, partitions: frozenset[TopicPartition]) -> None:
        self._early = [received for received in self._early if received.at not in partitions]
        self._giving = partitions
        try:
            if self._on_revoked is not None:
                self._on_revoked(partitions)
        finally:
            self._giving = frozenset()

    def _probe(self) -> None:
        with self._errors():
            assigned = list(self._consumer.assignment())
            if assigned:
                self._consumer.end_offsets(assigned[:1], timeout_ms=ANSWER_MS)
            else:
                self._consumer.topics()
        self._heard = time.monotonic()

    def commit(self, positions: Positions) -> None:
        with self._errors():
            try:
                self._commit(positions, self._giving)
            except RebalanceInProgressError:
                if not self._closed:  # the next poll ends it, and the caller commits again
                    raise
                self._commit_after_rebalance(positions)

    def _commit(self, positions: Positions, giving: frozenset[TopicPartition]) -> None:
        # The broker would take the offsets of any member for any partition.
        ours = giving | {TopicPartition(p.topic, p.partition) for p in self._consumer.assignment()}
        offsets = {
            KafkaPartition(*at): OffsetAndMetadata(offset, "", -1) for at, offset in positions.items() if at in ours
        }
        if not offsets:
            return
        try:
            self._consumer.commit(offsets, timeout_ms=ANSWER_MS)
        except CommitFailedError as failure:
            (reason,) = failure.args
            if isinstance(reason, RebalanceInProgressError):
                raise reason from failure
            # The group takes this member for dead: it was suspended, say. So nothing was its own any more, as the next
            # poll will tell it, and what it did comes again to the next owner.
            log.warning("bus_member_expelled", group=self._group, reason=str(reason))

    def _commit_after_rebalance(self, positions: Positions) -> None:
        """While closing nobody polls any more, and without a poll a rebalance never ends. What it took away from this
        member is no longer committed: its next owner may be ahead."""
        deadline = time.monotonic() + ANSWER_MS / 1000
        while True:
            self._keep_alive(REBALANCE_POLL_MS)
            try:
                return self._commit(positions, frozenset())
            except RebalanceInProgressError:
                if time.monotonic() > deadline:
                    raise

    def lag(self) -> dict[TopicPartition, int]:
        with self._errors():
            assigned = sorted(self._consumer.assignment())
            ends = self._consumer.end_offsets(assigned, timeout_ms=ANSWER_MS)
            begins = self._consumer.beginning_offsets(assigned, timeout_ms=ANSWER_MS)
            return {
                TopicPartition(p.topic, p.partition): ends[p]
                - max(self._consumer.committed(p, timeout_ms=ANSWER_MS) or 0, begins[p])
                for p in assigned
            }

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._listener.silent = True
        try:
            assigned = frozenset(TopicPartition(p.topic, p.partition) for p in self._consumer.assignment())
            if assigned:
                self._give(assigned)
        finally:
            with suppress(KafkaError, OSError):
                self._consumer.close(autocommit=False, timeout_ms=ANSWER_MS)
