"""How calls keep to the ledger: several tokens, several processes, and what VK says about its limits."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from crawlers.base import SourceProblem
from crawlers.context import Uncounted
from crawlers.vk import client as vk
from crawlers.vk.client import VkClient
from crawlers.vk.collector import VkCollector
from crawlers.vk.errors import next_day
from crawlers.vk.settings import VkSettings
from crawlers.vk.tokens import ACCEPTS, PER_DAY, misfit
from schemas import Outcome
from store import Quotas, Store
from store.pace import LATE
from tests.crawlers.harness import World, drafts, pages, source
from tests.simulators.vk import VkSimulator, load

SECOND = "second-simulated-token"


@pytest.fixture
def simulator() -> Iterator[VkSimulator]:
    with VkSimulator([load(datetime.now(UTC))], more_tokens=(SECOND,)) as running:
        yield running


def settings(simulator: VkSimulator, **more: Any) -> VkSettings:
    values = {"wall": "podslushano_chel74", "api_url": simulator.url} | more
    return VkSettings.model_validate(values if "tokens" in more else values | {"token": simulator.token})


def hashes(of: VkSettings) -> list[str]:
    return [key.token for key in of.accounts()]


def busiest_second(arrivals: list[float]) -> int:
    """The most calls in any second, closed at its start."""
    return max(sum(start <= at < start + 1 for at in arrivals) for start in arrivals)


def run_calls(ledger: Quotas, of: VkSettings, count: int, now: Any, method: str = "wall.get") -> list[Any]:
    """So many calls, all asked for at once."""

    async def run() -> list[Any]:
        made = VkClient(of, ledger, now, 0.01)
        try:
            return await asyncio.gather(
                *(made.call(method, owner_id=-7400074) for _ in range(count)), return_exceptions=True
            )
        finally:
            await made.close()

    return asyncio.run(run())


def test_calls_in_flight_use_the_rate_and_never_break_it(here: World, simulator: VkSimulator) -> None:
    simulator.per_second, simulator.slow = 5, 1.0
    start = time.monotonic()
    found = run_calls(Quotas(here.store), settings(simulator), 26, here.clock)
    assert [answer for answer in found if isinstance(answer, Exception)] == []
    assert busiest_second(simulator.arrivals[simulator.token]) <= 5
    assert time.monotonic() - start < 20  # 6 on a free machine; one by one would be 26


def test_connections_are_opened_before_there_is_a_turn(here: World, simulator: VkSimulator) -> None:
    simulator.slow = 0.3
    run_calls(Quotas(here.store), settings(simulator), 16, here.clock)
    assert len(simulator.calls) == 16
    assert simulator.cold == 0


def test_a_connection_that_cannot_be_opened_is_told_by_the_call(here: World) -> None:
    dead = VkSettings.model_validate({"wall": "-1", "token": "t", "api_url": "http://127.0.0.1:9"})
    (found,) = run_calls(Quotas(here.store), dead, 1, here.clock)
    assert (found.outcome, found.reason) == (Outcome.BROKEN, "нет связи с API ВКонтакте (ConnectionError)")


def test_two_tokens_are_twice_as_fast(here: World, simulator: VkSimulator) -> None:
    simulator.per_second = 5
    both = settings(simulator, tokens=[simulator.token, {"token": SECOND, "kind": "user"}])
    found = run_calls(Quotas(here.store), both, 24, here.clock)
    assert [answer for answer in found if isinstance(answer, Exception)] == []
    assert len(simulator.arrivals[simulator.token]) > len(simulator.arrivals[SECOND]) >= 6
    assert busiest_second(simulator.arrivals[SECOND]) <= 3  # a user's token


def crawl_apart(url: str, simulator: str, token: str, answers: Any) -> None:
    """A crawler process of its own."""
    store = Store(url)
    of = VkSettings.model_validate({"wall": "-7400074", "api_url": simulator, "token": token})
    found = run_calls(Quotas(store), of, 10, lambda: datetime.now(UTC))
    store.close()
    answers.put([type(answer).__name__ for answer in found])


def test_processes_share_the_pace(here: World, simulator: VkSimulator) -> None:
    simulator.per_second = 5
    spawn = multiprocessing.get_context("spawn")
    answers: Any = spawn.Queue()
    arguments = (here.store.url, simulator.url, simulator.token, answers)
    processes = [spawn.Process(target=crawl_apart, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    try:
        assert [answers.get(timeout=60) for _ in processes] == [["dict"] * 10] * 2
    finally:
        for process in processes:
            process.join(timeout=60)
    assert busiest_second(simulator.arrivals[simulator.token]) <= 5


def test_a_day_that_vk_calls_used_up_is_used_up_for_all(here: World, simulator: VkSimulator) -> None:
    simulator.per_day = {"wall.get": 2}
    of, ledger = settings(simulator), Quotas(here.store)
    answers = [run_calls(ledger, of, 1, here.clock)[0] for _ in range(4)]
    assert [type(answer) for answer in answers] == [dict, dict, SourceProblem, SourceProblem]
    told, kept = answers[2:]
    assert told.reason == "исчерпан суточный лимит wall.get для этого токена (ошибка 29)"
    assert (kept.outcome, kept.reason, kept.action) == (
        Outcome.QUOTA,
        "ВКонтакте просил подождать с вызовами wall.get: исчерпан суточный лимит wall.get для этого токена (ошибка 29)",
        "Увеличьте промежуток every или добавьте ещё один токен",
    )
    assert kept.retry_at == told.retry_at == next_day(here.clock())
    assert simulator.called("wall.get") == 3
    here.clock.shift += timedelta(days=1, minutes=10)
    simulator.per_day = {}
    assert isinstance(run_calls(ledger, of, 1, here.clock)[0], dict)


def test_another_token_takes_over_in_the_middle_of_a_visit(here: World, simulator: VkSimulator) -> None:
    simulator.per_day = {"wall.getComments": 12}
    both = settings(simulator, tokens=[simulator.token, SECOND])

    async def visit() -> list[Any]:
        async with here.collector(VkCollector, Quotas(here.store)) as collector:
            return await pages(collector, source(both))

    assert len(drafts(asyncio.run(visit()))) == 59
    assert simulator.counts[SECOND, "wall.getComments"] > 0


@pytest.mark.parametrize("code", [5, 9, 17, 27, 28, 29])
def test_a_token_that_is_refused_leaves_the_work_to_the_other(here: World, simulator: VkSimulator, code: int) -> None:
    both, ledger = settings(simulator, tokens=[simulator.token, SECOND]), Quotas(here.store)
    simulator.fail("wall.get", code)
    found = run_calls(ledger, both, 1, here.clock) + run_calls(ledger, both, 1, here.clock)
    assert [type(answer) for answer in found] == [dict, dict]
    assert len(simulator.arrivals[SECOND]) == 2
    blocked = [row for row in ledger.balances() if row.blocked_until is not None]
    assert [row.token for row in blocked] == hashes(both)[:1]
    assert (blocked[0].reason or "").endswith(f"(ошибка {code})")


def test_a_trial_that_counts_nothing_goes_on_with_the_other_token_too(here: World, simulator: VkSimulator) -> None:
    both = settings(simulator, tokens=["revoked-token", simulator.token])

    async def visit() -> list[Any]:
        async with here.collector(VkCollector, Uncounted(here.clock)) as collector:
            return await pages(collector, source(both))

    assert len(drafts(asyncio.run(visit()))) == 59


def test_a_single_refused_token_is_tried_again_at_each_visit(here: World, simulator: VkSimulator) -> None:
    simulator.fail("wall.get", 5)
    found = run_calls(Quotas(here.store), settings(simulator), 1, here.clock)
    assert found[0].outcome is Outcome.BLOCKED
    assert isinstance(run_calls(Quotas(here.store), settings(simulator), 1, here.clock)[0], dict)


def test_when_every_token_is_refused_the_last_refusal_is_told(here: World, simulator: VkSimulator) -> None:
    both = settings(simulator, tokens=[simulator.token, SECOND])
    simulator.fail("wall.get", 5, times=2)
    (found,) = run_calls(Quotas(here.store), both, 1, here.clock)
    assert (found.outcome, found.reason) == (
        Outcome.BLOCKED,
        "токен ВКонтакте недействителен: истёк, отозван или введён с ошибкой (ошибка 5)",
    )


def test_haste_slows_the_token_down_for_all(here: World, simulator: VkSimulator) -> None:
    simulator.fail("wall.get", 6)
    ledger, of = Quotas(here.store), settings(simulator)
    assert isinstance(run_calls(ledger, of, 1, here.clock)[0], dict)
    (whole,) = [row for row in ledger.balances() if row.method == ""]
    assert whole.slow_until is not None
    assert whole.slow_until > here.clock() + timedelta(minutes=9)
    before = len(simulator.arrivals[simulator.token])
    run_calls(ledger, of, 5, here.clock)
    assert busiest_second(simulator.arrivals[simulator.token][before:]) <= 2


def test_a_turn_that_was_slept_through_is_not_used(
    here: World, simulator: VkSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, of = Quotas(here.store), settings(simulator)
    turns = []

    class Watched(Quotas):
        def take(self, *arguments: Any) -> Any:
            turns.append(super().take(*arguments))
            if len(turns) == 1:
                time.sleep(0.2)  # the process was stopped, say
            return turns[-1]

    run_calls(Watched(here.store), of, 1, here.clock)
    assert len(turns) == 2
    assert turns[1].at > turns[0].at + LATE
    assert [row.used for row in ledger.balances()] == [0, 1]


def test_a_name_is_asked_for_once_by_all_sources(here: World, simulator: VkSimulator) -> None:
    async def visit() -> None:
        async with here.collector(VkCollector, Quotas(here.store)) as collector:
            await pages(collector, source(settings(simulator, comments=False)))

    asyncio.run(visit())
    asyncio.run(visit())
    assert simulator.called("utils.resolveScreenName") == 1


def test_closing_wakes_the_calls_that_wait(here: World, simulator: VkSimulator) -> None:
    ledger, of = Quotas(here.store), settings(simulator)
    for _ in range(100):
        ledger.take("vk", "wall.get", [vk.Allowance(hashes(of)[0], 5)])

    async def run() -> float:
        made = VkClient(of, ledger, here.clock, 0.01)
        calls = [asyncio.ensure_future(made.call("wall.get", owner_id=-7400074)) for _ in range(12)]
        await asyncio.sleep(0.3)
        for call in calls:
            call.cancel()
        start = time.monotonic()
        await made.close()
        return time.monotonic() - start

    assert asyncio.run(run()) < 10  # the turn that they wait for is 20 s away
    assert simulator.calls == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "нужен либо token, либо tokens (список), и не пустой"),
        ({"token": "a", "tokens": ["b"]}, "нужен либо token, либо tokens (список), и не пустой"),
        ({"tokens": ["a", {"token": "a", "kind": "user"}]}, "в tokens есть пустой или повторённый токен"),
    ],
)
def test_wrong_tokens_are_refused_with_a_reason(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        VkSettings.model_validate({"wall": "a_wall", **given})
    assert [error["msg"] for error in caught.value.errors()] == [f"Value error, {message}"]


FITS = "нужен сервисный ключ или токен пользователя; замените ключ и исправьте его вид"


@pytest.mark.parametrize(
    ("form", "refused"),
    [
        ({"wall": "a_wall"}, "wall.get, wall.getById, wall.getComments"),
        ({"wall": "a_wall", "comments": False}, "wall.get, wall.getById"),
        ({"board": "a_wall"}, "board.getTopics, board.getComments"),
        ({"search": {"words": "нет воды"}}, "newsfeed.search, wall.getById"),
    ],
)
def test_tokens_of_a_kind_that_does_not_do_are_named(form: dict[str, Any], refused: str) -> None:
    given = {"tokens": ["a", {"token": "b", "kind": "community"}, {"token": "c", "kind": "user"}]}
    with pytest.raises(ValidationError) as caught:
        VkSettings.model_validate(form | given)
    (error,) = caught.value.errors()
    assert (error["loc"], error["input"]) == (("tokens", 1, "kind"), "community")
    assert error["msg"] == f"Value error, ключом сообщества нельзя вызывать {refused}: {FITS}"
    with pytest.raises(ValidationError) as caught:
        VkSettings.model_validate(form | {"tokens": ["a", "b"], "token_kind": "community"})
    assert [one["loc"] for one in caught.value.errors()] == [("token_kind",)]


def test_every_method_that_is_called_stands_in_the_table() -> None:
    forms: list[dict[str, Any]] = [{"wall": "a_wall"}, {"board": "a_wall"}, {"search": {"words": "нет воды"}}]
    called = {method for form in forms for method in VkSettings.model_validate(form | {"token": "t"}).methods}
    assert called <= set(ACCEPTS)
    assert set(PER_DAY) <= set(ACCEPTS)
    assert misfit("service", ["execute"]) == (
        "сервисным ключом нельзя вызывать execute: "
        "нужен токен пользователя или ключ сообщества; замените ключ и исправьте его вид"
    )


def test_kinds_have_their_rates_and_tokens_do_not_show() -> None:
    of = VkSettings.model_validate(
        {
            "wall": "a_wall",
            "tokens": ["secret-one", {"token": "secret-two", "kind": "service"}],
            "token_kind": "user",
        }
    )
    assert [(key.kind, key.per_second) for key in of.accounts()] == [("токен пользователя", 3), ("сервисный ключ", 5)]
    assert "secret" not in repr(of) + repr(of.accounts()) + of.model_dump_json()
