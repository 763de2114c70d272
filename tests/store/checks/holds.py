import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

from store import Hold, Holds
from tests.store.kit import HOUR, MINUTE, Kit, check, in_processes

SECOND = timedelta(seconds=1)


class Seconds:
    """A clock that only counts, and no two processes' alike."""

    def __init__(self, start: float = 0.0) -> None:
        self.passed = start

    def __call__(self) -> float:
        return self.passed

    def move(self, by: timedelta) -> None:
        self.passed += by.total_seconds()


def two(kit: Kit) -> tuple[Holds, Holds, Seconds]:
    """As two processes have them, and the seconds that pass for both."""
    seconds = Seconds()
    return kit.holds(kit.open(), seconds), kit.holds(kit.open(), seconds), seconds


def taken(hold: Hold | None) -> Hold:
    assert hold is not None
    return hold


@check
def what_is_held_is_held_by_one(kit: Kit) -> None:
    mine, yours, seconds = two(kit)
    hold = taken(mine.take("session", "me", MINUTE))
    assert (mine.holder("session"), yours.holder("other")) == ("me", None)
    assert yours.take("other", "you", MINUTE) == Hold("other", "you", 1)
    for _ in range(20):
        assert yours.take("session", "you", MINUTE) is None
        seconds.move(20 * SECOND)
        assert mine.renew(hold)
    assert mine.take("session", "me", MINUTE) is None


@check
def what_was_given_back_is_free_at_once(kit: Kit) -> None:
    mine, yours, _ = two(kit)
    hold = taken(mine.take("session", "me", MINUTE))
    assert mine.release(hold)
    assert yours.holder("session") is None
    assert not mine.renew(hold)
    assert not mine.release(hold)
    assert yours.take("session", "you", MINUTE) == Hold("session", "you", hold.fence + 1)
    assert not mine.release(hold)
    assert yours.holder("session") == "you"


@check
def what_a_killed_process_held_is_free_after_a_term_of_watching(kit: Kit) -> None:
    mine, yours, seconds = two(kit)
    hold = taken(mine.take("session", "me", MINUTE))
    seconds.move(HOUR)
    assert yours.take("session", "you", MINUTE) is None  # seen for the first time
    seconds.move(MINUTE - SECOND)
    assert yours.take("session", "you", MINUTE) is None
    assert mine.renew(hold)  # a pause, and no end
    seconds.move(SECOND)
    assert yours.take("session", "you", MINUTE) is None
    seconds.move(MINUTE)
    found = taken(yours.take("session", "you", MINUTE))
    assert found.fence == hold.fence + 1
    assert not mine.renew(hold)
    assert not mine.release(hold)
    assert yours.renew(found)


@check
def a_clock_that_jumps_frees_nothing(kit: Kit) -> None:
    mine, yours, seconds = two(kit)
    hold = taken(mine.take("session", "me", MINUTE))
    for jump in (HOUR, -2 * HOUR, 1000 * HOUR):
        assert yours.take("session", "you", MINUTE) is None
        kit.clock.move(jump)
        seconds.move(SECOND)
        assert yours.take("session", "you", MINUTE) is None
    assert mine.renew(hold)


@check
def one_owner_twice_is_told_apart(kit: Kit) -> None:
    mine, again, seconds = two(kit)
    before = taken(mine.take("session", "me", MINUTE))
    assert again.take("session", "me", MINUTE) is None
    seconds.move(MINUTE)
    hold = taken(again.take("session", "me", MINUTE))
    assert not mine.renew(before)
    assert again.renew(hold)


class Borrower:
    """Wants what others hold for half a minute, or what is free for ten seconds."""

    def __init__(self, holds: Holds, owner: str) -> None:
        self.holds = holds
        self.owner = owner

    def __call__(self) -> Hold | None:
        return self.holds.borrow("session", self.owner, MINUTE, held_for=30 * SECOND, free_for=10 * SECOND)


@check
def what_is_wanted_is_handed_over_to_who_wants_it(kit: Kit) -> None:
    mine, yours, seconds = two(kit)
    third = kit.holds(kit.open(), seconds)
    borrow = Borrower(yours, "you")
    hold = taken(mine.take("session", "me", MINUTE))
    assert borrow() is None
    seconds.move(29 * SECOND)
    assert borrow() is None
    assert mine.renew(hold)
    assert not mine.wanted(hold)
    seconds.move(SECOND)
    assert borrow() is None  # and asks
    assert mine.wanted(hold)
    assert mine.renew(hold)
    assert borrow() is None
    assert mine.hand_over(hold)
    assert not mine.renew(hold)
    assert not mine.wanted(hold)
    assert (mine.take("session", "me", MINUTE), third.take("session", "third", MINUTE)) == (None, None)
    assert Borrower(third, "third")() is None
    borrowed = taken(borrow())
    assert borrowed == Hold("session", "you", hold.fence + 1)
    assert not mine.hand_over(hold)
    assert not yours.wanted(borrowed)
    assert yours.release(borrowed)
    assert taken(mine.take("session", "me", MINUTE)).fence == borrowed.fence + 1


