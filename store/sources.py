"""Sources: who may crawl which one now, where it was left, how its visits ended."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, literal, null, select, text, tuple_, update

from schemas import Outcome, SourceHealth
from store.engine import Store
from store.health import COLUMNS, record, standing_of
from store.health_tables import standings
from store.sql import among, lock_counter, upsert
from store.standing import Standing
from store.tables import FREE, TAKEN, runs, slots, sources
from store.types import UtcDatetime

STAGGER_SECONDS = 1.0
"""Apart from each other, on average, the first visits to new sources come this long: three new sources are all
visited within seconds, ten thousand do not start at once."""

UNKNOWN_INTERVAL = 120.0
"""Over how many seconds at most the first visits spread where the interval is adaptive or a cron line: the shortest
adaptive interval."""

PAGE = 200
"""Due sources looked at in one statement: several times what a crawler visits at once, so that one is mostly enough."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as configured. `every_seconds` is None for an adaptive interval or a cron line."""

    id: str
    kind: str
    slot: str
    """The host or account it asks: two sources of one slot never run at once."""
    every_seconds: float | None
    settings_digest: str
    """Changes with the settings: a changed source is visited at once."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to crawl one source until `until`. `fence` rises each time the source is leased."""

    source: str
    kind: str
    slot: str
    owner: str
    fence: int
    until: datetime
    cursor: dict[str, Any] | None
    interval: float | None
    """Seconds, as the last `finish` left them: the state of an adaptive interval."""


@dataclass(frozen=True, slots=True)
class SourceState:
    id: str
    kind: str
    slot: str
    enabled: bool
    every_seconds: float | None
    interval: float | None
    cursor: dict[str, Any] | None
    next_due: datetime
    lease_owner: str | None
    lease_until: datetime | None
    last_started: datetime | None
    last_finished: datetime | None
    outcome: Outcome | None
    """Of the last visit, as are `reason`, `action` and `posts`; None before the first."""
    reason: str | None
    action: str | None
    posts: int | None
    posts_total: int
    standing: Standing
    """How it fares over several visits."""


