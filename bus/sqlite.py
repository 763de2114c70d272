"""A bus in a file, for one machine: partitions, groups and leases in SQLite, nothing else to install."""

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bus.assign import partition_of
from bus.base import Received, Record, TopicPartition, UnknownTopic
from bus.limits import MAX_RECORD_BYTES, check_sizes
from bus.sqlite_consumer import LEASE, SqliteConsumer
from bus.sqlite_file import OFFSET_MASK, connect, errors, place_of, transaction
from bus.sqlite_rows import Partition, committed, partition_lag, to_micros, to_received, to_row

PRUNE_ROWS = 5_000
"""Rows deleted per transaction: about 50 ms, so that publishers never wait long."""


class SqliteBus:
    """`path` is created with its tables when missing; its folder must exist or be creatable.

    One connection serves all but consumers, which have their own; calls from several threads take turns.

    Raises (all methods):
        BusError: the file cannot be used now.
    """

    def __init__(
        self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), lease: timedelta = LEASE
    ) -> None:
        self.max_record_bytes = MAX_RECORD_BYTES
        self._path = path
        self._now = now
        self._lease = lease
        self._turn = threading.Lock()
        self._open: sqlite3.Connection | None = None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._turn, errors(self._path):
            if self._open is None:
                try:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    # SQLite says the same of a folder that is not there, and its message tells what to check.
                    raise _cannot_open() from error
                self._open = connect(self._path)
            yield self._open

    @contextmanager
    def _reading(self, topic: str) -> Iterator[sqlite3.Connection]:
        """For who only looks: a file that is not there stays so."""
        try:
            self._path.stat()
        except FileNotFoundError:
            raise UnknownTopic(topic) from None
        except OSError:
            pass  # opening it tells more
        with self._connection() as db:
            yield db

    def ensure_topics(self, topics: Mapping[str, int]) -> None:
        with self._connection() as db:
            known = {topic for (topic,) in db.execute("SELECT DISTINCT topic FROM partitions")}
            if topics.keys() <= known:
                return
            with transaction(db):
                for topic, count in topics.items():
                    if db.execute("SELECT 1 FROM partitions WHERE topic = ?", (topic,)).fetchone() is None:
                        rows = [(topic, number) for number in range(count)]
                        db.executemany("INSERT INTO partitions (topic, number) VALUES (?, ?)", rows)
                # Members that were waiting for the topic look again.
                db.execute("UPDATE groups SET generation = generation + 1")

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        check_sizes(records, self.max_record_bytes)
        with self._connection() as db, transaction(db):
            partitions = self._partitions(db, topic)
            rows = []
            for record in records:
                partition = partitions[partition_of(record.key, len(partitions))]
                rows.append(to_row(place_of(partition.id, partition.next), record))
                partition.next += 1
            db.executemany("INSERT INTO records (place, time, key, headers, value) VALUES (?, ?, ?, ?, ?)", rows)
            db.executemany("UPDATE partitions SET next = ? WHERE id = ?", [(p.next, p.id) for p in partitions])

    def consume(
        self,
        topics: Sequence[str],
        group: str,
        *,
        on_revoked: Callable[[frozenset[TopicPartition]], None] | None = None,
    ) -> SqliteConsumer:
        with self._connection():
            pass  # the file and its tables are there, or the caller hears of it
        return SqliteConsumer(self._path, topics, group, now=self._now, lease=self._lease, on_revoked=on_revoked)

    def read(self, topic: str, start: Mapping[int, int] | None = None, limit: int | None = None) -> list[Received]:
        found: list[Received] = []
        with self._reading(topic) as db:
            for partition in self._partitions(db, topic):
                first = (start or {}).get(partition.number, 0)
                rows = db.execute(
                    "SELECT place, time, key, headers, value FROM records WHERE place >= ? AND place < ? "
                    "ORDER BY place LIMIT ?",
                    (
                        place_of(partition.id, first),
                        place_of(partition.id, partition.next),
                        -1 if limit is None else limit - len(found),
                    ),
                )
                found += [to_received(TopicPartition(topic, partition.number), row) for row in rows]
        return found

    def offsets_at(self, topic: str, time: datetime) -> dict[int, int]:
        offsets = {}
        with self._reading(topic) as db:
            for partition in self._partitions(db, topic):
                row = db.execute(
                    "SELECT place FROM records WHERE place >= ? AND place < ? AND time >= ? ORDER BY place LIMIT 1",
                    (*partition.places, to_micros(time)),
                ).fetchone()
                offsets[partition.number] = row[0] & OFFSET_MASK if row else partition.next
        return offsets

    def ends(self, topic: str) -> dict[int, int]:
        with self._reading(topic) as db:
            return {p.number: p.next for p in self._partitions(db, topic)}

    def group_lag(self, topic: str, group: str) -> dict[int, int]:
        with self._reading(topic) as db:
            return {p.number: partition_lag(db, p, group) for p in self._partitions(db, topic)}

    def prune(self, topic: str, before: datetime, readers: Collection[str] = ()) -> int:
        """The file does not shrink: its free pages are used again."""
        deleted = 0
        with self._reading(topic) as db:
            partitions = self._partitions(db, topic)
        for partition in partitions:
            first, _ = partition.places
            end = place_of(partition.id, self._passed_by(partition, readers))
            count = PRUNE_ROWS
            while count == PRUNE_ROWS:
                with self._connection() as db:
                    count = db.execute(
                        "DELETE FROM records WHERE place IN (SELECT place FROM records "
                        "WHERE place >= ? AND place < ? AND time < ? LIMIT ?)",
                        (first, end, to_micros(before), PRUNE_ROWS),
                    ).rowcount
                deleted += count
        return deleted

    def _passed_by(self, partition: Partition, groups: Collection[str]) -> int:
        """The offset before which each of the groups has committed everything."""
        with self._connection() as db:
            return min((committed(db, partition, group) for group in groups), default=partition.next)

    def close(self) -> None:
        with self._turn:
            if self._open is not None:
                self._open.close()
                self._open = None

    @staticmethod
    def _partitions(db: sqlite3.Connection, topic: str) -> list[Partition]:
        rows = db.execute("SELECT id, number, next FROM partitions WHERE topic = ? ORDER BY number", (topic,))
        partitions = [Partition(*row) for row in rows]
        if not partitions:
            raise UnknownTopic(topic)
        return partitions


def _cannot_open() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    return error
