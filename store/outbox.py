"""Incident events on their way out: written in their effect's transaction, put on the bus by a relay."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from schemas import IncidentEvent
from store.engine import Store
from store.lock import FileLock
from store.sql import lock_counter
from store.tables import counters, outbox

SCAN = 500
"""Events read at once where a filter passes over most of them."""
MOST_SCANNED = 5_000
"""Events looked at in one call: a quarter of a second, however few of them a filter lets through."""

_ADD = insert(outbox).inline()


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the outbox."""

    events: list[tuple[int, IncidentEvent]]
    """Those that were wanted, with their positions, in order."""
    position: int
    """Where to go on: everything up to here has been looked at."""
    more: bool
    """The page is full, or enough was looked at: ask again at once."""


class Outbox:
    """Every method may raise StoreError.

    `position` numbers the events from 1 without gaps, in an order that keeps each incident's own, and never changes: a
    reader that has seen all up to N misses nothing by asking for what comes after N.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, conn: Connection, event: IncidentEvent) -> None:
        """`add_all` for one event."""
        self.add_all(conn, [event])

    def add_all(self, conn: Connection, events: Sequence[IncidentEvent]) -> None:
        """Send the events if, and only if, the transaction of `conn` commits.

        The transaction must hold their incidents' rows, so that an incident's events are added one after another. The
        same event (incident and sequence) a second time is an IntegrityError.
        """
        rows = [
            {
                "incident": event.data.incident.id,
                "sequence": event.data.incident.sequence,
                "type": event.type,
                "event": event.encode().decode(),
            }
            for event in events
        ]
        if rows:
            conn.execute(_ADD, rows)

    def relay(
        self,
        publish: Callable[[list[IncidentEvent]], None],
        limit: int = 500,
        after_publish: Callable[[], None] | None = None,
    ) -> int:
        """Publish up to `limit` unsent events, in order, and mark them sent; how many.

        One relay works at a time; beside another one this returns 0. What `publish` raises passes through, and then, or
        after a crash, the same events come again. `after_publish` is called between acknowledgement and mark.
        """
        with self._alone() as is_alone:
            if not is_alone:
                return 0
            self._number(limit)
            unsent = select(outbox.c.position, outbox.c.event).where(outbox.c.sent.is_(None))
            with self._store.reading() as conn:
                batch = conn.execute(
                    unsent.where(outbox.c.position.is_not(None)).order_by(outbox.c.position).limit(limit)
                ).all()
            if not batch:
                return 0
            publish([IncidentEvent.from_json(row.event) for row in batch])
            if after_publish is not None:
                after_publish()
            published = outbox.c.position.between(batch[0].position, batch[-1].position)
            with self._store.transaction() as conn:
                conn.execute(update(outbox).where(published).values(sent=self._store.now()))
        return len(batch)

    def after(self, position: int, limit: int = 100, keep: Callable[[IncidentEvent], bool] | None = None) -> Page:
        """The first `limit` events after `position` that `keep` accepts, or fewer of them after `MOST_SCANNED` others.

        An event has a position from the moment when a relay has seen it.
        """
        found: list[tuple[int, IncidentEvent]] = []
        size = limit if keep is None else SCAN
        query = select(outbox.c.position, outbox.c.event).order_by(outbox.c.position).limit(size)
        scanned = 0
        with self._store.reading() as conn:
            while scanned < MOST_SCANNED:
                rows = conn.execute(query.where(outbox.c.position > position)).all()
                for row in rows:
                    position = row.position
                    event = IncidentEvent.from_json(row.event)
                    if keep is None or keep(event):
                        found.append((position, event))
                        if len(found) == limit:
                            return Page(found, position, more=True)
                if len(rows) < size:
                    return Page(found, position, more=False)
                scanned += size
        return Page(found, position, more=True)

    def last_position(self) -> int:
        """The highest position given so far; 0 before the first."""
        with self._store.reading() as conn:
            return int(conn.execute(select(counters.c.value).where(counters.c.name == "outbox")).scalar_one())

    def unsent(self) -> int:
        """Events that wait for the relay."""
        with self._store.reading() as conn:
            return conn.execute(select(func.count()).where(outbox.c.sent.is_(None))).scalar_one()

    def prune(self, before: datetime) -> int:
        """Delete the events that were sent before `before`; how many. `after` no longer shows them."""
        with self._store.transaction() as conn:
            return conn.execute(delete(outbox).where(outbox.c.sent < before)).rowcount

    def _number(self, limit: int) -> None:
        """Give positions to the events that have none. Ids rise with each incident's own order, as `add` demands."""
        new = select(outbox.c.id).where(outbox.c.position.is_(None)).order_by(outbox.c.id).limit(limit)
        with self._store.reading() as conn:
            if conn.execute(new.limit(1)).first() is None:
                return
        with self._store.transaction() as conn:
            last = lock_counter(conn, "outbox")
            assert last is not None
            rows = [{"row": id_, "to": last + n} for n, id_ in enumerate(conn.execute(new).scalars(), start=1)]
            conn.execute(update(outbox).where(outbox.c.id == bindparam("row")).values(position=bindparam("to")), rows)
            conn.execute(update(counters).where(counters.c.name == "outbox").values(value=last + len(rows)))

    def _alone(self) -> AbstractContextManager[bool]:
        return alone(self._store, "relay")


@contextmanager
def alone(store: Store, name: str) -> Iterator[bool]:
    """Whether this is the only relay of this name at work, for the time of the block; a crash ends it.

    The receiver of `publish` may be slow, so nothing is locked that others need: on PostgreSQL a row of its own, on
    SQLite, where every transaction locks out all writers, a file beside the database.
    """
    if store.path is not None:
        lock = FileLock(store.path.with_name(f"{store.path.name}.{name}"))
        acquired = lock.acquire()
        try:
            yield acquired
        finally:
            lock.release()
        return
    with store.transaction() as conn:
        yield lock_counter(conn, name, skip_locked=True) is not None
