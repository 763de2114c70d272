"""What people did with incidents in one go, and the decisions about pairs of posts that came of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from store.decisions import Decision, Decisions, Link
from store.engine import Store
from store.tables import decisions, rulings


class RulingKind(StrEnum):
    MERGE = "merge"
    SPLIT = "split"
    MOVE = "move"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Ruling:
    id: int
    kind: RulingKind
    incidents: tuple[int, ...]
    """First the one that was to live on; a split knows its offspring by the history only."""
    posts: tuple[str, ...]
    """Of a split or move: what was taken out; of a place: what was placed."""
    actor: str
    made: datetime
    comment: str | None = None
    undone_by: str | None = None
    undone: datetime | None = None
    opened: tuple[datetime, ...] = ()
    """When each of `incidents` had been registered before; empty where that was not yet recorded."""


class Rulings:
    """Every method may raise StoreError. Nothing is deleted: an undone ruling stays on record, with its decisions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._decisions = Decisions(store)

    def add(
        self,
        conn: Connection,
        kind: RulingKind,
        *,
        incidents: Sequence[int],
        posts: Collection[str],
        links: Sequence[tuple[Link, str, str]],
        actor: str,
        comment: str | None,
        opened: Sequence[datetime] = (),
    ) -> int:
        """Record a ruling with its decisions; its id. Older ones stay in force beneath: the newest counts."""
        row = {
            "kind": kind.value,
            "incidents": list(incidents),
            "posts": sorted(posts),
            "actor": actor,
            "made": self._store.now(),
            "comment": comment,
            "opened": [one.isoformat() for one in opened],
        }
        id_ = int(conn.execute(insert(rulings).values(**row).returning(rulings.c.id)).scalar_one())
        self._decisions.add_all(conn, links, actor, ruling=id_)
        return id_

    def undo(self, conn: Connection, ruling: int, actor: str) -> list[Decision] | None:
        """Retract a ruling; its decisions that were in force. None: there is none, or it was undone before."""
        now = self._store.now()
        row = (rulings.c.id == ruling) & rulings.c.undone.is_(None)
        if not conn.execute(update(rulings).where(row).values(undone=now, undone_by=actor)).rowcount:
            return None
        return self._decisions.undo_ruling(conn, ruling, actor)

    def get(self, conn: Connection, ruling: int) -> Ruling | None:
        """A ruling, undone or not."""
        row = conn.execute(select(rulings).where(rulings.c.id == ruling)).first()
        return _ruling(row) if row else None

    def last(self, conn: Connection, actor: str) -> Ruling | None:
        """The newest of this person's that stands."""
        query = select(rulings).where(rulings.c.actor == actor, rulings.c.undone.is_(None))
        row = conn.execute(query.order_by(rulings.c.id.desc()).limit(1)).first()
        return _ruling(row) if row else None

    def behind(self, conn: Connection, decision_ids: Collection[int]) -> list[Ruling]:
        """The rulings that these decisions belong to, as far as they belong to one, the oldest first."""
        of_these = select(decisions.c.ruling).where(decisions.c.id.in_(sorted(decision_ids)))
        return [_ruling(row) for row in conn.execute(select(rulings).where(rulings.c.id.in_(of_these)).order_by("id"))]

    def list(self, limit: int = 100) -> list[Ruling]:
        """The last ones, undone ones included, the newest first."""
        with self._store.reading() as conn:
            return [_ruling(row) for row in conn.execute(select(rulings).order_by(rulings.c.id.desc()).limit(limit))]


def _ruling(row: Row[Any]) -> Ruling:
    return Ruling(
        row.id,
        RulingKind(row.kind),
        tuple(row.incidents),
        tuple(row.posts),
        row.actor,
        row.made,
        row.comment,
        row.undone_by,
        row.undone,
        tuple(map(datetime.fromisoformat, row.opened or ())),
    )
