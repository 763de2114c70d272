"""Who did or looked at what. Rows are only ever added; the database itself refuses to change or delete one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from store.engine import Store
from store.tables import audit


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

    def list(self, limit: int = 100, object_: str | None = None, before: int | None = None) -> list[Entry]:
        """The last entries, the newest first; of one object, and with ids below `before`, where these are given."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if object_ is not None:
            query = query.where(audit.c.object == object_)
        if before is not None:
            query = query.where(audit.c.id < before)
        with self._store.reading() as conn:
            return [Entry(**row) for row in conn.execute(query).mappings()]