class Sources:
    """Every method may raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def sync(self, rows: Sequence[SourceRow]) -> None:
        """Make the sources those of the configuration.

        New ones get a first visit, staggered by a hash of their id. Missing ones are disabled and keep cursor and
        history. A source with a new digest is due at once; one with a new kind starts without a cursor; one whose slot
        changed loses its lease.
        """
        now = self._store.now()
        with self._store.transaction() as conn:
            lock_counter(conn, "lease")  # else the two, each locking many rows, could wait for each other
            known = {row.id: row for row in conn.execute(select(sources).with_for_update())}
            new = [row for row in rows if row.id not in known]
            if new:
                values = [_first(row, now, len(new)) for row in new]
                conn.execute(upsert(conn, sources).on_conflict_do_nothing(), values)
            for row in rows:
                if row.id in known:
                    self._configure(conn, row, known[row.id], now)
            wanted = {row.id for row in rows}
            missing = [id_ for id_, row in known.items() if row.enabled and id_ not in wanted]
            conn.execute(update(sources).where(among(conn, sources.c.id, missing)).values(enabled=False))
            if new and conn.dialect.name == "postgresql":
                # Until it next counts by itself, PostgreSQL takes the table for empty and reads all of it for a lease.
                conn.execute(text("ANALYZE sources"))

    def _configure(self, conn: Connection, row: SourceRow, before: Row[Any], now: datetime) -> None:
        change: dict[str, Any] = {
            name: value
            for name, value in (
                ("kind", row.kind),
                ("slot", row.slot),
                ("every_seconds", row.every_seconds),
                ("settings_digest", row.settings_digest),
                ("enabled", True),
            )
            if getattr(before, name) != value
        }
        if not change:
            return
        if "kind" in change:
            change |= {"cursor": null(), "interval_seconds": None}
        if "slot" in change or "kind" in change:
            change |= {"lease_owner": None, "lease_until": None}
        change["next_due"] = min(before.next_due, now)
        conn.execute(update(sources).where(sources.c.id == row.id).values(change))

    def lease(
        self, owner: str, kinds: Collection[str], limit: int, term: timedelta, only: Collection[str] | None = None
    ) -> list[Lease]:
        """Take up to `limit` due sources, the longest due first, whose slots are free as well.

        `only` are the ids that this crawler has settings for: another one may be ahead of it with a newer file.

        Lapsed leases, those of crashed crawlers, are open to everybody again.
        """
        now = self._store.now()
        with self._store.transaction() as conn:
            # One at a time: two that choose between sources of one slot at the same moment could choose both.
            lock_counter(conn, "lease")
            lapsed = sources.c.lease_owner.is_not(None) & (sources.c.lease_until <= now)
            conn.execute(update(sources).where(lapsed).values(lease_owner=None, lease_until=None))
            chosen = _choose(conn, now, kinds, limit, only)
            taken = conn.execute(
                update(sources)
                .where(among(conn, sources.c.id, chosen), FREE)
                .values(lease_owner=owner, lease_until=now + term, fence=sources.c.fence + 1)
                .returning(sources)
            ).all()
        taken = sorted(taken, key=lambda row: (row.next_due, row.id))
        return [Lease(r.id, r.kind, r.slot, owner, r.fence, r.lease_until, r.cursor, r.interval_seconds) for r in taken]

    def renew(self, lease: Lease, term: timedelta) -> bool:
        """Hold it for `term` from now. False: it is lost, stop."""
        return self._update(lease, {"lease_until": self._store.now() + term})

    def save_cursor(self, lease: Lease, cursor: Mapping[str, Any]) -> bool:
        """Store where the source was left. False: the lease is lost, nothing was stored, stop."""
        return self._update(lease, {"cursor": dict(cursor)})

    def release(self, lease: Lease) -> bool:
        """Give it back without an outcome, due as before: for a crawler that shuts down. False: it was lost."""
        return self._update(lease, {"lease_owner": None, "lease_until": None})

    def finish(
        self,
        lease: Lease,
        health: SourceHealth,
        cursor: Mapping[str, Any] | None = None,
        interval: float | None = None,
        new_posts: int = 0,
    ) -> bool:
        """End the visit: store the outcome and the next due time, release source and slot, append a run, and record
        how the source fares now.

        `cursor` and `interval` stay as they are where they are None. `new_posts`: seen for the first time, back-filled
        ones apart. False: the lease is lost, nothing was stored.
        """
        change: dict[str, Any] = {
            "lease_owner": None,
            "lease_until": None,
            "next_due": health.next_due,
            "last_started": health.started,
            "last_finished": health.finished,
            "outcome": health.outcome.value,
            "reason": health.reason,
            "action": health.action,
            "posts": health.posts,
            "posts_total": sources.c.posts_total + health.posts,
        }
        if cursor is not None:
            change["cursor"] = dict(cursor)
        if interval is not None:
            change["interval_seconds"] = interval
        with self._store.transaction() as conn:
            ended = update(sources).where(_held(lease)).values(change).returning(sources.c.every_seconds)
            held = conn.execute(ended).first()
            if held is None:
                return False
            conn.execute(insert(runs).values({**health.model_dump(), "outcome": health.outcome.value}))
            record(conn, health, new_posts, lease.interval or held.every_seconds)
        return True

    def force_due(self, source: str) -> bool:
        """Let the source be visited as soon as its slot allows. False: there is no such source, or it is disabled."""
        known = (sources.c.id == source) & sources.c.enabled
        with self._store.transaction() as conn:
            return bool(conn.execute(update(sources).where(known).values(next_due=self._store.now())).rowcount)

    def runs(self, source: str, limit: int = 100) -> list[SourceHealth]:
        """The last visits of a source, the newest first."""
        query = select(runs).where(runs.c.source == source).order_by(runs.c.id.desc()).limit(limit)
        with self._store.reading() as conn:
            return [SourceHealth.model_validate(dict(row)) for row in conn.execute(query).mappings()]

    def prune_runs(self, before: datetime) -> int:
        """Delete the runs that finished before `before`; how many."""
        with self._store.transaction() as conn:
            return conn.execute(delete(runs).where(runs.c.finished < before)).rowcount

    def reserve_slot(self, slot: str, delay: timedelta) -> datetime:
        """When the caller may send its next request to `slot`: `delay` or more after whoever reserved before it.

        The reservation is made; a caller that does not use it wastes it.
        """
        now = self._store.now()
        with self._store.transaction() as conn:
            conn.execute(upsert(conn, slots).values(slot=slot, next_free=now).on_conflict_do_nothing())
            row = select(slots.c.next_free).where(slots.c.slot == slot).with_for_update()
            at: datetime = max(conn.execute(row).scalar_one(), now)
            conn.execute(update(slots).where(slots.c.slot == slot).values(next_free=at + delay))
        return at

    def list(self) -> list[SourceState]:
        """All sources by id, disabled ones included."""
        query = select(sources, *COLUMNS).outerjoin(standings, standings.c.source == sources.c.id)
        with self._store.reading() as conn:
            return [_state(row) for row in conn.execute(query.order_by(sources.c.id))]

    def _update(self, lease: Lease, change: dict[str, Any]) -> bool:
        with self._store.transaction() as conn:
            return bool(conn.execute(update(sources).where(_held(lease)).values(change)).rowcount)


def _held(lease: Lease) -> Any:
    """True of the source's row while the lease is: a lapsed one is lost only once somebody took source or slot."""
    return and_(sources.c.id == lease.source, sources.c.fence == lease.fence, sources.c.lease_owner == lease.owner)


