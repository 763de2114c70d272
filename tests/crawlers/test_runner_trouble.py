"""Visits that do not go as planned: errors, stops, lost leases, a bus that is away, a clock that is wrong."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from bus import Bus, BusError
from crawlers.base import Page, SourceProblem
from crawlers.runner import Runner
from intake import Intake
from schemas import Outcome
from store import Forgotten, Versions
from tests.crawlers.harness import HASHER, World
from tests.crawlers.script import (
    ScriptCollector,
    ScriptCursor,
    crawl,
    healths,
    page,
    planned,
    three_pages,
    until,
)


def test_an_error_of_ours_breaks_one_visit_and_not_the_crawler(here: World) -> None:
    async def broken(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        yield page(1)
        raise ZeroDivisionError("Новость номер 1")

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts = {"bad": broken, "good": three_pages}
        visited = await runner.once()
        assert (visited["bad"].outcome, visited["good"].outcome) == (Outcome.BROKEN, Outcome.OK)
        assert visited["bad"].reason == "внутренняя ошибка при обходе: ZeroDivisionError"
        assert visited["bad"].action == (
            "Сообщите разработчикам Отклика; место ошибки записано в журнале (visit_failed)"
        )

    crawl(here, [planned("bad", "1"), planned("good", "2")], use)
    assert {state.id: state.cursor for state in here.sources.list()}["bad"] == {"pages": 1}


def test_a_problem_of_the_source_is_told_and_its_time_obeyed(here: World) -> None:
    later = here.clock() + timedelta(hours=3)

    async def limited(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        yield page(1)
        raise SourceProblem(Outcome.QUOTA, "лимит исчерпан", "Подождите", later)

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = limited
        await runner.once()

    crawl(here, [planned()], use)
    (run,) = here.sources.runs("tested")
    assert (run.outcome, run.reason, run.action, run.posts) == (Outcome.QUOTA, "лимит исчерпан", "Подождите", 1)
    assert run.next_due == later


def test_a_lost_lease_ends_the_visit_without_a_trace(here: World) -> None:
    gate = asyncio.Event()

    async def waiting(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        yield page(1)
        await gate.wait()
        yield page(2)

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = waiting
        running = asyncio.create_task(runner.once())
        await until(lambda: here.sources.list()[0].cursor == {"pages": 1})
        here.clock.forward(minutes=10)  # our process was suspended; somebody else came by
        (other,) = here.sources.lease("crawler-2", ["script"], 1, timedelta(minutes=1))
        assert here.sources.save_cursor(other, {"pages": 7})
        gate.set()
        assert await running == {}

    crawl(here, [planned()], use, term=timedelta(minutes=5))
    (state,) = here.sources.list()
    assert (state.lease_owner, state.cursor, state.outcome) == ("crawler-2", {"pages": 7}, None)
    assert healths(here) == []


def test_a_long_visit_keeps_its_lease(here: World) -> None:
    async def long(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        await asyncio.sleep(5)
        assert here.sources.lease("crawler-2", ["script"], 1, timedelta(minutes=1)) == []
        yield page(1)

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = long
        assert (await runner.once())["tested"].outcome is Outcome.OK

    crawl(here, [planned()], use, term=timedelta(seconds=3))


def test_stopping_ends_a_visit_at_the_page_boundary_and_leaves_the_source_due(here: World) -> None:
    async def use(runner: Runner, script: ScriptCollector) -> None:
        async def stopped_after_one(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
            runner.stop()
            yield page(1)
            raise AssertionError("the second page was asked for")

        script.acts["tested"] = stopped_after_one
        await runner.run()

    crawl(here, [planned()], use)
    (state,) = here.sources.list()
    assert (state.lease_owner, state.cursor, state.outcome) == (None, {"pages": 1}, None)
    assert state.next_due <= here.clock()


def test_a_page_that_does_not_come_is_given_up_after_the_grace(here: World) -> None:
    closed = asyncio.Event()

    async def hanging(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        try:
            await asyncio.sleep(3600)
            yield page(1)
        finally:
            closed.set()

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = hanging
        running = asyncio.create_task(runner.run())
        await until(lambda: script.running.get("all") == 1)
        runner.stop()
        await running
        assert closed.is_set()

    crawl(here, [planned()], use, grace=0.1)
    assert here.sources.list()[0].lease_owner is None


class FailingBus:
    """A bus that is unreachable for its first calls."""

    def __init__(self, real: Bus, failures: int) -> None:
        self._real = real
        self.failures = failures

    def publish(self, topic: str, records: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise BusError("шина не отвечает")
        self._real.publish(topic, records)


def test_an_unreachable_bus_delays_a_page_and_loses_nothing(here: World) -> None:
    bus = FailingBus(here.bus, failures=2)
    intake = Intake(bus, Versions(here.store), Forgotten(here.store), HASHER, here.clock)  # type: ignore[arg-type]

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        assert (await runner.once())["tested"].posts == 3

    crawl(here, [planned()], use, intake=intake)
    assert bus.failures == 0
    assert [post.id for post in here.posts()] == ["news:1", "news:2", "news:3"]


def test_a_bus_that_stays_away_does_not_keep_the_crawler_from_stopping(here: World) -> None:
    bus = FailingBus(here.bus, failures=1_000_000)
    intake = Intake(bus, Versions(here.store), Forgotten(here.store), HASHER, here.clock)  # type: ignore[arg-type]

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        running = asyncio.create_task(runner.run())
        await until(lambda: bus.failures < 1_000_000)
        runner.stop()
        await running

    crawl(here, [planned()], use, intake=intake)
    (state,) = here.sources.list()
    assert (state.lease_owner, state.cursor) == (None, None)


def test_sources_planned_by_a_clock_that_ran_ahead_are_visited_when_it_is_set_right(here: World) -> None:
    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        await runner.once()

    here.clock.forward(days=1000)
    crawl(here, [planned()], use)
    here.clock.forward(days=-1000)
    assert here.sources.list()[0].next_due > here.clock() + timedelta(days=999)

    async def runs(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        running = asyncio.create_task(runner.run())
        await until(lambda: len(here.sources.runs("tested")) == 2)
        runner.stop()
        await running

    crawl(here, [planned()], runs)


def test_a_cursor_that_cannot_be_read_starts_the_source_anew(here: World) -> None:
    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        here.sources.force_due("tested")
        (lease,) = here.sources.lease("before", ["script"], 1, timedelta(minutes=1))
        here.sources.save_cursor(lease, {"pages": "three"})
        here.sources.release(lease)
        assert (await runner.once())["tested"].posts == 3

    crawl(here, [planned()], use)
