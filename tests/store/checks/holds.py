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
