"""A bus and a store of the configured kinds that nobody else sees and that are gone afterwards: for `replay`."""

import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url, text

from bus import Bus, Consumer, Positions, Received, Record, TopicPartition, open_bus
from bus import NoSpace as BusIsFull
from otklik.exits import Exit, Failed
from store import NoSpace as StoreIsFull
from store import Store
from text.refusal import refusal

FULL = (BusIsFull, StoreIsFull)
"""Not to be waited out: nobody makes room for scratch files that he knows nothing of."""

Now = Callable[[], datetime]


@contextmanager
def scratch(bus_url: str, store_url: str, now: Now) -> Iterator[tuple[Bus, Store]]:
    """SQLite: files in a folder of their own. Kafka: topics under a prefix. PostgreSQL: a schema.

    The configured database file, topics and tables are not touched.

    Raises:
        BusError, StoreError: the broker or the database does not answer.
        Failed: there is no room, or no folder, for the files.
    """
    name = f"otklik_replay_{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        folder = stack.enter_context(_folder(name))
        bus = stack.enter_context(_bus(bus_url, name, folder, now))
        store = stack.enter_context(_store(store_url, name, folder, now))
        yield bus, store


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    try:
        made = tempfile.TemporaryDirectory(prefix=f"{name}-")
    except OSError as error:
        raise _failed(f"Папка для временных файлов не создаётся: {refusal(error)}.") from error
    with made as folder:
        try:
            yield Path(folder)
        except FULL as error:
            where = f"На диске кончилось место: временные файлы лежат в {Path(folder).parent}."
            raise _failed(where if folder in str(error) else str(error)) from error


def _failed(what: str) -> Failed:
    todo = "Освободите место или укажите папку на другом диске (TMPDIR=/папка otklik replay …) и повторите."
    return Failed(f"{what} {todo} Инциденты не записаны.", Exit.UNREACHABLE)


@contextmanager
def _bus(url: str, name: str, folder: Path, now: Now) -> Iterator[Bus]:
    if not url.startswith("kafka:"):
        bus = open_bus(f"sqlite:///{folder / 'bus.db'}", now=now)
        try:
            yield bus
        finally:
            bus.close()
        return
    from bus.kafka import KafkaBus  # noqa: PLC0415

    broker = KafkaBus(url.removeprefix("kafka://").rstrip("/"))
    prefixed = PrefixedBus(broker, f"{name}.", broker.delete_topics)
    try:
        yield prefixed
    finally:
        prefixed.remove()
        prefixed.close()


@contextmanager
def _store(url: str, name: str, folder: Path, now: Now) -> Iterator[Store]:
    if url.startswith("sqlite:"):
        store = Store(f"sqlite:///{folder / 'store.db'}", now)
        try:
            store.upgrade()
            yield store
        finally:
            store.close()
        return
    outer = Store(url, now)
    try:
        with outer.transaction() as conn:
            conn.execute(text(f'CREATE SCHEMA "{name}"'))
        within = make_url(url).update_query_dict({"options": f"-csearch_path={name}"})
        store = Store(within.render_as_string(hide_password=False), now)
        try:
            store.upgrade()
            yield store
        finally:
            store.close()
            with outer.transaction() as conn:
                conn.execute(text(f'DROP SCHEMA "{name}" CASCADE'))
    finally:
        outer.close()


class PrefixedBus:
    """Another bus under other names: topics and groups get a prefix on the way in and lose it on the way out."""

    def __init__(self, bus: Bus, prefix: str, delete: Callable[[Sequence[str], Sequence[str]], None]) -> None:
        self._bus = bus
        self._prefix = prefix
        self._delete = delete
        self._made: set[str] = set()
        self._groups: set[str] = set()
        self.max_record_bytes = bus.max_record_bytes

    def ensure_topics(self, topics: Mapping[str, int]) -> None:
        """See `Bus`."""
        self._made |= {self._prefix + topic for topic in topics}
        self._bus.ensure_topics({self._prefix + topic: count for topic, count in topics.items()})

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        """See `Bus`."""
        self._bus.publish(self._prefix + topic, records)

    def consume(
        self,
        topics: Sequence[str],
        group: str,
        *,
        on_revoked: Callable[[frozenset[TopicPartition]], None] | None = None,
    ) -> Consumer:
        """See `Bus`."""
        told = None
        if on_revoked is not None:
            told = lambda gone: on_revoked(frozenset(self._inner(at) for at in gone))  # noqa: E731
        self._groups.add(self._prefix + group)
        consumer = self._bus.consume([self._prefix + t for t in topics], self._prefix + group, on_revoked=told)
        return _PrefixedConsumer(consumer, self)

    def read(self, topic: str, start: Mapping[int, int] | None = None, limit: int | None = None) -> list[Received]:
        """See `Bus`."""
        return [self.inner(record) for record in self._bus.read(self._prefix + topic, start, limit)]

    def offsets_at(self, topic: str, time: datetime) -> dict[int, int]:
        """See `Bus`."""
        return self._bus.offsets_at(self._prefix + topic, time)

    def ends(self, topic: str) -> dict[int, int]:
        """See `Bus`."""
        return self._bus.ends(self._prefix + topic)

    def group_lag(self, topic: str, group: str) -> dict[int, int]:
        """See `Bus`."""
        return self._bus.group_lag(self._prefix + topic, self._prefix + group)

    def prune(self, topic: str, before: datetime, readers: Collection[str] = ()) -> int:
        """See `Bus`."""
        return self._bus.prune(self._prefix + topic, before, [self._prefix + group for group in readers])

    def close(self) -> None:
        """See `Bus`."""
        self._bus.close()

    def remove(self) -> None:
        """Delete every topic made and every group joined through this bus."""
        self._delete(sorted(self._made), sorted(self._groups))

    def inner(self, received: Received) -> Received:
        """The record as a reader inside sees it."""
        return replace(received, at=self._inner(received.at))

    def outer(self, positions: Positions) -> Positions:
        """Positions as the bus outside knows them."""
        return {TopicPartition(self._prefix + at.topic, at.partition): to for at, to in positions.items()}

    def _inner(self, at: TopicPartition) -> TopicPartition:
        return TopicPartition(at.topic.removeprefix(self._prefix), at.partition)

    def inner_lag(self, lag: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Lag as a reader inside sees it."""
        return {self._inner(at): count for at, count in lag.items()}


class _PrefixedConsumer:
    def __init__(self, consumer: Consumer, bus: PrefixedBus) -> None:
        self._consumer = consumer
        self._bus = bus

    def poll(self, max_records: int, timeout: float) -> list[Received]:
        return [self._bus.inner(record) for record in self._consumer.poll(max_records, timeout)]

    def commit(self, positions: Positions) -> None:
        self._consumer.commit(self._bus.outer(positions))

    def lag(self) -> dict[TopicPartition, int]:
        return self._bus.inner_lag(self._consumer.lag())

    def close(self) -> None:
        self._consumer.close()
