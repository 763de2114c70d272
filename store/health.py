"""How sources fare: written down as each visit ends, told as events, and read by whoever shows it."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from schemas import EVENT_OF, CloudEvent, Health, Outcome, SourceEvent, SourceHealth, SourceStatus
from store.engine import Store
from store.health_tables import source_events, source_hours, standings
from store.outbox import alone
from store.quiet import KEPT, Silence, is_back, silence
from store.sql import lock_counter, upsert
from store.standing import Standing, after, hour_of, status
from store.tables import counters, sources

COLUMNS = [column.label(f"standing_{column.name}") for column in standings.c if column.name != "source"]
"""For queries beside the columns of a source."""


@dataclass(frozen=True, slots=True)
class Fare:
    """An enabled source that has been visited: its last visit, and how it stands over several."""

    source: str
    kind: str
    outcome: Outcome
    reason: str
    action: str | None
    finished: datetime
    standing: Standing


def standing_of(row: Row[Any] | None) -> Standing:
    """From `COLUMNS`; of a source never visited there is no row, or they are NULL."""
    if row is None or row.standing_health is None:
        return Standing()
    fields = {field.name: getattr(row, f"standing_{field.name}") for field in dataclasses.fields(Standing)}
    return Standing(**{**fields, "health": Health(row.standing_health)})


def record(conn: Connection, visit: SourceHealth, new_posts: int, interval: float | None) -> None:
    """Write down how the source stands after `visit`, and the event of a change.

    The transaction must hold the source's row. `interval` is the planned one in seconds. The posts of the first good
    visit are not counted: they are what the source had before anybody watched it.
    """
    before = standing_of(conn.execute(select(*COLUMNS).where(standings.c.source == visit.source)).first())
    if new_posts and before.good is not None:
        _count(conn, visit, new_posts)

    standing = after(before, visit, new_posts, interval, _Past(conn, visit.source))
    values = {**dataclasses.asdict(standing), "health": standing.health.value}
    conn.execute(
        upsert(conn, standings)
        .values(source=visit.source, **values)
        .on_conflict_do_update(index_elements=["source"], set_=values)
    )
    if standing.changes != before.changes:
        _announce(conn, status(visit.source, standing, visit, before), standing.changes, visit.finished)


class _Past:
    def __init__(self, conn: Connection, source: str) -> None:
        self._conn = conn
        self._source = source

    def silence(self, watched: int, now: int) -> Silence | None:
        return silence(self._posts(now), watched, now)

    def is_back(self, now: int) -> bool:
        return is_back(self._posts(now), now)

    def _posts(self, now: int) -> dict[int, int]:
        mine = (source_hours.c.source == self._source) & source_hours.c.hour.between(now - KEPT, now)
        rows = self._conn.execute(select(source_hours.c.hour, source_hours.c.posts).where(mine))
        return {row.hour: row.posts for row in rows}


def _count(conn: Connection, visit: SourceHealth, new_posts: int) -> None:
    counted = upsert(conn, source_hours).values(source=visit.source, hour=hour_of(visit.finished), posts=new_posts)
    conn.execute(
        counted.on_conflict_do_update(
            index_elements=["source", "hour"], set_={"posts": source_hours.c.posts + counted.excluded.posts}
        )
    )


def _announce(conn: Connection, status: SourceStatus, number: int, at: datetime) -> None:
    last = lock_counter(conn, "source_events")  # until the commit: positions become visible in order
    assert last is not None
    conn.execute(update(counters).where(counters.c.name == "source_events").values(value=last + 1))
    conn.execute(
        insert(source_events).values(
            position=last + 1,
            source=status.source,
            number=number,
            at=at,
            status=status.model_dump(mode="json"),
            sent=False,
        )
    )


class SourceEvents:
    """The outbox of changes in how sources fare. Every method may raise StoreError.

    `region` stands in the source of the events that `relay` and `after` give.
    """

    def __init__(self, store: Store, region: str = "") -> None:
        self._store = store
        self._region = region

    def relay(
        self,
        publish: Callable[[Sequence[CloudEvent]], None],
        limit: int = 500,
        after_publish: Callable[[], None] | None = None,
    ) -> int:
        """As `Outbox.relay`."""
        with alone(self._store, "relay-sources") as is_alone:
            if not is_alone:
                return 0
            unsent = select(source_events).where(~source_events.c.sent).order_by(source_events.c.position).limit(limit)
            with self._store.reading() as conn:
                rows = conn.execute(unsent).all()
            if not rows:
                return 0
            publish([self._event(row) for row in rows])
            if after_publish is not None:
                after_publish()
            published = source_events.c.position.between(rows[0].position, rows[-1].position)
            with self._store.transaction() as conn:
                conn.execute(update(source_events).where(published).values(sent=True))
        return len(rows)

    def after(self, position: int) -> list[tuple[int, SourceEvent]]:
        """The events after `position` with their positions, in order."""
        query = select(source_events).where(source_events.c.position > position).order_by(source_events.c.position)
        with self._store.reading() as conn:
            return [(row.position, self._event(row)) for row in conn.execute(query)]

    def prune(self, before: datetime) -> int:
        """Delete the sent events of changes before `before`; how many."""
        old = source_events.c.sent & (source_events.c.at < before)
        with self._store.transaction() as conn:
            return conn.execute(delete(source_events).where(old)).rowcount

    def _event(self, row: Row[Any]) -> SourceEvent:
        data = SourceStatus.model_validate(row.status)
        return SourceEvent(
            id=f"{row.source}.{row.number}",
            source=f"/otklik/{self._region}",
            type=EVENT_OF[data.health],
            subject=row.source,
            time=row.at,
            data=data,
        )


class Fares:
    """Every method may raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list(self) -> list[Fare]:
        """The enabled sources that have been visited, by id."""
        columns = [sources.c[name] for name in ("id", "kind", "outcome", "reason", "action", "last_finished")]
        query = (
            select(*columns, *COLUMNS)
            .outerjoin(standings, standings.c.source == sources.c.id)
            .where(sources.c.enabled, sources.c.outcome.is_not(None))
            .order_by(sources.c.id)
        )
        with self._store.reading() as conn:
            return [_fare(row) for row in conn.execute(query)]

    def prune_hours(self, now: datetime) -> int:
        """Delete counts that are too old to be compared with, and those of a clock that ran ahead; how many."""
        hour = source_hours.c.hour
        stale = or_(hour < hour_of(now) - KEPT, hour > hour_of(now) + 24)
        with self._store.transaction() as conn:
            return conn.execute(delete(source_hours).where(stale)).rowcount

    def hours(self, source: str) -> dict[int, int]:
        """New posts by the hour since 1970 in which they were collected."""
        query = select(source_hours.c.hour, source_hours.c.posts).where(source_hours.c.source == source)
        with self._store.reading() as conn:
            return {row.hour: row.posts for row in conn.execute(query)}


def _fare(row: Row[Any]) -> Fare:
    return Fare(row.id, row.kind, Outcome(row.outcome), row.reason, row.action, row.last_finished, standing_of(row))