def _choose(
    conn: Connection, now: datetime, kinds: Collection[str], limit: int, only: Collection[str] | None
) -> list[str]:
    """Ids of due sources: of each free slot the one that is due longest.

    Pages through the index and leaves out the slots that are taken by now, so that ten thousand walls behind one token
    cost no more than one.
    """
    wanted = None if only is None else frozenset(only)
    busy = set(conn.execute(select(sources.c.slot).where(TAKEN)).scalars())
    due = (
        select(sources.c.id, sources.c.slot, sources.c.next_due)
        .where(FREE, sources.c.next_due <= now, sources.c.kind.in_(kinds))
        .order_by(sources.c.next_due, sources.c.id)
        .limit(PAGE)
    )
    chosen: list[str] = []
    page = due
    while rows := conn.execute(page.where(~among(conn, sources.c.slot, busy))).all():
        for row in rows:
            if row.slot not in busy and (wanted is None or row.id in wanted):
                busy.add(row.slot)
                chosen.append(row.id)
                if len(chosen) == limit:
                    return chosen
        last = rows[-1]
        page = due.where(
            tuple_(sources.c.next_due, sources.c.id) > tuple_(literal(last.next_due, UtcDatetime), last.id)
        )
    return chosen


def _first(row: SourceRow, now: datetime, new: int) -> dict[str, Any]:
    spread = min(row.every_seconds or UNKNOWN_INTERVAL, new * STAGGER_SECONDS)
    share = int.from_bytes(hashlib.blake2b(row.id.encode(), digest_size=4).digest()) / 2**32
    return {
        "id": row.id,
        "kind": row.kind,
        "slot": row.slot,
        "enabled": True,
        "every_seconds": row.every_seconds,
        "settings_digest": row.settings_digest,
        "next_due": now + timedelta(seconds=spread * share),
        "fence": 0,
        "posts_total": 0,
    }


def _state(row: Row[Any]) -> SourceState:
    return SourceState(
        id=row.id,
        kind=row.kind,
        slot=row.slot,
        enabled=row.enabled,
        every_seconds=row.every_seconds,
        interval=row.interval_seconds,
        cursor=row.cursor,
        next_due=row.next_due,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        last_started=row.last_started,
        last_finished=row.last_finished,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        reason=row.reason,
        action=row.action,
        posts=row.posts,
        posts_total=row.posts_total,
        standing=standing_of(row),
    )
