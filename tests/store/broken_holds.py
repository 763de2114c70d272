"""Holds that are broken on purpose."""

import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import update

from store import Hold, Holds, Store
from store.tables import holds


class HoldsForAll(Holds):
    def take(self, name: str, owner: str, term: timedelta) -> Hold | None:
        return super().take(name, owner, timedelta(0)) or super().take(name, owner, timedelta(0))


class HoldsForEver(Holds):
    """What a killed process held is never used again."""

    def take(self, name: str, owner: str, term: timedelta) -> Hold | None:
        return super().take(name, owner, timedelta(days=3650))


class HoldsByTheClock(Holds):
    """Believes the clock of the day, which jumps."""

    def __init__(self, store: Store, monotonic: Callable[[], float]) -> None:
        super().__init__(store, lambda: store.now().timestamp())


class WatchesTheOwnerAlone(Holds):
    """Takes a hold that is renewed all the time."""

    def _lapsed(self, name: str, state: tuple[int, int], term: timedelta) -> bool:
        return super()._lapsed(name, (state[0], 0), term)


class RenewsWithoutFence(Holds):
    def renew(self, hold: Hold) -> bool:
        mine = (holds.c.name == hold.name) & (holds.c.owner == hold.owner)
        with self._store.transaction() as conn:
            return bool(conn.execute(update(holds).where(mine).values(beat=holds.c.beat + 1)).rowcount)


class HeldInTwoSteps(Holds):
    def take(self, name: str, owner: str, term: timedelta) -> Hold | None:
        if self.holder(name) is not None:
            return super().take(name, owner, term)
        time.sleep(0.002)
        return super().take(name, owner, timedelta(0)) or super().take(name, owner, timedelta(0))


BROKEN: list[tuple[str, type, str]] = [
    ("holds", HoldsForAll, "what_is_held_is_held_by_one"),
    ("holds", HoldsForEver, "what_a_killed_process_held_is_free_after_a_term_of_watching"),
    ("holds", HoldsByTheClock, "a_clock_that_jumps_frees_nothing"),
    ("holds", WatchesTheOwnerAlone, "what_is_held_is_held_by_one"),
    ("holds", RenewsWithoutFence, "one_owner_twice_is_told_apart"),
    ("holds", HeldInTwoSteps, "threads_never_hold_together"),
]
"""See `tests.store.broken.BROKEN`."""
