"""What one process holds for as long as it lives: an account's session, which must never be in use twice at once."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, select, update

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

    def take(self, name: str, owner: str, term: timedelta) -> Hold | None:
        """The hold, where nobody has it or who had it has not renewed it for `term`; to be asked again and again."""
        with self._store.transaction() as conn:
            conn.execute(upsert(conn, holds).values(name=name, fence=0, beat=0).on_conflict_do_nothing())
            row = conn.execute(select(holds).where(holds.c.name == name).with_for_update()).one()
            if row.owner is not None and not self._lapsed(name, (row.fence, row.beat), term):
                return None
            taken = Hold(name, owner, row.fence + 1)
            conn.execute(update(holds).where(holds.c.name == name).values(owner=owner, fence=taken.fence))
        self._watched.pop(name, None)
        return taken

    def renew(self, hold: Hold) -> bool:
        """Show that its holder lives. False: it is somebody else's, or was given back."""
        return self._update(hold, {"beat": holds.c.beat + 1})

    def release(self, hold: Hold) -> bool:
        """Give it back; whoever asks next has it. False: it was lost."""
        return self._update(hold, {"owner": None})

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

    def _update(self, hold: Hold, change: dict[str, Any]) -> bool:
        held = and_(holds.c.name == hold.name, holds.c.owner == hold.owner, holds.c.fence == hold.fence)
        with self._store.transaction() as conn:
            return bool(conn.execute(update(holds).where(held).values(change)).rowcount)
