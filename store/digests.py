"""What each sink has been told of its sources' health, and the digest that is on its way to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update

from schemas import Health, SourceDigest
from store.engine import Store
from store.health_tables import digests, source_events
from store.sql import upsert


@dataclass(frozen=True, slots=True)
class Digest:
    sink: str
    position: int
    """Of the last event that a delivered digest has told of."""
    number: int
    """How many digests were delivered or refused; the next one's number is one more."""
    sent: datetime | None
    named: Mapping[str, Health]
    """The sources in trouble that the receiver knows of."""
    pending: SourceDigest | None
    """Made and not delivered yet: whatever happens, it is this one that is sent again."""


class Digests:
    """A digest is stored before it is sent, so that an attempt after a crash has the same id and content.

    Several processes may serve one sink: `plan` and `take` let one of them send, for `term`. Every method may raise
    StoreError.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, sink: str) -> Digest:
        """Where the sink stands. A new one is told of what is in trouble now, not of what has been."""
        mine = select(digests).where(digests.c.sink == sink)
        with self._store.reading() as conn:
            row = conn.execute(mine).first()
        if row is None:
            with self._store.transaction() as conn:
                last = conn.execute(select(func.coalesce(func.max(source_events.c.position), 0))).scalar_one()
                new = upsert(conn, digests).values(sink=sink, position=last, number=0, named={})
                conn.execute(new.on_conflict_do_nothing())
                row = conn.execute(mine).one()
        return Digest(
            sink=row.sink,
            position=row.position,
            number=row.number,
            sent=row.sent,
            named={source: Health(health) for source, health in row.named.items()},
            pending=None if row.pending is None else SourceDigest.from_json(row.pending["event"]),
        )

    def plan(
        self, seen: Digest, event: SourceDigest, position: int, named: Mapping[str, Health], term: timedelta
    ) -> bool:
        """Make `event` the pending one and take it. False: another process was faster."""
        told = {source: health.value for source, health in named.items()}
        pending = {"event": event.encode().decode(), "position": position, "named": told}
        return self._update(seen, digests.c.pending.is_(None), pending=pending, busy_until=self._store.now() + term)

    def take(self, seen: Digest, term: timedelta) -> bool:
        """The right to send the pending one. False: another process is at it, or it is no longer pending."""
        now = self._store.now()
        until = digests.c.busy_until
        free = or_(until.is_(None), until <= now, until > now + term)  # the last: of a clock that ran ahead
        return self._update(seen, digests.c.pending.is_not(None) & free, busy_until=now + term)

    def delivered(self, seen: Digest) -> None:
        """The receiver has it."""
        with self._store.transaction() as conn:
            mine = (digests.c.sink == seen.sink) & (digests.c.number == seen.number)
            pending = conn.execute(select(digests.c.pending).where(mine).with_for_update()).scalar()
            if pending is not None:
                conn.execute(
                    update(digests)
                    .where(mine)
                    .values(
                        position=pending["position"],
                        named=pending["named"],
                        number=seen.number + 1,
                        sent=self._store.now(),
                        pending=None,
                        busy_until=None,
                    )
                )

    def refused(self, seen: Digest) -> None:
        """The receiver will never take it: what it told is still to be told, by the next one."""
        self._update(seen, number=seen.number + 1, sent=self._store.now(), pending=None, busy_until=None)

    def release(self, seen: Digest) -> None:
        """It was not taken now."""
        self._update(seen, busy_until=None)

    def _update(self, seen: Digest, *conditions: Any, **values: Any) -> bool:
        mine = (digests.c.sink == seen.sink) & (digests.c.number == seen.number)
        with self._store.transaction() as conn:
            return bool(conn.execute(update(digests).where(mine, *conditions).values(values)).rowcount)
