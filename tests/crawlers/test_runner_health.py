"""Health of sources behind the real runner: quiet feeds, jumping clocks, crawlers that go, a bus that is away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bus import BusError, open_bus
from crawlers.base import Page, Source, SourceProblem
from crawlers.news.collector import NewsCollector
from crawlers.news.settings import NewsSettings
from crawlers.plan import Planned, source_rows
from crawlers.runner import Runner
from crawlers.schedule import Every
from incidents.relay import Relay
from intake import Draft
from schemas import Health, Outcome, PostKind, SourceEvent, decode, topics
from store import SourceEvents
from tests.crawlers.harness import World
from tests.crawlers.news.paper import article, feed, paper
from tests.crawlers.script import ScriptCollector, ScriptCursor, crawl, page, planned, three_pages

HALF_A_DAY = Every(timedelta(hours=12))


def events(here: World) -> list[SourceEvent]:
    return [event for _, event in SourceEvents(here.store, "chelyabinsk").after(0)]


async def captcha(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
    raise SourceProblem(Outcome.BLOCKED, "капча", "договоритесь")
    yield page(1)


def visit(here: World, act, owner: str = "crawler-1", times: int = 1) -> None:
    async def use(runner: Runner, script: ScriptCollector) -> None:
        script.acts["tested"] = act
        await runner.once()

    for number in range(times):
        crawl(here, [planned(schedule=HALF_A_DAY)], use, owner=f"{owner}.{number}")


def test_a_feed_that_answers_with_the_same_old_articles_falls_quiet_and_recovers(here: World) -> None:
    with paper([1]) as site:
        settings = NewsSettings.model_validate({"feed": f"{site.url}/rss", "allow_private": True})
        source = Planned(Source("tested", settings, None, "Asia/Yekaterinburg"), "news", HALF_A_DAY)

        async def visits(*numbers: list[int]) -> None:
            async with here.collector(NewsCollector) as collector:
                here.sources.sync(source_rows([source], {"news": collector}))
                for listed in numbers:
                    site.pages["/rss"] = feed(listed)
                    for number in listed:
                        site.pages.setdefault(f"/n/{number}", article(number))
                    runner = Runner(
                        [source], {"news": collector}, sources=here.sources, intake=here.intake, bus=here.bus,
                        now=here.clock, owner="crawler",
                    )  # fmt: skip
                    here.clock.forward(hours=12)
                    (health,) = (await runner.once()).values()
                    assert health.outcome in (Outcome.OK, Outcome.EMPTY), health.reason

        weeks = [[2 * n + 1, 2 * n + 2] for n in range(56)]  # four weeks of two articles every twelve hours
        asyncio.run(visits(*weeks))
        assert events(here) == []
        asyncio.run(visits(*[weeks[-1]] * 12))
        (quiet,) = events(here)
        assert (quiet.type, quiet.data.outcome) == ("source.quiet", Outcome.EMPTY)
        asyncio.run(visits([200]))
        assert [event.type for event in events(here)] == ["source.quiet", "source.recovered"]


def test_posts_are_counted_once_and_back_filled_ones_and_edits_never(here: World) -> None:
    def draft(number: int, text: str = "новость", *, history: bool = False) -> Draft:
        return Draft(
            id=f"news:{number}", kind=PostKind.ARTICLE, source="tested", text=f"{text} {number}", published=None,
            history=history,
        )  # fmt: skip

    told: list[int] = []
    here.intake.publish([draft(1), draft(2), draft(3, history=True)], told.append)
    here.intake.publish([draft(1), draft(2, "правка"), draft(4), draft(4)], told.append)
    here.intake.publish([], told.append)
    assert told == [2, 1, 0]


def test_the_runner_counts_the_new_posts_of_a_visit(here: World) -> None:
    visit(here, three_pages)
    assert sum(_hours(here).values()) == 0  # what was there before anybody watched

    async def two_more(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        for number in (3, 4, 5):
            yield page(number)

    visit(here, two_more)
    assert sum(_hours(here).values()) == 2


def _hours(here: World) -> dict[int, int]:
    from store import Fares

    return Fares(here.store).hours("tested")


def test_crawlers_restarted_in_the_middle_of_an_outage_repeat_no_alert(here: World) -> None:
    visit(here, captcha, times=4)
    assert [(event.id, event.type) for event in events(here)] == [("tested.1", "source.failing")]
    assert events(here)[0].data.reason == "капча"
    visit(here, three_pages)
    visit(here, captcha)
    assert [event.type for event in events(here)] == ["source.failing", "source.recovered"]


@pytest.mark.parametrize("jump", [{"days": 400}, {"days": -400}, {"hours": 30}])
def test_a_clock_that_jumps_makes_no_source_quiet(here: World, jump: dict[str, float]) -> None:
    async def another(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        yield page(cursor.pages + 1)

    async def nothing(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        yield Page([], cursor)

    for _ in range(60):
        visit(here, another)
        here.clock.forward(hours=12)
    here.clock.forward(**jump)
    visit(here, nothing)
    here.clock.forward(**{unit: -by for unit, by in jump.items()})
    visit(here, nothing)
    assert events(here) == []
    assert here.sources.list()[0].standing.health is Health.HEALTHY


def test_what_changes_while_the_bus_is_away_arrives_when_it_is_back(here: World, tmp_path: Path) -> None:
    """The crawler's own announcement is lost with the bus; the change is in the store."""
    bus = open_bus(f"sqlite:///{tmp_path}/later/bus.db")
    relay = Relay(SourceEvents(here.store, "chelyabinsk"), bus, topic=topics.SOURCE_EVENTS)
    visit(here, captcha, times=2)
    with pytest.raises(BusError):
        relay.drain()  # nobody has made the topic yet
    bus.ensure_topics({topics.SOURCE_EVENTS: 1})
    assert relay.drain() == 1
    assert relay.drain() == 0
    (received,) = bus.read(topics.SOURCE_EVENTS)
    assert received.record.key == "tested"
    assert decode(SourceEvent, received.record.value, received.record.headers) == events(here)[0]
    bus.close()
