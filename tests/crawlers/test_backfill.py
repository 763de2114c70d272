"""Back-fills of every kind over its simulator: all of the past, marked, once, beside the ordinary visits."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import crawlers
from crawlers.backfill import Progress, Run, refusal
from crawlers.context import Context
from crawlers.news.settings import NewsSettings
from crawlers.plan import source_rows
from crawlers.runner import Runner
from crawlers.telegram.session import VARIABLE
from crawlers.vk.settings import VkSettings
from schemas import PostKind, topics
from store import Backfill, Backfills, Holds, Quotas
from store.health_tables import source_hours
from tests.crawlers.harness import World, world
from tests.crawlers.past import SINCE, UNTIL, Collecting, Past, Wall, new_key, past, planned, wall
from tests.simulators.vk.server import Fault

NAMES = ["vk", "api", "web", "news"]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


@pytest.fixture(params=NAMES)
def one(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Past]:
    key = new_key()
    monkeypatch.setenv(VARIABLE, key)
    with past(request.param, tmp_path, key) as made:
        yield made


def collecting(here: World, one: Past, **changes: Any) -> Collecting:
    return Collecting(here, planned(one.kind, one.settings), **changes)


def visit(here: World, one: Past) -> None:
    """An ordinary visit, as a crawler makes it."""

    async def run() -> None:
        plan = [planned(one.kind, one.settings)]
        async with here.context() as context:
            collectors = {one.kind: crawlers.KINDS[one.kind].make(context)}
            here.sources.sync(source_rows(plan, collectors))
            runner = Runner(
                plan,
                collectors,
                sources=here.sources,
                intake=here.intake,
                bus=here.bus,
                now=here.clock,
                owner="crawler",
                holds=Holds(here.store),
            )
            visited = await runner.once()
            assert [health.outcome.value for health in visited.values()] == ["ok"]
            await collectors[one.kind].close()

    asyncio.run(run())


def ids(here: World, topic: str = topics.HISTORY) -> list[str]:
    return sorted(post.id for post in here.posts(topic))


def test_all_of_the_span_comes_once_marked_and_to_the_topic_of_history(here: World, one: Past) -> None:
    told: list[Progress] = []
    result = asyncio.run(collecting(here, one, told=told.append).run())
    assert result.finished
    assert ids(here) == sorted(one.ids())
    assert result.posts == len(one.ids())
    assert here.posts() == []
    posts = here.posts(topics.HISTORY)
    assert {post.history for post in posts} == {True}
    assert {post.source for post in posts} == {"tested"}
    assert all(SINCE <= post.published < UNTIL for post in posts if post.kind is not PostKind.COMMENT)
    assert all(post.context and post.parent for post in posts if post.kind is PostKind.COMMENT)
    assert told[-1].posts == len(one.ids())
    assert all(SINCE - timedelta(days=1) <= at.reached <= UNTIL for at in told if at.reached is not None)


def test_ordinary_visits_know_what_was_back_filled_and_keep_their_cursor(here: World, one: Past) -> None:
    settings = one.settings | ({"max_age_days": 90, "max_articles_per_visit": 500} if one.kind == "news" else {})
    one.settings = settings | ({"depth": 1000} if one.kind != "news" else {})
    asyncio.run(collecting(here, one).run())
    (state,) = here.sources.list()
    assert (state.cursor, state.last_finished, state.lease_owner) == (None, None, None)
    with here.store.reading() as conn:
        assert conn.execute(select(source_hours)).all() == []  # for how quiet it is, none of them counts
    visit(here, one)
    assert set(ids(here, topics.POSTS)) & one.ids() == set()
    assert len(ids(here, topics.POSTS)) > 20  # what lies outside of the span
    (state,) = here.sources.list()
    before = state.cursor
    asyncio.run(collecting(here, one).run(again=True))
    assert ids(here) == sorted(one.ids())
    assert here.sources.list()[0].cursor == before


def test_what_ordinary_visits_have_brought_does_not_come_again(here: World, one: Past) -> None:
    one.settings = one.settings | (
        {"max_age_days": 90, "max_articles_per_visit": 500} if one.kind == "news" else {"depth": 1000}
    )
    visit(here, one)
    brought = ids(here, topics.POSTS)
    assert set(brought) >= one.ids()
    result = asyncio.run(collecting(here, one).run())
    assert (result.finished, result.posts, ids(here)) == (True, 0, [])
    assert ids(here, topics.POSTS) == brought


def test_a_stop_loses_nothing_and_the_rest_comes_later(here: World, one: Past) -> None:
    stops: list[Run] = []
    discussed = one.kind == "vk" or "api_id" in one.settings

    def tell(at: Progress) -> None:
        told.append(at)
        if len(told) % (12 if discussed else 3) == 0:
            loop.call_soon_threadsafe(stops[-1].stop)

    async def cut() -> Any:
        nonlocal loop
        loop = asyncio.get_running_loop()
        return await collecting(here, one, told=tell).run(ready=stops.append)

    told: list[Progress] = []

    loop: asyncio.AbstractEventLoop
    runs = 0
    while not (result := asyncio.run(cut())).finished:
        assert (result.stopped, result.reason) == (True, "прервано")
        runs += 1
        assert runs < 50
    assert runs >= 2
    assert ids(here) == sorted(one.ids())
    assert here.sources.list()[0].lease_owner is None


def test_a_back_fill_that_is_done_or_taken_is_not_begun(here: World) -> None:
    with wall(40) as one:
        mine = collecting(here, one)
        lease = mine.begin()
        other = collecting(here, one, owner="backfill-2").begin()
        assert isinstance(other, Backfill)
        assert other.lease_owner == "backfill-1"
        Backfills(here.store).release(lease)  # type: ignore[arg-type]
        assert asyncio.run(mine.run()).finished
        done = mine.begin()
        assert isinstance(done, Backfill)
        assert done.finished is not None
        assert done.posts == len(one.ids())


def test_one_that_was_lost_to_another_process_stops_and_says_so(here: World) -> None:
    def steal(_: Progress) -> None:
        if len(here.posts(topics.HISTORY)) > 100 and not stolen:
            here.clock.forward(hours=1)
            stolen.append(Backfills(here.store).begin("tested", SINCE, UNTIL, "thief", timedelta(hours=2)))

    stolen: list[Any] = []
    with wall() as one:
        result = asyncio.run(collecting(here, one, told=steal).run())
    assert (result.finished, result.reason) == (False, "это прошлое собирает уже другой процесс")
    (state,) = Backfills(here.store).list()
    assert (state.lease_owner, state.finished) == ("thief", None)


def test_a_source_that_does_not_answer_is_tried_again_and_then_left(here: World) -> None:
    with wall() as one:
        one.simulator.faults.extend([Fault(status=500)] * 4)
        told: list[Progress] = []
        result = asyncio.run(collecting(here, one, told=told.append).run())
        assert result.finished
        assert ids(here) == sorted(one.ids())
        assert [at.waits for at in told if at.waits] == ["API ВКонтакте ответил HTTP 500"]
    dead = asyncio.run(collecting(here, one, since=SINCE - timedelta(days=1)).run())
    assert (dead.finished, dead.posts, dead.reason) == (False, 0, "нет связи с API ВКонтакте (ConnectionError)")


def test_a_wall_that_was_closed_ends_it_at_once(here: World) -> None:
    with wall() as one:
        one.community.closed = True
        result = asyncio.run(collecting(here, one).run())
        assert (result.finished, result.stopped, result.posts) == (False, False, 0)
        assert result.reason == "доступ запрещён: стена закрыта (ошибка 15)"
        one.community.closed = False
        assert asyncio.run(collecting(here, one).run()).finished
        assert ids(here) == sorted(one.ids())


def busiest_second(arrivals: list[float]) -> int:
    """The most calls in any second, closed at its start."""
    return max(sum(start <= at < start + 1 for at in arrivals) for start in arrivals)


class Waiting:
    """Moves the clock on when the back-fill waits."""

    def __init__(self, here: World, one: Wall) -> None:
        self.here = here
        self.one = one
        self.waits: list[Progress] = []

    def __call__(self, at: Progress) -> None:
        if at.waits:
            self.waits.append(at)
            assert at.until is not None
            self.here.clock.shift += at.until - self.here.clock() + timedelta(seconds=1)


def test_a_used_up_day_is_waited_for_and_a_share_of_it_is_left(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.vk.client.PER_DAY", {"wall.get": 100, "wall.getComments": 10})
    with wall() as one:
        waiting = Waiting(here, one)
        calls = Quotas(here.store)
        began = here.clock()
        result = asyncio.run(collecting(here, one, told=waiting).run(calls))
        assert result.finished
        assert ids(here) == sorted(one.ids())
        asked = one.simulator.called("wall.getComments")
    assert asked > 20
    assert here.clock() - began > timedelta(days=asked // 7 - 1)
    # Of the ten calls a day seven are the back-fill's.
    assert here.clock() - began < timedelta(days=asked // 7 + 2)
    assert waiting.waits[0].waits == (
        "суточный запас вызовов wall.getComments для этого токена израсходован; 30 % запаса остаются обычным обходам"
    )
    assert waiting.waits[0].until is not None
    assert waiting.waits[0].until - began > timedelta(hours=23)


def test_ordinary_visits_go_on_meanwhile_and_are_not_slowed_down(here: World) -> None:
    """Both through one ledger of five calls a second. The ordinary visits' calls are counted in what they wait."""

    with wall(150) as one:
        one.simulator.per_second = 5
        ledger = Quotas(here.store)
        visits: list[float] = []

        async def ordinary(context: Context, over: asyncio.Event) -> None:
            plan = [planned("vk", one.settings | {"comments": False})]
            collectors = {"vk": crawlers.KINDS["vk"].make(replace(context, quotas=ledger))}
            while not over.is_set():
                one.community.add("Снова не вывозят", datetime.now(UTC))
                runner = Runner(
                    plan,
                    collectors,
                    sources=here.sources,
                    intake=here.intake,
                    bus=here.bus,
                    now=here.clock,
                    owner="crawler",
                )
                started = time.monotonic()
                (health,) = (await runner.once()).values()
                visits.append(time.monotonic() - started)
                assert health.outcome.value == "ok"
                await asyncio.sleep(0.5)
            await collectors["vk"].close()

        assert asyncio.run(collecting(here, one).run(ledger, beside=ordinary)).finished
        history = ids(here)
        assert len(history) == len(set(history))
        assert set(history) <= one.ids() <= {*history, *ids(here, topics.POSTS)}
        assert one.simulator.called("wall.get") > len(visits) >= 5
        assert sorted(visits)[len(visits) // 2] < 2.0
        assert busiest_second(one.simulator.arrivals[one.simulator.token]) <= 5


def test_each_kind_names_what_can_give_its_past() -> None:
    feed = NewsSettings.model_validate({"feed": "https://news.example/rss"})
    assert refusal("news", feed) == (
        "он читается через feed, а в ленте только последние публикации. Прошлое сайта собирается по карте сайта: "
        "добавьте источник с news: {sitemap: адрес} (адрес обычно назван в robots.txt сайта) и соберите его прошлое"
    )
    assert refusal("news", NewsSettings.model_validate({"sitemap": "https://news.example/sitemap.xml"})) is None
    wall = {"token": "a token of VK's"}
    assert refusal("vk", VkSettings.model_validate({"wall": "id1234"} | wall)) is None
    assert refusal("vk", VkSettings.model_validate({"board": "club1234"} | wall)) == (
        "это обсуждения (board: -1234), а прошлое ВКонтакте собирается со стен: wall"
    )
    search = {"search": {"words": "свалка"}, "token": "a token", "token_kind": "user"}
    assert refusal("vk", VkSettings.model_validate(search)) == (
        "это поиск (search), а прошлое ВКонтакте собирается со стен: wall"
    )
