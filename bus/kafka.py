"""Apache Kafka as the bus. What was learned about kafka-python on the way stands in docs/kafka.md."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta
from functools import lru_cache

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka import TopicPartition as KafkaPartition
from kafka.errors import KafkaError, TopicAlreadyExistsError
from kafka.partitioner import murmur2

from bus.base import BusError, Received, Record, TopicPartition, UnknownTopic
from bus.kafka_consumer import ANSWER_MS, SESSION, GroupConsumer, connected, errors, to_received, unreachable
from bus.limits import MAX_RECORD_BYTES, check_sizes

DELIVERY_MS = 30_000
"""A batch that is not acknowledged by then fails, and the caller decides; it covers a broker's restart."""
BATCH_BYTES = 128 * 1024
LINGER_MS = 20
"""Both measured: `send().get()` one by one gives 400 records/s, these 14,000. `publish` flushes, so it waits no
longer than the broker takes."""
TOPIC_CONFIG = {
    # Time is event time: a back-fill of last year must not be deleted on arrival. `otklik` never deletes by itself;
    # whoever wants a term sets it on the topic.
    "retention.ms": "-1",
    # Kafka 4 refuses records more than an hour ahead; sources with a wrong clock are up to a day ahead.
    "message.timestamp.after.max.ms": str(2**63 - 1),
}


@lru_cache(maxsize=65_536)
def _murmur(key: str) -> int:
    """Kafka's own hash of a key; cached, because it is Python and keys repeat (sources, municipalities)."""
    return int(murmur2(key.encode())) & 0x7FFFFFFF


def _millis(time: datetime) -> int:
    return max(0, int(time.timestamp() * 1000))


