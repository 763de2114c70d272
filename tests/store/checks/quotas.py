import random
from datetime import datetime, timedelta
from typing import Any

from store import Allowance, Quotas, Resolved, Turn, Why
from store.pace import AHEAD, LATE, WINDOW
from tests.store.kit import HOUR, MINUTE, Kit, check, in_processes

SECOND = timedelta(seconds=1)


def assert_paced(grants: list[datetime], per_second: int, jitter: timedelta = LATE) -> None:
    """No sliding second, closed at both ends, holds more than `per_second`, even where any of them is sent late."""
    grants = sorted(grants)
    for first, last in zip(grants, grants[per_second:], strict=False):
        assert last - first - jitter > SECOND


def granted(quotas: Quotas, method: str, per_second: int, per_day: int | None = None, token: str = "token") -> datetime:
    turn = quotas.take("vk", method, [Allowance(token, per_second, per_day)])
    assert turn.granted
    return turn.at


def refused(quotas: Quotas, method: str, per_second: int, per_day: int | None = None, token: str = "token") -> Turn:
    turn = quotas.take("vk", method, [Allowance(token, per_second, per_day)])
    assert not turn.granted
    return turn


@check
def no_sliding_second_holds_one_more(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    dice = random.Random(5)
    grants = []
    for n in range(200):
        at = granted(quotas, f"method{n % 3}", 3)
        assert at >= kit.clock()
        grants.append(at)
        kit.clock.move(timedelta(seconds=dice.choice([0, 0, 0.01, 0.2, 0.5, 1.5])))
        if n == 100:  # a restart
            quotas = kit.quotas(kit.open())
    assert grants == sorted(grants)
    assert_paced(grants, 3)
    # And little is wasted: tokens are scarce.
    busy = [granted(quotas, "wall.get", 3, token="other") for _ in range(31)]
    assert busy[-1] - busy[0] <= timedelta(seconds=10 / 0.9)


@check
def tokens_and_services_have_quotas_of_their_own(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    calls = [("vk", "a"), ("vk", "b"), ("telegram", "a")]
    assert [quotas.take(s, "get", [Allowance(t, 1, 1)]) for s, t in calls] == [
        Turn(token, kit.clock(), granted=True) for _, token in calls
    ]
    assert [quotas.take(s, "get", [Allowance(t, 1, 1)]).granted for s, t in calls] == [False] * 3


@check
def the_token_that_is_free_first_is_taken(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    both = [Allowance("slow", 1, None), Allowance("fast", 2, 3)]

    def take(expected: str) -> datetime:
        turn = quotas.take("vk", "wall.get", both)
        assert (turn.granted, turn.token) == (True, expected)
        return turn.at

    start = kit.clock()
    assert [take("slow"), take("fast"), take("fast")] == [start] * 3
    assert [take("slow"), take("fast")] == [start + WINDOW] * 2
    assert take("slow") == start + 2 * WINDOW  # "fast" has used up its day
    quotas.block("vk", "slow", start + HOUR, "подождите")
    turn = quotas.take("vk", "wall.get", both)
    assert (turn.granted, turn.token, turn.at, turn.why) == (False, "slow", start + HOUR, Why.BLOCKED)


def waiting(quotas: Quotas, per_second: int, per_day: int | None = None) -> Turn:
    return quotas.take("vk", "wall.get", [Allowance("token", per_second, per_day, behind=True)])


@check
def who_can_wait_never_stands_in_line(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    start = kit.clock()
    assert [waiting(quotas, 5) for _ in range(3)] == [Turn("token", start, granted=True)] * 3
    refused = waiting(quotas, 5)
    assert (refused.granted, refused.at) == (False, start + WINDOW)
    # The others have what is left of the second at once, as if nobody were there, and then stand in line.
    assert [granted(quotas, "wall.get", 5) for _ in range(3)] == [start, start, start + WINDOW]
    kit.clock.move(WINDOW / 2)
    refused = waiting(quotas, 5)
    assert (refused.granted, refused.at) == (False, start + WINDOW)
    kit.clock.move(WINDOW)
    assert waiting(quotas, 5).granted


@check
def who_can_wait_has_one_turn_of_the_slowest_token(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    assert waiting(quotas, 1).granted
    assert not waiting(quotas, 1).granted
    kit.clock.move(WINDOW)
    assert waiting(quotas, 1).granted


@check
def who_can_wait_asks_again_soon_however_long_the_line_is(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    while quotas.take("vk", "wall.get", [Allowance("token", 1)]).granted:
        pass
    refused = waiting(quotas, 1)
    assert (refused.granted, refused.at) == (False, kit.clock() + AHEAD / 2)


@check
def who_can_wait_leaves_a_share_of_the_day(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())

    def used(take: Any) -> int:
        count = 0
        while take().granted:
            count += 1
            kit.clock.move(SECOND)
        return count

    def ordinary() -> Turn:
        return quotas.take("vk", "wall.get", [Allowance("token", 5, 100)])

    assert [ordinary().granted for _ in range(10)] == [True] * 10
    kit.clock.move(SECOND * 5)
    assert used(lambda: waiting(quotas, 5, 100)) == 60
    turn = waiting(quotas, 5, 100)
    assert (turn.why, turn.at > kit.clock() + 23 * HOUR) == (Why.DAY, True)
    assert used(ordinary) == 30
    kit.clock.move(25 * HOUR)
    assert used(lambda: waiting(quotas, 5, 100)) == 70


@check
def the_day_is_used_up_and_comes_back(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    start = kit.clock()
    for _ in range(5):
        granted(quotas, "wall.get", 20, 5)
        kit.clock.move(HOUR)
    refused(quotas, "wall.get", 20, 5)
    granted(quotas, "wall.search", 20, 5)
    restarted = kit.quotas(kit.open())
    turn = refused(restarted, "wall.get", 20, 5)
    assert (turn.token, turn.why) == ("token", Why.DAY)
    assert {row.method: row.used for row in restarted.balances()} == {"": 0, "wall.get": 5, "wall.search": 1}
    assert start + timedelta(days=1) <= turn.at <= start + timedelta(days=1, minutes=15)
    kit.clock.time = turn.at - timedelta(microseconds=1)
    refused(restarted, "wall.get", 20, 5)
    kit.clock.time = turn.at
    assert granted(restarted, "wall.get", 20, 5) == turn.at
    refused(restarted, "wall.get", 20, 5)


@check
def no_sliding_day_holds_one_more(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    dice = random.Random(6)
    grants: list[datetime] = []
    for _ in range(300):
        turn = quotas.take("vk", "wall.get", [Allowance("token", 20, 7)])
        if turn.granted:
            grants.append(turn.at)
        kit.clock.move(timedelta(minutes=dice.choice([1, 30, 200])))
    assert len(grants) > 50
    for first, last in zip(grants, grants[7:], strict=False):
        assert last - first >= timedelta(days=1)


@check
def an_unused_turn_is_given_back(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    start = kit.clock()
    turns = [quotas.take("vk", "wall.get", [Allowance("token", 2, 3)]) for _ in range(2)]
    kit.clock.move(LATE * 2)
    again = quotas.take("vk", "wall.get", [Allowance("token", 2, 3)], unused=turns[0])
    assert (again.granted, again.at) == (True, start + LATE * 2)
    assert granted(quotas, "wall.get", 2, 3) == start + WINDOW
    refused(quotas, "wall.get", 2, 3)  # three were made, four were granted


@check
def a_block_holds_for_all_and_outlives_the_process(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    until = kit.clock() + 20 * HOUR
    quotas.block("vk", "token", until, "лимит исчерпан", "wall.get")
    quotas.block("vk", "token", kit.clock() + HOUR, "короче", "wall.get")
    restarted = kit.quotas(kit.open())
    assert refused(restarted, "wall.get", 3) == Turn("token", until, False, Why.BLOCKED, "лимит исчерпан")
    granted(restarted, "wall.getComments", 3)
    granted(restarted, "wall.get", 3, token="other")
    restarted.block("vk", "token", until + HOUR, "FLOOD_WAIT")
    assert refused(quotas, "wall.getComments", 3) == Turn("token", until + HOUR, False, Why.BLOCKED, "FLOOD_WAIT")
    whole, method = (row for row in quotas.balances() if row.token == "token" and row.method in ("", "wall.get"))
    assert (whole.blocked_until, whole.reason) == (until + HOUR, "FLOOD_WAIT")
    assert (method.blocked_until, method.reason) == (until, "лимит исчерпан")
    kit.clock.time = until + HOUR
    assert granted(quotas, "wall.get", 3) == kit.clock()
    assert [row.blocked_until for row in quotas.balances()] == [None] * 5


@check
def a_slowed_token_keeps_half_its_pace(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    start = kit.clock()
    quotas.slow("vk", "token", start + MINUTE)
    turn = refused(quotas, "wall.get", 5)
    assert (turn.at, turn.why) == (start + WINDOW, Why.BLOCKED)
    kit.clock.time = turn.at
    grants = [granted(kit.quotas(kit.open()), "wall.get", 5) for _ in range(5)]
    assert grants == [turn.at] * 2 + [turn.at + WINDOW] * 2 + [turn.at + 2 * WINDOW]
    kit.clock.time = start + MINUTE
    assert [granted(quotas, "wall.get", 5) for _ in range(5)] == [kit.clock()] * 5


@check
def a_clock_set_back_holds_nothing_up_for_long(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    right = kit.clock()
    for ahead in (timedelta(seconds=20), HOUR, timedelta(days=400)):
        kit.clock.time = right + ahead
        for _ in range(8):
            granted(quotas, "wall.get", 3, 100)
        quotas.block("vk", "token", kit.clock() + MINUTE, "подождите", "wall.search")
        quotas.slow("vk", "token", kit.clock() + MINUTE)
        kit.clock.time = right
        assert refused(quotas, "wall.search", 3).at <= right + timedelta(seconds=80)
        kit.clock.move(timedelta(seconds=81))
        grants = [granted(quotas, "wall.get", 3, 100) for _ in range(7)]
        assert grants[0] <= kit.clock() + timedelta(seconds=32)
        assert_paced(grants, 3)
        right = kit.clock() + 2 * HOUR
    kit.clock.time = right + timedelta(days=2)
    assert sum(row.used for row in quotas.balances()) == 0


@check
def a_queue_reaches_only_so_far_ahead(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    turns = [quotas.take("vk", "wall.get", [Allowance("token", 1)]) for _ in range(40)]
    far = [turn for turn in turns if not turn.granted]
    assert 10 <= len(far) <= 13
    assert {turn.why for turn in far} == {Why.PACE}
    kit.clock.time = far[0].at
    granted(quotas, "wall.get", 1)


@check
def a_name_is_looked_up_once(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    channel = Resolved(-(2**40), 2**63 - 1)
    assert quotas.resolved("telegram", "account", "chan") is None
    quotas.remember("telegram", "account", "chan", Resolved(1), kit.clock() + HOUR)
    quotas.remember("telegram", "account", "chan", channel, kit.clock() + 2 * HOUR)
    restarted = kit.quotas(kit.open())
    assert restarted.resolved("telegram", "account", "chan") == channel
    assert restarted.resolved("telegram", "other", "chan") is None
    assert restarted.resolved("vk", "account", "chan") is None
    kit.clock.move(2 * HOUR)
    assert restarted.resolved("telegram", "account", "chan") is None
    quotas.remember("telegram", "account", "chan", channel, kit.clock() + HOUR)
    quotas.forget("telegram", "account", "chan")
    assert restarted.resolved("telegram", "account", "chan") is None


def take_apart(kit: Kit, owner: str, answers: Any) -> None:
    quotas = kit.quotas(kit.live())
    allowances = [Allowance("token", 10), Allowance("other", 5)]
    answers.put([quotas.take("vk", owner, allowances) for _ in range(20)])
    kit.close()


@check
def processes_share_a_quota(kit: Kit) -> None:
    turns = [turn for some in in_processes(take_apart, kit, 3) for turn in some]
    assert len(turns) == 60
    assert all(turn.granted for turn in turns)
    for token, per_second in (("token", 10), ("other", 5)):
        grants = [turn.at for turn in turns if turn.token == token]
        assert len(grants) >= 10
        assert_paced(grants, per_second)
