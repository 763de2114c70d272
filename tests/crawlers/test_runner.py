import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bus import Bus, BusError, metrics
from crawlers.base import Page, Source, SourceProblem
from crawlers.context import Context
from crawlers.plan import Planned, source_rows
from crawlers.runner import Runner
from crawlers.schedule import Adaptive, Every, Schedule
from crawlers.settings import Cursor, Settings
from crawlers.telegram.collector import TelegramCollector
from crawlers.telegram.settings import TelegramSettings
from intake import Draft, Intake
from schemas import Outcome, PostKind, SourceHealth, decode, topics
from store import Versions
from tests.crawlers.harness import HASHER, World, world
from tests.simulators.telegram_web import Channel, TelegramWeb, load

MINUTES = Every(timedelta(minutes=5))


class ScriptSettings(Settings):
    slot: str = "one"


class ScriptCursor(Cursor):
    pages: int = 0


class ScriptCollector:
    """A kind of source of the tests' own: what it does at a visit stands in `acts`, by the id of the source."""

    kind: ClassVar[str] = "script"
    settings_type = ScriptSettings
    cursor_type = ScriptCursor

    def __init__(self, context: Context) -> None:
        self.acts: dict[str, Callable[[ScriptCursor], AsyncIterator[Page[ScriptCursor]]]] = {}
        self.running: dict[str, int] = {}
        self.most: dict[str, int] = {}

    def slot(self, settings: ScriptSettings) -> str:
        return settings.slot

    async def collect(self, source: Source[ScriptSettings], cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        slot = source.settings.slot
        for key in (slot, "all"):
            self.running[key] = self.running.get(key, 0) + 1
            self.most[key] = max(self.most.get(key, 0), self.running[key])
        try:
            async for page in self.acts[source.id](cursor):
                yield page
        finally:
            for key in (slot, "all"):
                self.running[key] -= 1

    async def close(self) -> None:
        pass


def page(number: int) -> Page[ScriptCursor]:
    draft = Draft(
        id=f"news:{number}",
        kind=PostKind.ARTICLE,
        source="tested",
        text=f"Новость номер {number}",
        published=datetime(2026, 3, 2, tzinfo=UTC),
    )
    return Page([draft], ScriptCursor(pages=number))


async def three_pages(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
    for number in range(cursor.pages + 1, 4):
        yield page(number)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def planned(id_: str = "tested", slot: str = "one", schedule: Schedule = MINUTES) -> Planned:
    return Planned(Source(id_, ScriptSettings(slot=slot), None, "Asia/Yekaterinburg"), "script", schedule)


def crawl(
    here: World,
    sources: list[Planned],
    use: Callable[[Runner, ScriptCollector], Awaitable[None]],
    *,
    owner: str = "crawler-1",
    intake: Intake | None = None,
    bus: Bus | None = None,
    **options: Any,
) -> None:
    """Make a runner, as a process does, and let `use` run it."""

    async def main() -> None:
        async with AsyncExitStack() as stack:
            script = ScriptCollector(None)  # type: ignore[arg-type]
            collectors: dict[str, Any] = {"script": script}
            if any(one.kind == "telegram" for one in sources):
                collectors["telegram"] = await stack.enter_async_context(here.collector(TelegramCollector))
            here.sources.sync(source_rows(sources, collectors))
            runner = Runner(
                sources,
                collectors,
                sources=here.sources,
                intake=intake or here.intake,
                bus=bus or here.bus,
                now=here.clock,
                owner=owner,
                **options,
            )
            await use(runner, script)

    asyncio.run(main())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


def healths(here: World) -> list[SourceHealth]:
    return [decode(SourceHealth, r.record.value, r.record.headers) for r in here.bus.read(topics.SOURCES)]


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
        await asyncio.sleep(1)
        assert here.sources.lease("crawler-2", ["script"], 1, timedelta(minutes=1)) == []
        yield page(1)

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = long
        assert (await runner.once())["tested"].outcome is Outcome.OK

    crawl(here, [planned()], use, term=timedelta(seconds=0.6))


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
    intake = Intake(bus, Versions(here.store), HASHER, here.clock)  # type: ignore[arg-type]

    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        assert (await runner.once())["tested"].posts == 3

    crawl(here, [planned()], use, intake=intake)
    assert bus.failures == 0
    assert [post.id for post in here.posts()] == ["news:1", "news:2", "news:3"]


def test_a_bus_that_stays_away_does_not_keep_the_crawler_from_stopping(here: World) -> None:
    bus = FailingBus(here.bus, failures=1_000_000)
    intake = Intake(bus, Versions(here.store), HASHER, here.clock)  # type: ignore[arg-type]

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


def test_a_cursor_that_cannot_be_read_starts_the_source_anew(here: World) -> None:
    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = three_pages
        here.sources.force_due("tested")
        (lease,) = here.sources.lease("before", ["script"], 1, timedelta(minutes=1))
        here.sources.save_cursor(lease, {"pages": "three"})
        here.sources.release(lease)
        assert (await runner.once())["tested"].posts == 3

    crawl(here, [planned()], use)


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


def test_the_digest_changes_with_the_token_and_does_not_hold_it() -> None:
    from crawlers.vk.collector import VkCollector
    from crawlers.vk.settings import VkSettings

    collectors: dict[str, Any] = {"vk": VkCollector(None)}  # type: ignore[arg-type]

    def row(token: str) -> Any:
        source = Source("vk", VkSettings.model_validate({"wall": "-1", "token": token}), None, "UTC")
        return source_rows([Planned(source, "vk", MINUTES)], collectors)[0]

    assert row("secret-one") == row("secret-one")
    assert row("secret-one").settings_digest != row("secret-two").settings_digest
    assert "secret-one" not in json.dumps([row("secret-one").settings_digest, row("secret-one").slot])
