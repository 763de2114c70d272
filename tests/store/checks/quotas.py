import random
from datetime import datetime, timedelta
from typing import Any

from tests.store.kit import HOUR, Kit, check, in_processes


def assert_paced(grants: list[datetime], per_second: int) -> None:
    """No sliding second, closed at both ends, holds more than `per_second`."""
    grants = sorted(grants)
    for first, last in zip(grants, grants[per_second:], strict=False):
        assert last - first > timedelta(seconds=1)


@check
def no_sliding_second_holds_one_more(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    dice = random.Random(5)
    grants = []
    for n in range(200):
        at = quotas.take("vk", f"method{n % 3}", "token", 3, None)
        assert at is not None
        assert at >= kit.clock()
        grants.append(at)
        kit.clock.move(timedelta(seconds=dice.choice([0, 0, 0.01, 0.2, 0.5, 1.5])))
        if n == 100:  # a restart
            quotas = kit.quotas(kit.open())
    assert grants == sorted(grants)
    assert_paced(grants, 3)
    # And little is wasted: tokens are scarce.
    busy = [quotas.take("vk", "wall.get", "other", 3, None) for _ in range(31)]
    assert busy[0] is not None
    assert busy[-1] is not None
    assert busy[-1] - busy[0] < timedelta(seconds=11)


@check
def tokens_and_services_have_quotas_of_their_own(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    calls = [("vk", "a"), ("vk", "b"), ("telegram", "a")]
    assert [quotas.take(service, "get", token, 1, 1) for service, token in calls] == [kit.clock()] * 3
    assert [quotas.take(service, "get", token, 1, 1) for service, token in calls] == [None] * 3


@check
def the_day_is_used_up_and_comes_back(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    start = kit.clock()
    for _ in range(5):
        assert quotas.take("vk", "wall.get", "token", 20, 5) is not None
        kit.clock.move(HOUR)
    assert quotas.take("vk", "wall.get", "token", 20, 5) is None
    assert quotas.take("vk", "wall.search", "token", 20, 5) is not None
    restarted = kit.quotas(kit.open())
    assert restarted.take("vk", "wall.get", "token", 20, 5) is None
    assert restarted.used_today("vk", "wall.get", "token") == 5
    free = restarted.free_at("vk", "wall.get", "token", 5)
    assert start + timedelta(days=1) <= free <= start + timedelta(days=1, minutes=15)
    kit.clock.time = free - timedelta(microseconds=1)
    assert restarted.take("vk", "wall.get", "token", 20, 5) is None
    kit.clock.time = free
    assert restarted.take("vk", "wall.get", "token", 20, 5) == free
    assert restarted.take("vk", "wall.get", "token", 20, 5) is None


@check
def no_sliding_day_holds_one_more(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    dice = random.Random(6)
    grants: list[datetime] = []
    for _ in range(300):
        at = quotas.take("vk", "wall.get", "token", 20, 7)
        if at is not None:
            grants.append(at)
        kit.clock.move(timedelta(minutes=dice.choice([1, 30, 200])))
    assert len(grants) > 50
    for first, last in zip(grants, grants[7:], strict=False):
        assert last - first >= timedelta(days=1)


def take_apart(kit: Kit, owner: str, answers: Any) -> None:
    quotas = kit.quotas(kit.live())
    answers.put([quotas.take("vk", owner, "token", 10, None) for _ in range(20)])
    kit.close()


@check
def processes_share_a_quota(kit: Kit) -> None:
    grants = [at for some in in_processes(take_apart, kit, 3) for at in some]
    assert len(grants) == 60
    assert_paced(grants, 10)
