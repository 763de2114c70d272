"""Visits that leave nothing behind, by `otklik crawl --dry-run` and `otklik check --live`."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from crawlers.base import SourceProblem
from crawlers.trial import Trial, check_live, dry_run
from crawlers.vk.collector import VkCollector
from crawlers.vk.settings import VkSettings
from schemas import Outcome, Post
from tests.crawlers.harness import HASHER, World, source
from tests.simulators.vk import Community, VkSimulator, load


@pytest.fixture
def simulator() -> Iterator[VkSimulator]:
    with VkSimulator([load(datetime.now(UTC)), Community(5, "empty", "Пусто")]) as running:
        yield running


def settings(simulator: VkSimulator, wall: str) -> VkSettings:
    return VkSettings.model_validate({"wall": wall, "token": simulator.token, "api_url": simulator.url})


def shown(here: World, simulator: VkSimulator, wall: str = "podslushano_chel74", limit: int = 5) -> list[Post]:
    async def run() -> list[Post]:
        async with here.collector(VkCollector) as collector:
            of: Any = source(settings(simulator, wall))
            return await dry_run(collector, of, hasher=HASHER, now=here.clock, limit=limit)

    return asyncio.run(run())


def checked(here: World, simulator: VkSimulator, wall: str = "podslushano_chel74") -> Trial:
    async def run() -> Trial:
        async with here.collector(VkCollector) as collector:
            return await check_live(collector, source(settings(simulator, wall)))

    return asyncio.run(run())


def test_a_dry_run_shows_masked_posts_and_leaves_nothing_behind(here: World, simulator: VkSimulator) -> None:
    posts = shown(here, simulator)
    assert [post.id for post in posts] == [f"vk:-7400074_{n}" for n in (1001, 1010, 1020, 1030, 1040)]
    assert all(post.author and len(post.author) == 32 for post in posts)
    assert (here.posts(), here.sources.list()) == ([], [])


def test_a_dry_run_stops_at_its_limit(here: World, simulator: VkSimulator) -> None:
    assert len(shown(here, simulator, limit=1)) == 1
    assert simulator.called("wall.getComments") == 0


def test_a_dry_run_of_a_source_that_fails_says_why(here: World, simulator: VkSimulator) -> None:
    with pytest.raises(SourceProblem, match="страницы «nowhere» нет: переименована или удалена"):
        shown(here, simulator, "nowhere")


def test_a_search_that_finds_nothing_is_no_mistake(here: World, simulator: VkSimulator) -> None:
    search = {"search": {"words": "о чём никто не пишет"}, "token": simulator.token, "api_url": simulator.url}

    async def run() -> Trial:
        async with here.collector(VkCollector) as collector:
            return await check_live(collector, source(VkSettings.model_validate(search)))

    found = asyncio.run(run())
    assert found == Trial(Outcome.EMPTY, "источник отвечает, публикаций пока нет")
    assert found.ok


def test_a_live_check_makes_a_real_visit_to_one_page(here: World, simulator: VkSimulator) -> None:
    assert checked(here, simulator) == Trial(Outcome.OK, "источник отвечает, публикации читаются")
    assert [name for name, _ in simulator.calls] == ["utils.resolveScreenName", "wall.get"]
    assert (here.posts(), here.sources.list()) == ([], [])


def test_a_live_check_tells_an_empty_source_and_a_failing_one(here: World, simulator: VkSimulator) -> None:
    assert checked(here, simulator, "empty") == Trial(
        Outcome.EMPTY, "источник отвечает, но публикаций в нём нет", "Проверьте, тот ли это адрес"
    )
    assert not checked(here, simulator, "empty").ok
    simulator.fail("wall.get", 15)
    assert checked(here, simulator) == Trial(
        Outcome.BLOCKED,
        "доступ запрещён: стена закрыта (ошибка 15)",
        "Проверьте, что страница открыта и это на ней включено; иначе удалите источник",
    )
