"""Who did or looked at what. Rows are only ever added: the database itself refuses to change one, or to delete one that
is not a year older than the newest."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from store.engine import Store
from store.tables import audit

PROTECTED = timedelta(days=365)
"""What the trigger of migration 0009 keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is to be written down, at the time when it was."""

    at: datetime
    actor: str
    action: str
    object: str
    details: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    at: datetime
    actor: str
    """A person's login, or `otklik`."""
    action: str
    """`incident.read`, `decision.undo`, `db.restore`: what was done."""
    object: str
    """To what: `incident:17`, `post:vk:-1_2`."""
    details: dict[str, Any] | None


class Audit:
    """Every method may raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, conn: Connection, actor: str, action: str, object_: str, details: Mapping[str, Any] | None = None
    ) -> None:
        """Record it if, and only if, the transaction of `conn` commits. `details` never hold a post's text."""
        values = {"at": self._store.now(), "actor": actor, "action": action, "object": object_}
        conn.execute(insert(audit).values(**values, details=None if details is None else dict(details)))

    def add_all(self, looks: Sequence[Look]) -> None:
        """Record them, in a transaction of their own."""
        with self._store.transaction() as conn:
            if looks:
                conn.execute(insert(audit), [asdict(look) for look in looks])

    def prune(self, before: datetime) -> int:
        """Delete entries made before `before`; how many. What is protected stays."""
        with self._store.transaction() as conn:
            newest = conn.execute(select(func.max(audit.c.at))).scalar()
            if newest is None:
                return 0
            return conn.execute(delete(audit).where(audit.c.at < min(before, newest - PROTECTED))).rowcount

    def list(
        self,
        limit: int = 100,
        object_: str | None = None,
        before: int | None = None,
        *,
        since: datetime | None = None,
        actor: str | None = None,
    ) -> list[Entry]:
        """The last entries, the newest first; of one object, of one person, since a time, and with ids below `before`,
        where these are given."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if object_ is not None:
            query = query.where(audit.c.object == object_)
        if since is not None:
            query = query.where(audit.c.at >= since)
        if actor is not None:
            query = query.where(audit.c.actor == actor)
        if before is not None:
            query = query.where(audit.c.id < before)
        with self._store.reading() as conn:
            return [Entry(**row) for row in conn.execute(query).mappings()]
