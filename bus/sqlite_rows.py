"""Rows of the SQLite bus as records and back."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bus.base import Received, Record, TopicPartition
from bus.sqlite_file import OFFSET_MASK, place_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Row = tuple[int, int, str, str, bytes]
"""place, time, key, headers, value"""


@dataclass(slots=True)
class Partition:
    id: int
    number: int
    next: int
    """The offset that the next record will get."""

    @property
    def places(self) -> tuple[int, int]:
        """The range of row ids, end excluded."""
        return place_of(self.id, 0), place_of(self.id + 1, 0)


def to_micros(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND


def to_row(place: int, record: Record) -> Row:
    headers = json.dumps(dict(record.headers), ensure_ascii=False) if record.headers else ""
    return place, to_micros(record.time), record.key, headers, record.value


def to_received(at: TopicPartition, row: Row) -> Received:
    place, time, key, headers, value = row
    record = Record(key, value, _EPOCH + time * _MICROSECOND, json.loads(headers) if headers else {})
    return Received(at, place & OFFSET_MASK, record)


def committed(db: sqlite3.Connection, partition: Partition, group: str) -> int:
    """The offset that the group reads next; 0 before its first commit."""
    query = "SELECT next FROM positions WHERE grp = ? AND partition = ?"
    row = db.execute(query, (group, partition.id)).fetchone()
    return int(row[0]) if row else 0


def partition_lag(db: sqlite3.Connection, partition: Partition, group: str) -> int:
    """Records not committed by the group, pruned ones left out."""
    first = db.execute("SELECT min(place) FROM records WHERE place >= ? AND place < ?", partition.places).fetchone()[0]
    start = partition.next if first is None else first & OFFSET_MASK
    return partition.next - max(committed(db, partition, group), start)
