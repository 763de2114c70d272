"""A member of a group on the SQLite bus: it leases its partitions and gives them up when asked to."""

import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bus.assign import assign, in_turn
from bus.base import BusError, Positions, Received, TopicPartition
from bus.limits import MAX_STEP
from bus.sqlite_file import OFFSET_MASK, connect, errors, place_of, transaction
from bus.sqlite_rows import Partition, partition_lag, to_received

log = structlog.get_logger()

LEASE = timedelta(seconds=10)
"""A dead member's partitions are free after this: Kafka's consumer here has the same session time-out."""
RENEWALS_PER_LEASE = 3
"""Two may fail before the lease is lost."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.004, 0.02
"""Seconds between two looks at PRAGMA data_version (2 µs, no I/O): 20 ms at most after a publisher's COMMIT, and
0.3 % of a core when idle."""


class SqliteConsumer:
    """Polled from one thread. A second, small one renews the lease, so that a slow step does not lose it."""

    def __init__(
        self,
        path: Path,
        topics: Sequence[str],
        group: str,
        *,
        now: Callable[[], datetime],
        lease: timedelta,
        on_revoked: Callable[[frozenset[TopicPartition]], None] | None,
    ) -> None:
        self._path = path
        self._topics = topics
        self._group = group
        self._now = now
        self._lease = lease
        self._on_revoked = on_revoked
        self._member = uuid.uuid4().hex
        self._ids: dict[TopicPartition, int] = {}
        """Partition ids of those that are ours."""
        self._next: dict[TopicPartition, int] = {}
        self._turn = 0
        self._generation = -1
        self._look_again = 0.0
        self._polled = time.monotonic()
        self._db = connect(path)
        self._closed = threading.Event()
        with errors(path), transaction(self._db):
            self._join()
        self._renewer = threading.Thread(target=self._renew, name=f"lease-{group}", daemon=True)
        self._renewer.start()

    # --- reading

    def poll(self, max_records: int, timeout: float) -> list[Received]:
        self._polled = time.monotonic()
        deadline = self._polled + timeout
        with errors(self._path):
            while True:
                version = self._data_version()
                self._follow_group()
                records = self._fetch(max_records)
                if records or time.monotonic() >= deadline:
                    return records
                self._wait(version, deadline)

    def _data_version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def _wait(self, version: int, deadline: float) -> None:
        """Until somebody has written to the file, it is time to look after the group, or `deadline`."""
        pause = SHORTEST_PAUSE
        while self._data_version() == version:
            left = min(deadline, self._look_again) - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _fetch(self, limit: int) -> list[Received]:
        found: list[Received] = []
        self._turn += 1
        for at in in_turn(self._next, self._topics, self._turn):
            if len(found) >= limit:
                break
            rows = self._db.execute(
                "SELECT place, time, key, headers, value FROM records WHERE place >= ? AND place < ? "
                "ORDER BY place LIMIT ?",
                (place_of(self._ids[at], self._next[at]), place_of(self._ids[at] + 1, 0), limit - len(found)),
            ).fetchall()
            if rows:
                self._next[at] = (rows[-1][0] & OFFSET_MASK) + 1
                found += [to_received(at, row) for row in rows]
        return found

    def commit(self, positions: Positions) -> None:
        rows = [
            (self._group, self._ids[at], offset, self._group, self._ids[at], self._member)
            for at, offset in positions.items()
            if at in self._ids
        ]
        if not rows:
            return
        with errors(self._path), transaction(self._db):
            self._db.executemany(
                "INSERT INTO positions (grp, partition, next) SELECT ?, ?, ? "
                "WHERE EXISTS (SELECT 1 FROM owners WHERE grp = ? AND partition = ? AND member = ?) "
                "ON CONFLICT (grp, partition) DO UPDATE SET next = excluded.next",
                rows,
            )

    def lag(self) -> dict[TopicPartition, int]:
        with errors(self._path):
            rows = self._db.execute("SELECT id, topic, number, next FROM partitions").fetchall()
            return {
                TopicPartition(topic, number): partition_lag(self._db, Partition(id_, number, end), self._group)
                for id_, topic, number, end in rows
                if TopicPartition(topic, number) in self._ids
            }

    def close(self) -> None:
        if self._closed.is_set():
            return
        try:
            if self._ids and self._on_revoked is not None:
                self._on_revoked(frozenset(self._ids))
        finally:
            self._closed.set()
            self._renewer.join()
            try:
                with errors(self._path), transaction(self._db):
                    self._db.execute("DELETE FROM owners WHERE grp = ? AND member = ?", (self._group, self._member))
                    self._db.execute("DELETE FROM members WHERE grp = ? AND member = ?", (self._group, self._member))
                    self._bump()
            except BusError as error:  # the lease runs out by itself
                log.warning("bus_leave_failed", group=self._group, error=type(error.__cause__).__name__)
            self._db.close()

    # --- the group

    def _follow_group(self) -> None:
        """Take what is ours and free, give up what is somebody else's. Cheap where nothing has changed."""
        while True:
            row = self._db.execute("SELECT generation FROM groups WHERE name = ?", (self._group,)).fetchone()
            if row is not None and row[0] == self._generation and time.monotonic() < self._look_again:
                return
            with transaction(self._db):
                give, generation = self._share_out()
            self._generation = generation
            self._look_again = time.monotonic() + self._lease.total_seconds() / RENEWALS_PER_LEASE
            if not give:
                return
            if self._on_revoked is not None:
                self._on_revoked(give)
            with transaction(self._db):
                rows = [(self._group, self._ids[at], self._member) for at in give]
                self._db.executemany("DELETE FROM owners WHERE grp = ? AND partition = ? AND member = ?", rows)
                self._bump()
            for at in give:
                del self._ids[at], self._next[at]

    def _share_out(self) -> tuple[frozenset[TopicPartition], int]:
        """Bury the dead, take what is due to us; the partitions that we must give up (or have lost), and the
        group's generation."""
        self._bury()
        members: dict[str, list[str]] = {
            member: json.loads(topics)
            for member, topics in self._db.execute("SELECT member, topics FROM members WHERE grp = ?", (self._group,))
        }
        if self._member not in members:
            self._join()
            members[self._member] = sorted(self._topics)
        wanted = {topic for topics in members.values() for topic in topics}
        ids: dict[TopicPartition, int] = {
            TopicPartition(topic, number): id_
            for id_, topic, number in self._db.execute("SELECT id, topic, number FROM partitions")
            if topic in wanted
        }
        by_id = {id_: at for at, id_ in ids.items()}
        owners = {
            by_id[id_]: member
            for id_, member in self._db.execute("SELECT partition, member FROM owners WHERE grp = ?", (self._group,))
            if id_ in by_id
        }
        target = assign(ids, members, owners)
        lost = {at for at in self._ids if owners.get(at) != self._member}
        for at in sorted(at for at, member in target.items() if member == self._member):
            if at not in owners and at not in lost:
                self._take(at, ids[at])
        row = self._db.execute("SELECT generation FROM groups WHERE name = ?", (self._group,)).fetchone()
        return frozenset(at for at in self._ids if at in lost or target.get(at) != self._member), row[0]

    def _take(self, at: TopicPartition, id_: int) -> None:
        self._db.execute("INSERT INTO owners VALUES (?, ?, ?)", (self._group, id_, self._member))
        row = self._db.execute(
            "SELECT next FROM positions WHERE grp = ? AND partition = ?", (self._group, id_)
        ).fetchone()
        self._ids[at] = id_
        self._next[at] = row[0] if row else 0

    def _join(self) -> None:
        topics = json.dumps(sorted(self._topics))
        self._db.execute("INSERT INTO members VALUES (?, ?, ?, ?)", (self._group, self._member, topics, self._until()))
        self._bump()

    def _bury(self) -> None:
        """Remove members whose lease has run out."""
        dead = self._db.execute(
            "DELETE FROM members WHERE grp = ? AND until < ? RETURNING member", (self._group, self._now().timestamp())
        ).fetchall()
        if dead:
            self._db.executemany("DELETE FROM owners WHERE grp = ? AND member = ?", [(self._group, m) for (m,) in dead])
            self._bump()

    def _bump(self) -> None:
        """Let the others see that the group has changed."""
        self._db.execute(
            "INSERT INTO groups VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET generation = generation + 1",
            (self._group,),
        )

    def _until(self) -> float:
        return (self._now() + self._lease).timestamp()

    def _renew(self) -> None:
        """Renew the lease until closed; the thread's own connection is opened each time, every few seconds."""
        while not self._closed.wait(self._lease.total_seconds() / RENEWALS_PER_LEASE):
            if time.monotonic() - self._polled > MAX_STEP.total_seconds():
                log.error("bus_member_hangs", group=self._group, minutes=MAX_STEP.total_seconds() // 60)
                continue
            try:
                with errors(self._path):
                    db = sqlite3.connect(self._path, isolation_level=None)
                    try:
                        update = "UPDATE members SET until = ? WHERE grp = ? AND member = ?"
                        db.execute(update, (self._until(), self._group, self._member))
                    finally:
                        db.close()
            except BusError as error:
                log.warning("bus_lease_not_renewed", group=self._group, error=type(error.__cause__).__name__)
