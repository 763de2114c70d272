"""What people decided about posts: these two are one matter, or they are not."""

import builtins
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from store.engine import Store
from store.sql import one_of
from store.tables import decisions

_ABOUT = or_(one_of(decisions.c.left_post, "posts"), one_of(decisions.c.right_post, "posts"))
_IN_FORCE = select(decisions).where(_ABOUT, decisions.c.undone.is_(None)).order_by(decisions.c.id)


class Link(StrEnum):
    MUST = "must_link"
    CANNOT = "cannot_link"


@dataclass(frozen=True, slots=True)
class Decision:
    """`left` sorts before `right`; both are post ids."""

    id: int
    kind: Link
    left: str
    right: str
    actor: str
    made: datetime
    undone_by: str | None = None
    undone: datetime | None = None
    ruling: int | None = None
    """What a person did by which this was decided; None of the machine's, which hold an erased post where it was."""


class Decisions:
    """Every method may raise StoreError. Nothing is deleted: an undone decision stays on record."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, conn: Connection, kind: Link, one: str, other: str, actor: str) -> int:
        """Decide about two posts; the decision's id. Older decisions stay in force beneath: the newest counts, and
        those that contradict it count again once it is undone.

        Raises:
            ValueError: it is the same post twice.
        """
        return self.add_all(conn, [(kind, one, other)], actor)[0]

    def add_all(
        self, conn: Connection, links: Sequence[tuple[Link, str, str]], actor: str, *, ruling: int | None = None
    ) -> builtins.list[int]:
        """`add` for each, the last being the newest; their ids in the same order."""
        rows = []
        for kind, one, other in links:
            if one == other:
                raise ValueError(f"a decision needs two posts, not {one!r} twice")
            left, right = sorted((one, other))
            row = {"kind": kind.value, "left_post": left, "right_post": right, "actor": actor, "ruling": ruling}
            rows.append(row | {"made": self._store.now()})
        if not rows:
            return []
        statement = insert(decisions).returning(decisions.c.id, sort_by_parameter_order=True)
        return list(conn.execute(statement, rows).scalars())

    def undo(self, conn: Connection, decision: int, actor: str) -> bool:
        """False: there is no such decision, or it was undone before."""
        row = (decisions.c.id == decision) & decisions.c.undone.is_(None)
        return bool(
            conn.execute(update(decisions).where(row).values(undone=self._store.now(), undone_by=actor)).rowcount
        )

    def undo_ruling(self, conn: Connection, ruling: int, actor: str) -> builtins.list[Decision]:
        """Undo all decisions of a ruling that are in force; those."""
        rows = (decisions.c.ruling == ruling) & decisions.c.undone.is_(None)
        found = [_decision(row) for row in conn.execute(select(decisions).where(rows).order_by(decisions.c.id))]
        conn.execute(update(decisions).where(rows).values(undone=self._store.now(), undone_by=actor))
        return found

    def of(self, conn: Connection, posts: Collection[str]) -> builtins.list[Decision]:
        """The decisions in force about any of these posts, by id."""
        return [_decision(row) for row in conn.execute(_IN_FORCE, {"posts": posts})]

    def list(self, limit: int = 100) -> list[Decision]:
        """The last decisions, undone ones included, the newest first."""
        with self._store.reading() as conn:
            rows = conn.execute(select(decisions).order_by(decisions.c.id.desc()).limit(limit))
            return [_decision(row) for row in rows]


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        row.id,
        Link(row.kind),
        row.left_post,
        row.right_post,
        row.actor,
        row.made,
        row.undone_by,
        row.undone,
        row.ruling,
    )
