"""The simulator answers in VK's shapes: every answer passes the models that are generated from VK's schema, 5.199."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from vkbottle_types.responses import board, groups, newsfeed, utils, wall

from crawlers.vk.client import VkClient
from crawlers.vk.errors import _MEANINGS
from crawlers.vk.settings import VkSettings
from store import Quotas
from tests.crawlers.harness import World
from tests.crawlers.vk.kit import WALL, Crawl
from tests.simulators.vk import Community, VkSimulator, load
from tests.simulators.vk.methods import VkError

MODELS: dict[str, type[BaseModel]] = {
    "wall.get": wall.WallGetResponse,
    "wall.getById": wall.WallGetByIdResponse,
    "wall.getComments": wall.WallGetCommentsResponse,
    "newsfeed.search": newsfeed.NewsfeedSearchResponse,
    "board.getTopics": board.BoardGetTopicsResponse,
    "board.getComments": board.BoardGetCommentsResponse,
    "utils.resolveScreenName": utils.UtilsResolveScreenNameResponse,
    "groups.getById": groups.GroupsGetByIdObjectResponse,
}
"""By method."""


class Errors(BaseModel):
    """`base_error`; vkbottle-types has no model of the envelope."""

    error_code: int
    error_msg: str
    request_params: list[dict[str, str]]


@pytest.fixture
def told() -> Counter[str]:
    return Counter()


@pytest.fixture
def check(told: Counter[str]) -> Callable[[str, dict[str, Any]], None]:
    """Holds an answer, as it goes over the wire, to its model."""

    def check(method: str, answer: dict[str, Any]) -> None:
        sent = json.loads(json.dumps(answer))
        try:
            if "error" in sent:
                Errors.model_validate(sent["error"])
            else:
                MODELS[method].model_validate(sent)
        except ValidationError as error:
            told[f"{method} wrong: {error}"] += 1
        told[method] += 1

    return check


def test_every_answer_fits_vks_schema(
    here: World, told: Counter[str], check: Callable[[str, dict[str, Any]], None]
) -> None:
    now = datetime.now(UTC)
    community, person = load(now), Community(123, "glava_rayona", "Глава района", person=True)
    community.posts[1020].comments[2].deleted = True
    community.posts[1240].edited = int(now.timestamp())
    community.posts[1240].more = {
        "copy_history": [community.posts[1230].shape(community.owner)],
        "geo": {"type": "point", "coordinates": "55.16 61.40", "place": {"id": 1, "title": "Парк"}},
        "attachments": [
            {"type": "photo", "photo": {"id": 7, "owner_id": -1, "album_id": 1, "date": 1, "has_tags": False}}
        ],
    }
    top = community.comment(community.posts[1240], "Вопрос", now)
    for number in range(30):
        community.comment(community.posts[1240], f"Ответ {number}", now, under=top)
    person.add("Нет воды у соседей", now - timedelta(hours=2), author=123)
    with VkSimulator([community, person], answered=check) as simulator:
        simulator.methods.find_comments = True
        crawls = [
            Crawl(here, simulator, wall=WALL),
            Crawl(here, simulator, wall="glava_rayona"),
            Crawl(here, simulator, board=WALL),
            Crawl(here, simulator, search={"words": "воды"}),
            Crawl(here, simulator, search={"near": {"lat": 55.2, "lon": 61.4}}),
        ]
        for crawl in crawls:
            crawl.visit()
        del community.posts[1230]
        del community.topics[3]
        person.closed = True
        here.clock.forward(hours=7)
        for crawl in crawls:
            if crawl is crawls[1]:
                crawl.problem()
            else:
                crawl.visit()
        ask(here, simulator, "groups.getById", group_ids=WALL)
        Crawl(here, simulator, wall="no_such_group").problem()
    assert [wrong for wrong in told if "wrong" in wrong] == []
    assert set(told) == set(MODELS)


def ask(here: World, simulator: VkSimulator, method: str, **values: Any) -> Any:
    """One call of a method that no visit makes."""

    async def run() -> Any:
        settings = VkSettings.model_validate({"wall": WALL, "token": simulator.token, "api_url": simulator.url})
        client = VkClient(settings, Quotas(here.store), here.clock, 0.01)
        try:
            return await client.call(method, **values)
        finally:
            await client.close()

    return asyncio.run(run())


def test_every_error_that_is_simulated_fits_the_schema(
    told: Counter[str], check: Callable[[str, dict[str, Any]], None]
) -> None:
    for code in _MEANINGS:
        check("wall.get", VkError(code, "simulated", captcha_sid="1").answer("wall.get"))
    assert dict(told) == {"wall.get": len(_MEANINGS)}


def test_an_answer_of_another_shape_is_noticed(
    told: Counter[str], check: Callable[[str, dict[str, Any]], None]
) -> None:
    check("wall.getComments", {"response": {"count": 1, "items": [{"id": 1, "date": 1}]}})
    (wrong,) = (one for one in told if "wrong" in one)
    assert "from_id" in wrong
