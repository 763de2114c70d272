"""Back-fills: which past of which source is being collected, by whom, and how far it got."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, insert, null, select, update

from store.engine import Store
from store.sql import lock_counter
from store.tables import backfills


@dataclass(frozen=True, slots=True)
class BackfillLease:
    """The right to go on with a back-fill. `fence` rises each time it is taken."""

    id: int
    source: str
    since: datetime
    until: datetime
    """Posts published before this moment are wanted."""
    owner: str
    fence: int
    cursor: dict[str, Any] | None
    posts: int
    """Published by those who had it before."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """How a back-fill stands."""

    source: str
    since: datetime
    until: datetime
    reached: datetime | None
    """The publication time of what was collected last."""
    posts: int
    started: datetime
    finished: datetime | None
    lease_owner: str | None
    """None also where the lease has lapsed: its owner crashed."""
    lease_until: datetime | None


class Backfills:
    """Every method may raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(
        self, source: str, since: datetime, until: datetime | None, owner: str, term: timedelta, *, again: bool = False
    ) -> BackfillLease | Backfill:
        """Start the back-fill of this source and span, or go on with it. Without `until` it ends at the moment at
        which it was first started.

        A `Backfill` instead of a lease: somebody else has it, or it is finished. `again` repeats a finished one.
        """
        now = self._store.now()
        with self._store.transaction() as conn:
            lock_counter(conn, "lease")  # else two could both find none and both start it
            end = backfills.c.open_end if until is None else ~backfills.c.open_end & (backfills.c.until == until)
            asked = (backfills.c.source == source) & (backfills.c.since == since) & end
            found = conn.execute(select(backfills).where(asked)).one_or_none()
            taken = {"lease_owner": owner, "lease_until": now + term}
            fresh = {"until": until or now, "started": now, "finished": None, "posts": 0, "reached": None}
            if found is None:
                key = {"source": source, "since": since, "open_end": until is None, "fence": 1, "cursor": null()}
                row = conn.execute(insert(backfills).values(**key, **fresh, **taken).returning(backfills)).one()
                return _lease(row)
            state = _state(found, now)
            if state.lease_owner is not None or (state.finished is not None and not again):
                return state
            if state.finished is not None:
                taken |= fresh | {"cursor": null()}
            mine = backfills.c.id == found.id
            changed = update(backfills).where(mine).values(fence=backfills.c.fence + 1, **taken)
            return _lease(conn.execute(changed.returning(backfills)).one())

    def renew(self, lease: BackfillLease, term: timedelta) -> bool:
        """Hold it for `term` from now. False: it is lost, stop."""
        return self._update(lease, {"lease_until": self._store.now() + term})

    def save(self, lease: BackfillLease, cursor: Mapping[str, Any], posts: int, reached: datetime | None) -> bool:
        """Store how far it got, with `posts` published in all. False: the lease is lost, nothing was stored, stop."""
        return self._update(lease, {"cursor": dict(cursor), "posts": posts, "reached": reached})

    def release(self, lease: BackfillLease) -> bool:
        """Give it back unfinished. False: it was lost."""
        return self._update(lease, {"lease_owner": None, "lease_until": None})

    def finish(self, lease: BackfillLease) -> bool:
        """All of it is collected. False: the lease is lost, nothing was stored."""
        return self._update(lease, {"finished": self._store.now(), "lease_owner": None, "lease_until": None})

    def list(self) -> list[Backfill]:
        """All there ever were, the oldest first."""
        now = self._store.now()
        with self._store.reading() as conn:
            return [_state(row, now) for row in conn.execute(select(backfills).order_by(backfills.c.id))]

    def _update(self, lease: BackfillLease, change: dict[str, Any]) -> bool:
        held = and_(
            backfills.c.id == lease.id, backfills.c.fence == lease.fence, backfills.c.lease_owner == lease.owner
        )
        with self._store.transaction() as conn:
            return bool(conn.execute(update(backfills).where(held).values(change)).rowcount)


def _lease(row: Row[Any]) -> BackfillLease:
    return BackfillLease(row.id, row.source, row.since, row.until, row.lease_owner, row.fence, row.cursor, row.posts)


def _state(row: Row[Any], now: datetime) -> Backfill:
    held = row.lease_until is not None and row.lease_until > now
    return Backfill(
        source=row.source,
        since=row.since,
        until=row.until,
        reached=row.reached,
        posts=row.posts,
        started=row.started,
        finished=row.finished,
        lease_owner=row.lease_owner if held else None,
        lease_until=row.lease_until if held else None,
    )
