"""What one process holds for as long as it lives: an account's session, which must never be in use twice at once.

A back-fill borrows it: it asks, the holder hands it over and has it back afterwards.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update

from store.engine import Store
from store.sql import upsert
from store.tables import holds


@dataclass(frozen=True, slots=True)
class Hold:
    """`fence` rises each time `name` is taken."""

    name: str
    owner: str
    fence: int


class Holds:
    """One per process: it watches the holds of others. Every method may raise StoreError.

    No clock of the day is asked, so none that jumps makes two holders of one. A hold lapses when somebody else has
    watched it for `term`, by a clock that only counts seconds, and seen no renewal. So a holder that stops using what
    it holds within `term` of the beginning of its last successful renewal is always ahead of the next one.
    """

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._watched: dict[str, tuple[tuple[int, int], float]] = {}
        self._turns: dict[str, tuple[int, bool, float]] = {}

    def take(self, name: str, owner: str, term: timedelta) -> Hold | None:
        """The hold, where nobody has it or who had it has not renewed it for `term`; to be asked again and again.

        One that was handed over is had like that too, when whoever wanted it has not taken it for `term`.
        """
        with self._store.transaction() as conn:
            row = _row(conn, name)
            kept = row.owner is not None or row.wanted is not None
            if kept and not self._lapsed(name, (row.fence, row.beat), term):
                return None
            return self._take(conn, row, owner)

    def borrow(
        self, name: str, owner: str, term: timedelta, *, held_for: timedelta, free_for: timedelta
    ) -> Hold | None:
        """As `take`, for somebody who needs it for a while, then `release`s it; to be asked again and again.

        Who was watched to have it for `held_for` is asked to hand it over. What nobody has is left to those who want it
        for good, until it was watched to be free for `free_for`: so borrowers alone never pass it round.
        """
        with self._store.transaction() as conn:
            row = _row(conn, name)
            unchanged = self._unchanged(name, row.fence, row.owner is None)
            if row.owner is None and row.wanted is None:
                mine = unchanged >= free_for.total_seconds()
            else:
                mine = self._lapsed(name, (row.fence, row.beat), term) or (row.owner is None and row.wanted == owner)
            if mine:
                return self._take(conn, row, owner)
            if row.owner is not None and row.wanted is None and unchanged >= held_for.total_seconds():
                conn.execute(update(holds).where(holds.c.name == name).values(wanted=owner))
            return None

    def withdraw(self, name: str, owner: str) -> bool:
        """Want it no more. False: it was not wanted."""
        mine = and_(holds.c.name == name, holds.c.wanted == owner)
        with self._store.transaction() as conn:
            return bool(conn.execute(update(holds).where(mine).values(wanted=None)).rowcount)

    def wanted(self, hold: Hold) -> bool:
        """Whether somebody waits for it: `hand_over`, when that can be."""
        with self._store.reading() as conn:
            found = conn.execute(select(holds.c.wanted).where(_held(hold))).scalar()
        return found is not None

    def renew(self, hold: Hold) -> bool:
        """Show that its holder lives. False: it is somebody else's, or was given back."""
        return self._update(hold, {"beat": holds.c.beat + 1})

    def release(self, hold: Hold) -> bool:
        """Give it back; whoever asks next has it. False: it was lost."""
        return self._update(hold, {"owner": None, "wanted": None})

    def hand_over(self, hold: Hold) -> bool:
        """Give it to who wants it, and to nobody else before a term has passed. False: it was lost."""
        return self._update(hold, {"owner": None, "beat": holds.c.beat + 1})

    def holder(self, name: str) -> str | None:
        """Who has it, or had it and was killed."""
        with self._store.reading() as conn:
            return conn.execute(select(holds.c.owner).where(holds.c.name == name)).scalar()

    def _lapsed(self, name: str, state: tuple[int, int], term: timedelta) -> bool:
        now = self._monotonic()
        seen, since = self._watched.get(name, (None, now))
        if seen != state:
            self._watched[name] = (state, now)
            return False
        return now - since >= term.total_seconds()

    def _unchanged(self, name: str, fence: int, free: bool) -> float:
        """Seconds for which the same one was watched to have it, or it to be free."""
        now = self._monotonic()
        before = self._turns.get(name)
        if before is None or before[:2] != (fence, free):
            before = self._turns[name] = (fence, free, now)
        return now - before[2]

    def _take(self, conn: Connection, row: Row[Any], owner: str) -> Hold:
        taken = Hold(row.name, owner, row.fence + 1)
        change = {"owner": owner, "fence": taken.fence, "wanted": None}
        conn.execute(update(holds).where(holds.c.name == row.name).values(change))
        self._watched.pop(row.name, None)
        return taken

    def _update(self, hold: Hold, change: dict[str, Any]) -> bool:
        with self._store.transaction() as conn:
            return bool(conn.execute(update(holds).where(_held(hold)).values(change)).rowcount)


def _row(conn: Connection, name: str) -> Row[Any]:
    conn.execute(upsert(conn, holds).values(name=name, fence=0, beat=0).on_conflict_do_nothing())
    return conn.execute(select(holds).where(holds.c.name == name).with_for_update()).one()


def _held(hold: Hold) -> Any:
    return and_(holds.c.name == hold.name, holds.c.owner == hold.owner, holds.c.fence == hold.fence)