@check
def what_is_free_is_lent_when_nobody_took_it_for_good(kit: Kit) -> None:
    mine, yours, seconds = two(kit)
    borrow = Borrower(yours, "you")
    assert borrow() is None
    seconds.move(9 * SECOND)
    assert borrow() is None
    assert mine.release(taken(mine.take("session", "me", MINUTE)))
    seconds.move(SECOND)
    assert borrow() is None  # somebody had it meanwhile
    seconds.move(10 * SECOND)
    borrowed = taken(borrow())
    assert mine.take("session", "me", MINUTE) is None
    assert yours.renew(borrowed)


@check
def borrowers_do_not_pass_it_round(kit: Kit) -> None:
    mine, yours, seconds = two(kit)
    one, other = Borrower(mine, "one"), Borrower(yours, "other")
    assert one() is None
    seconds.move(10 * SECOND)
    borrowed = taken(one())
    assert other() is None
    seconds.move(30 * SECOND)
    assert other() is None  # and asks
    assert mine.wanted(borrowed)
    assert mine.release(borrowed)
    assert other() is None
    hold = taken(mine.take("session", "me", MINUTE))
    assert other() is None
    seconds.move(29 * SECOND)
    assert other() is None
    assert not mine.wanted(hold)


@check
def what_was_handed_over_to_the_dead_is_free_after_a_term_of_watching(kit: Kit) -> None:
    mine, yours, seconds = two(kit)
    borrow = Borrower(yours, "you")
    hold = taken(mine.take("session", "me", MINUTE))
    assert borrow() is None
    seconds.move(30 * SECOND)
    assert borrow() is None
    assert mine.hand_over(hold)
    assert mine.take("session", "me", MINUTE) is None
    seconds.move(MINUTE - SECOND)
    assert mine.take("session", "me", MINUTE) is None
    seconds.move(SECOND)
    again = taken(mine.take("session", "me", MINUTE))
    assert not mine.wanted(again)
    assert borrow() is None


@check
def what_is_wanted_no_more_is_kept(kit: Kit) -> None:
    mine, yours, seconds = two(kit)
    borrow = Borrower(yours, "you")
    hold = taken(mine.take("session", "me", MINUTE))
    assert borrow() is None
    seconds.move(30 * SECOND)
    assert borrow() is None
    assert not yours.withdraw("session", "another")
    assert mine.wanted(hold)
    assert yours.withdraw("session", "you")
    assert not mine.wanted(hold)
    assert not yours.withdraw("session", "you")


@check
def what_a_killed_process_held_is_lent_after_a_term_of_watching(kit: Kit) -> None:
    mine, yours, seconds = two(kit)
    borrow = Borrower(yours, "you")
    hold = taken(mine.take("session", "me", MINUTE))
    assert borrow() is None
    seconds.move(MINUTE - SECOND)
    assert borrow() is None
    seconds.move(SECOND)
    assert taken(borrow()).fence == hold.fence + 1
    assert not mine.renew(hold)


def use(kit: Kit, owner: str) -> list[tuple[float, float]]:
    """Hold the session ten times for a moment; from when to when."""
    holds = kit.holds(kit.live(), time.monotonic)
    spans = []
    while len(spans) < 10:
        hold = holds.take("session", owner, MINUTE)
        if hold is None:
            time.sleep(0.002)
            continue
        start = time.monotonic()
        time.sleep(0.005)
        spans.append((start, time.monotonic()))
        assert holds.release(hold)
    return spans


def use_apart(kit: Kit, owner: str, answers: Any) -> None:
    try:
        answers.put(use(kit, owner))
    finally:
        kit.close()


def assert_apart(found: list[list[tuple[float, float]]]) -> None:
    spans = sorted(span for some in found for span in some)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@check
def threads_never_hold_together(kit: Kit) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert_apart(list(pool.map(lambda n: use(kit, f"t{n}"), range(4))))


@check
def processes_never_hold_together(kit: Kit) -> None:
    assert_apart(in_processes(use_apart, kit, 3))