class KafkaBus:
    """`bootstrap` is `host:port` or several, comma-separated. Nothing connects before it is used.

    Safe to use from several threads. Times are kept to the millisecond; those before 1970 become 1970.

    Raises (all methods):
        BusError: the cluster does not answer; the next call connects again.
    """

    def __init__(self, bootstrap: str, *, session: timedelta = SESSION) -> None:
        self.max_record_bytes = MAX_RECORD_BYTES
        self._bootstrap = bootstrap
        self._session = session
        self._turn = threading.Lock()
        self._open: KafkaProducer | None = None
        self._topics: frozenset[str] = frozenset()

    @property
    def _servers(self) -> list[str]:
        return self._bootstrap.split(",")

    def _errors(self) -> AbstractContextManager[None]:
        return errors(self._bootstrap)

    # --- writing

    def _producer(self) -> KafkaProducer:
        with self._turn:
            if self._open is None:
                self._open = connected(
                    KafkaProducer,
                    bootstrap_servers=self._servers,
                    batch_size=BATCH_BYTES,
                    linger_ms=LINGER_MS,
                    max_block_ms=ANSWER_MS,
                    delivery_timeout_ms=DELIVERY_MS,
                    max_request_size=MAX_RECORD_BYTES + 48_000,  # the broker's own default limit
                    allow_auto_create_topics=False,
                    metrics_enabled=False,
                )
            return self._open

    def _drop(self, producer: KafkaProducer) -> None:
        """After an error the idempotent producer may refuse for ever: the next `publish` makes a new one."""
        with self._turn:
            if self._open is producer:
                self._open = None
        with suppress(KafkaError, OSError):
            producer.close(timeout=0)

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        check_sizes(records, self.max_record_bytes)
        if not records:
            return
        with self._errors():
            self._check_exists(topic)
            producer = self._producer()
            try:
                partitions = sorted(producer.partitions_for(topic))
                futures = [
                    producer.send(
                        topic,
                        key=record.key.encode(),
                        value=record.value,
                        headers=[(name, value.encode()) for name, value in record.headers.items()],
                        partition=partitions[_murmur(record.key) % len(partitions)],
                        timestamp_ms=_millis(record.time),
                    )
                    for record in records
                ]
                producer.flush(timeout=DELIVERY_MS / 1000)
                for future in futures:
                    future.get(timeout=0)
            except (KafkaError, OSError):
                self._drop(producer)
                raise

    def _check_exists(self, topic: str) -> None:
        """A producer waits `max_block_ms` for a topic that is not there, and then says no more than "timeout"."""
        if topic not in self._topics:
            with self._admin() as admin:
                self._topics = frozenset(admin.list_topics())
            if topic not in self._topics:
                raise UnknownTopic(topic)

    @contextmanager
    def _admin(self) -> Iterator[KafkaAdminClient]:
        admin = connected(KafkaAdminClient, bootstrap_servers=self._servers)
        try:
            yield admin
        finally:
            admin.close()

    def ensure_topics(self, topics: Mapping[str, int]) -> None:
        with self._errors(), self._admin() as admin:
            for topic in topics.keys() - set(admin.list_topics()):
                wanted = {"num_partitions": topics[topic], "configs": TOPIC_CONFIG}
                with suppress(TopicAlreadyExistsError):  # another role was first
                    admin.create_topics({topic: wanted}, wait_for_metadata=True)

    def delete_topics(self, topics: Sequence[str], groups: Sequence[str] = ()) -> None:
        """Delete topics with all their records, and what these groups have committed: `otklik replay` tidies up so."""
        with self._errors(), self._admin() as admin:
            gone = set(topics) & set(admin.list_topics())
            if gone:
                admin.delete_topics(sorted(gone))
            if groups:
                admin.delete_groups(list(groups))
        self._topics = frozenset()

    # --- reading

    def consume(
        self,
        topics: Sequence[str],
        group: str,
        *,
        on_revoked: Callable[[frozenset[TopicPartition]], None] | None = None,
    ) -> GroupConsumer:
        with self._errors():
            return GroupConsumer(self._bootstrap, topics, group, session=self._session, on_revoked=on_revoked)

    @contextmanager
    def _reader(self, topic: str, group: str | None = None) -> Iterator[tuple[KafkaConsumer, list[KafkaPartition]]]:
        """A consumer that joins nothing, and the topic's partitions."""
        with self._errors():
            consumer = connected(
                KafkaConsumer,
                bootstrap_servers=self._servers,
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
                max_partition_fetch_bytes=4 * MAX_RECORD_BYTES,
                metrics_enabled=False,
            )
            try:
                numbers = consumer.partitions_for_topic(topic)
                if not numbers:
                    raise UnknownTopic(topic)
                yield consumer, [KafkaPartition(topic, number) for number in sorted(numbers)]
            finally:
                consumer.close()

    def read(self, topic: str, start: Mapping[int, int] | None = None, limit: int | None = None) -> list[Received]:
        """Stops at what was the end when it began."""
        found: dict[int, list[Received]] = {}
        with self._reader(topic) as (consumer, partitions):
            ends = consumer.end_offsets(partitions)
            begins = consumer.beginning_offsets(partitions)
            first = {p: max((start or {}).get(p.partition, 0), begins[p]) for p in partitions}
            unread = {p for p in partitions if first[p] < ends[p]}
            consumer.assign(list(unread))
            for partition in unread:
                consumer.seek(partition, first[partition])
            while unread and (limit is None or len(found.get(min(unread).partition, ())) < limit):
                batch = consumer.poll(timeout_ms=ANSWER_MS)
                if not batch:
                    raise BusError(unreachable(self._bootstrap, TimeoutError()))
                for partition, messages in batch.items():
                    records = [r for r in to_received(partition, messages) if r.offset < ends[partition]]
                    found.setdefault(partition.partition, []).extend(records)
                unread = {p for p in unread if consumer.position(p) < ends[p]}
        return [r for number in sorted(found) for r in found[number]][:limit]

    def offsets_at(self, topic: str, time: datetime) -> dict[int, int]:
        with self._reader(topic) as (consumer, partitions):
            ends = consumer.end_offsets(partitions)
            found = consumer.offsets_for_times(dict.fromkeys(partitions, _millis(time)))
            places = {p: found.get(p) for p in partitions}
        return {p.partition: place.offset if place else ends[p] for p, place in places.items()}

    def ends(self, topic: str) -> dict[int, int]:
        with self._reader(topic) as (consumer, partitions):
            return {p.partition: end for p, end in consumer.end_offsets(partitions).items()}

    def group_lag(self, topic: str, group: str) -> dict[int, int]:
        with self._reader(topic, group) as (consumer, partitions):
            ends = consumer.end_offsets(partitions)
            begins = consumer.beginning_offsets(partitions)
            return {
                p.partition: ends[p] - max(consumer.committed(p, timeout_ms=ANSWER_MS) or 0, begins[p])
                for p in partitions
            }

    def prune(self, topic: str, before: datetime, readers: Collection[str] = ()) -> int:  # noqa: ARG002
        """Kafka deletes by itself, by `retention.ms` of the topic."""
        return 0

    def close(self) -> None:
        with self._turn:
            producer, self._open = self._open, None
        if producer is not None:
            with suppress(KafkaError, OSError):
                producer.close(timeout=ANSWER_MS / 1000)
