"""Visits that go as planned."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bus import metrics
from crawlers.base import Page, Source
from crawlers.plan import Planned
from crawlers.runner import Runner
from crawlers.schedule import Adaptive, Every
from crawlers.telegram.settings import TelegramSettings
from schemas import Outcome
from tests.crawlers.harness import Clock, World
from tests.crawlers.script import (
    MINUTES,
    ScriptCollector,
    ScriptCursor,
    crawl,
    healths,
    planned,
    three_pages,
    until,
)
from tests.simulators.telegram_web import Channel, TelegramWeb, load


def test_a_visit_publishes_moves_the_cursor_and_announces_its_outcome(here: World) -> None:
    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        await runner.once()

    crawl(here, [planned()], use)
    (state,) = here.sources.list()
    assert [post.id for post in here.posts()] == ["news:1", "news:2", "news:3"]
    assert state.cursor == {"pages": 3}
    assert (state.outcome, state.reason, state.posts) == (Outcome.OK, "новых и изменённых публикаций: 3", 3)
    assert (state.lease_owner, state.next_due > here.clock()) == (None, True)
    assert healths(here) == here.sources.runs("tested")


def test_visits_are_counted(here: World) -> None:
    def counted() -> tuple[float, float]:
        return (
            metrics.counter("otklik_crawl_visits_total", kind="script", outcome="ok")._value.get(),
            metrics.counter("otklik_crawl_posts_total", kind="script")._value.get(),
        )

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        await runner.once()

    visits, posts = counted()
    crawl(here, [planned()], use)
    assert counted() == (visits + 1, posts + 3)


def test_a_visit_without_news_is_empty(here: World) -> None:
    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        await runner.once()

    crawl(here, [planned()], use)
    crawl(here, [planned()], use, owner="crawler-2")
    last = here.sources.runs("tested")[0]
    assert (last.outcome, last.reason, last.posts) == (Outcome.EMPTY, "новых публикаций нет", 0)
    assert len(here.posts()) == 3


def test_sources_of_one_slot_take_turns_and_others_run_beside_them(here: World) -> None:
    async def slow(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        await asyncio.sleep(0.2)
        yield Page([], cursor)

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts = dict.fromkeys("abcd", slow)
        visited = await runner.once()
        assert sorted(visited) == list("abcd")
        assert script.most == {"one": 1, "two": 1, "all": 2}

    crawl(here, [planned("a"), planned("b"), planned("c", "two"), planned("d", "two")], use)


def test_no_more_sources_are_visited_at_once_than_allowed(here: World) -> None:
    async def slow(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        await asyncio.sleep(0.05)
        yield Page([], cursor)

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts = dict.fromkeys("abcdef", slow)
        assert len(await runner.once()) == 6
        assert script.most["all"] == 2

    crawl(here, [planned(name, name) for name in "abcdef"], use, concurrent=2)


class Hinting(Clock):
    """Calls `hint` when it is asked for the `countdown`-th time."""

    countdown = 0
    hint: Callable[[str], None]

    def __call__(self) -> datetime:
        self.countdown -= 1
        if self.countdown == 0:
            self.hint("tested")
        return super().__call__()


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_a_hint_that_comes_while_the_crawler_looks_for_work_is_not_missed(
    here: World, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    monkeypatch.setattr("crawlers.runner.IDLE", 3600.0)
    here.clock = clock = Hinting()

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        clock.hint = runner.hint
        here.sources.force_due("tested")
        running = asyncio.create_task(runner.run())
        await until(lambda: len(here.sources.runs("tested")) == 1)
        await asyncio.sleep(0.1)  # it waits now
        clock.countdown = moment  # as it wakes, as it looks at the hints, and when it has looked for work
        runner.hint("nobody")
        await until(lambda: len(here.sources.runs("tested")) == 2)
        runner.stop()
        await running

    crawl(here, [planned(schedule=Every(timedelta(hours=1)))], use)


def test_due_sources_are_visited_again_and_again(here: World) -> None:
    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        running = asyncio.create_task(runner.run())
        await until(lambda: len(here.sources.runs("tested")) >= 3)
        runner.stop()
        await running

    crawl(here, [planned(schedule=Every(timedelta(seconds=0.2)))], use)
    runs = here.sources.runs("tested")
    starts = [run.started for run in reversed(runs)]
    assert all(later - earlier >= timedelta(seconds=0.2) for earlier, later in pairwise(starts))


def test_an_adaptive_interval_is_learned_from_visit_to_visit(here: World) -> None:
    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        await runner.once()

    for owner in ("crawler-1", "crawler-2", "crawler-3"):
        crawl(here, [planned(schedule=Adaptive())], use, owner=owner)
    (state,) = here.sources.list()
    assert state.interval == 900 * 1.5 * 1.5


def test_a_real_channel_goes_onto_the_bus(here: World) -> None:
    channel: Channel = load(datetime.now(UTC))
    with TelegramWeb([channel]) as simulator:
        settings = TelegramSettings(channel=channel.name, base_url=simulator.url, allow_private=True)
        source = Planned(Source("tg", settings, "Магнитогорск", "Asia/Yekaterinburg"), "telegram", MINUTES)

        async def use(runner: Runner, script: ScriptCollector) -> None:
            assert (await runner.once())["tg"].posts == len(channel.ids())

        crawl(here, [source], use)
    assert {post.id for post in here.posts()} == channel.ids()
    assert {post.place_hint for post in here.posts()} == {"Магнитогорск"}
