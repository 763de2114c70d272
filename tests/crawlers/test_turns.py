"""Waiting for a turn: with the ledger's real answers, and a clock that the test moves."""

from datetime import timedelta
from functools import partial

import pytest

from crawlers.turns import Spent, Waiting
from store import Allowance, Quotas, Why
from store.pace import LATE
from tests.crawlers.harness import World


@pytest.fixture(autouse=True)
def _standing(here: World) -> None:
    here.clock.stop()


def waiting(here: World, allowance: Allowance) -> Waiting:
    return Waiting(partial(Quotas(here.store).take, "vk", "wall.get", [allowance]), here.clock)


def used(here: World) -> int:
    return sum(row.used for row in Quotas(here.store).balances())


def test_a_free_turn_comes_at_once(here: World) -> None:
    one = waiting(here, Allowance("t", 5))
    assert one.ask() == 0
    turn = one.come()
    assert turn is not None
    assert (turn.token, used(here)) == ("t", 1)


def test_nothing_comes_before_it_was_asked_for(here: World) -> None:
    assert waiting(here, Allowance("t", 5)).come() is None


def test_a_turn_behind_others_says_how_long_to_sleep(here: World) -> None:
    for _ in range(2):
        waiting(here, Allowance("t", 1)).ask()
    assert 2 < waiting(here, Allowance("t", 1)).ask() <= 2.16


def test_a_turn_slept_through_is_given_back_for_another(here: World) -> None:
    one = waiting(here, Allowance("t", 5))
    one.ask()
    here.clock.shift += 2 * LATE
    assert one.come() is None
    one.ask()
    assert one.come() is not None
    assert used(here) == 1


def test_a_day_used_up_is_told_with_the_moment_it_comes_back(here: World) -> None:
    waiting(here, Allowance("t", 5, 1)).ask()
    with pytest.raises(Spent) as caught:
        waiting(here, Allowance("t", 5, 1)).ask()
    assert caught.value.turn.why is Why.DAY
    assert caught.value.turn.at > here.clock() + timedelta(hours=23)
