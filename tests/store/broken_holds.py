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


class HandsOverToAnybody(Holds):
    def hand_over(self, hold: Hold) -> bool:
        return self.release(hold)


class ReleasesToWhoWantsIt(Holds):
    def release(self, hold: Hold) -> bool:
        return self.hand_over(hold)


class HandsOverForEver(Holds):
    """Waits for a borrower who may be dead."""

    def take(self, name: str, owner: str, term: timedelta) -> Hold | None:
        return super().take(name, owner, term if self.holder(name) else timedelta(days=3650))


class AsksAtOnce(Holds):
    def borrow(
        self, name: str, owner: str, term: timedelta, *, held_for: timedelta, free_for: timedelta
    ) -> Hold | None:
        return super().borrow(name, owner, term, held_for=0 * held_for, free_for=free_for)


class ComesFirst(Holds):
    """Takes what is free before those who want it for good."""

    def borrow(
        self, name: str, owner: str, term: timedelta, *, held_for: timedelta, free_for: timedelta
    ) -> Hold | None:
        return super().borrow(name, owner, term, held_for=held_for, free_for=0 * free_for)


class BorrowsFromTheLivingAlone(Holds):
    def borrow(
        self, name: str, owner: str, term: timedelta, *, held_for: timedelta, free_for: timedelta
    ) -> Hold | None:
        return super().borrow(name, owner, timedelta(days=3650), held_for=held_for, free_for=free_for)


class WithdrawsForAll(Holds):
    def withdraw(self, name: str, owner: str) -> bool:
        with self._store.transaction() as conn:
            return bool(conn.execute(update(holds).where(holds.c.name == name).values(wanted=None)).rowcount)


BROKEN: list[tuple[str, type, str]] = [
    ("holds", HoldsForAll, "what_is_held_is_held_by_one"),
    ("holds", HoldsForEver, "what_a_killed_process_held_is_free_after_a_term_of_watching"),
    ("holds", HoldsByTheClock, "a_clock_that_jumps_frees_nothing"),
    ("holds", WatchesTheOwnerAlone, "what_is_held_is_held_by_one"),
    ("holds", RenewsWithoutFence, "one_owner_twice_is_told_apart"),
    ("holds", HandsOverToAnybody, "what_is_wanted_is_handed_over_to_who_wants_it"),
    ("holds", ReleasesToWhoWantsIt, "borrowers_do_not_pass_it_round"),
    ("holds", HandsOverForEver, "what_was_handed_over_to_the_dead_is_free_after_a_term_of_watching"),
    ("holds", AsksAtOnce, "what_is_wanted_is_handed_over_to_who_wants_it"),
    ("holds", ComesFirst, "what_is_free_is_lent_when_nobody_took_it_for_good"),
    ("holds", BorrowsFromTheLivingAlone, "what_a_killed_process_held_is_lent_after_a_term_of_watching"),
    ("holds", WithdrawsForAll, "what_is_wanted_no_more_is_kept"),
    ("holds", HeldInTwoSteps, "threads_never_hold_together"),
]
"""See `tests.store.broken.BROKEN`."""
