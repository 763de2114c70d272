"""Searches: by words and by place, page by page; what is found is the wall's own post, looked at again for a while."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.vk.search import LATE
from crawlers.vk.settings import VkSettings
from schemas import Outcome, PostKind
from tests.crawlers.harness import World, drafts
from tests.crawlers.vk.kit import Crawl, latest
from tests.simulators.vk import Community, VkSimulator

WATER: dict[str, Any] = {"words": "нет воды"}


@pytest.fixture
def town() -> Community:
    return Community(11, "town", "Город")


@pytest.fixture
def person() -> Community:
    return Community(77, "somebody", "Житель", person=True)


@pytest.fixture
def simulator(town: Community, person: Community) -> Iterator[VkSimulator]:
    with VkSimulator([town, person]) as running:
        yield running


def ago(**by: float) -> datetime:
    return datetime.now(UTC) - timedelta(**by)


def test_posts_with_the_words_are_found_on_all_walls_oldest_first(
    here: World, simulator: VkSimulator, town: Community, person: Community
) -> None:
    mine = person.add("У нас на Труда, 5 опять нет воды", ago(hours=2), author=77)
    theirs = town.add("В центре нет воды до вечера", ago(hours=5))
    town.add("Ярмарка в субботу", ago(hours=1))
    person.add("Нет воды, но это было давно", ago(days=3), author=77)
    found = drafts(Crawl(here, simulator, search=WATER).visit())
    assert [draft.id for draft in found] == [f"vk:-11_{theirs.id}", f"vk:77_{mine.id}"]
    assert (found[1].url, found[1].place_hint) == (f"https://vk.com/wall77_{mine.id}", "Челябинск")
    post = latest(here)[f"vk:77_{mine.id}"]
    assert post.author is not None
    assert "77" not in post.author.split("_")


def test_a_post_found_on_the_wall_and_by_search_is_one_post(
    here: World, simulator: VkSimulator, town: Community
) -> None:
    town.add("В центре нет воды до вечера", ago(hours=5))
    Crawl(here, simulator, id_="wall", wall="town").visit()
    search = Crawl(here, simulator, id_="search", search=WATER)
    search.visit()
    assert (search.published, len(here.posts())) == (0, 1)


def test_the_place_goes_along_and_geotags_are_kept(here: World, simulator: VkSimulator, town: Community) -> None:
    near = {"geo": {"type": "point", "coordinates": "53.41 58.98"}}
    town.add("Яма у остановки", ago(minutes=30), more=near)
    town.add("Яма в другом городе", ago(minutes=30), more={"geo": {"type": "point", "coordinates": "55.75 37.62"}})
    town.add("Яма неизвестно где", ago(minutes=30))
    crawl = Crawl(here, simulator, search={"near": {"lat": 53.4, "lon": 59.0}})
    (found,) = drafts(crawl.visit())
    assert found.geo is not None
    assert (found.geo.lat, found.geo.lon) == (53.41, 58.98)
    asked = next(values for name, values in simulator.calls if name == "newsfeed.search")
    assert (asked["latitude"], asked["longitude"], "q" in asked) == ("53.4", "59.0", False)
    both = Crawl(here, simulator, search={"words": "яма", "near": {"lat": 53.4, "lon": 59.0}})
    assert [draft.id for draft in drafts(both.visit())] == [found.id]


def test_an_idle_visit_costs_one_call_and_reaches_back_an_hour(
    here: World, simulator: VkSimulator, town: Community
) -> None:
    crawl = Crawl(here, simulator, search=WATER)
    crawl.visit()
    before = len(simulator.calls)
    late = town.add("С утра нет воды", ago(minutes=50))  # VK has found it only now
    crawl.visit()
    assert [name for name, _ in simulator.calls[before:]] == ["newsfeed.search"]
    values = simulator.calls[before][1]
    span = int(values["end_time"]) - int(values["start_time"])
    assert LATE.total_seconds() <= span < LATE.total_seconds() + 10
    assert (here.posts()[-1].id, crawl.published) == (f"vk:-11_{late.id}", 1)


def test_many_results_are_read_page_by_page(here: World, simulator: VkSimulator, town: Community) -> None:
    for number in range(450):
        town.add(f"Нет воды, дом {number}", ago(minutes=120, seconds=number))
    crawl = Crawl(here, simulator, search=WATER)
    crawl.visit()
    assert len(here.posts()) == 450
    assert [values.get("start_from") for name, values in simulator.calls if name == "newsfeed.search"] == [
        None,
        "200/simulated",
        "400/simulated",
        None,
    ]
    assert {values["count"] for name, values in simulator.calls if name == "newsfeed.search"} == {"200"}


def test_more_than_vk_gives_at_once_is_asked_for_in_shorter_stretches(
    here: World, simulator: VkSimulator, town: Community
) -> None:
    for number in range(2300):
        town.add(f"Нет воды, дом {number}", ago(hours=23) + timedelta(seconds=30 * number))
    Crawl(here, simulator, search=WATER).visit()
    assert len(here.posts()) == 2300
    assert simulator.called("newsfeed.search") < 40


def test_after_a_month_every_day_is_asked_for_and_nothing_is_lost(
    here: World, simulator: VkSimulator, town: Community
) -> None:
    crawl = Crawl(here, simulator, search=WATER)
    crawl.visit()
    here.clock.forward(days=30)
    for day in range(30):
        town.add("Сегодня нет воды", ago(minutes=1) + timedelta(days=day))
    before = simulator.called("newsfeed.search")
    crawl.visit()
    assert crawl.published == 30
    assert simulator.called("newsfeed.search") == before + 31


def test_what_was_found_is_looked_at_again_for_edits_and_deletions(
    here: World, simulator: VkSimulator, town: Community, person: Community
) -> None:
    kept = town.add("Нет воды на Труда", ago(hours=3))
    gone = town.add("Нет воды на Мира", ago(hours=3))
    closed = person.add("Нет воды у меня", ago(hours=3), author=77)
    crawl = Crawl(here, simulator, search=WATER)
    crawl.visit()
    kept.text, kept.edited = "Воду дали", int(datetime.now(UTC).timestamp())
    del town.posts[gone.id]
    person.closed = True
    crawl.visit()
    assert crawl.published == 0  # not before the hour
    here.clock.forward(hours=1)
    crawl.visit()
    known = latest(here)
    assert (known[f"vk:-11_{kept.id}"].text, known[f"vk:-11_{kept.id}"].revision) == ("Воду дали", kept.edited)
    assert {id_ for id_, post in known.items() if post.deleted} == {f"vk:-11_{gone.id}", f"vk:77_{closed.id}"}
    here.clock.forward(days=4)
    crawl.visit()
    assert crawl.cursor.search is not None
    assert crawl.cursor.search.found == {}


def test_comments_are_found_under_the_walls_own_number_with_their_post(
    here: World, simulator: VkSimulator, town: Community
) -> None:
    simulator.methods.find_comments = True
    post = town.add("Как дела в районе?", ago(hours=3))
    comment = town.comment(post, "Опять нет воды", ago(hours=2), author=5)
    (draft,) = drafts(Crawl(here, simulator, search=WATER).visit())
    assert (draft.id, draft.kind) == (f"vk:-11_c{comment.id}", PostKind.COMMENT)
    assert (draft.parent, draft.context) == (f"vk:-11_{post.id}", "Как дела в районе?")


def test_posts_for_friends_only_are_left_out(here: World, simulator: VkSimulator, person: Community) -> None:
    person.add("Нет воды, только для своих", ago(hours=1), author=77, more={"friends_only": 1})
    assert drafts(Crawl(here, simulator, search=WATER).visit()) == []


def test_another_search_under_the_same_source_starts_anew(here: World, simulator: VkSimulator, town: Community) -> None:
    crawl = Crawl(here, simulator, search=WATER)
    crawl.visit()
    town.add("Нет света на Мира", ago(hours=6))
    other = Crawl(here, simulator, search={"words": "нет света"})
    other.cursor = crawl.cursor
    assert len(drafts(other.visit())) == 1


def test_a_clock_that_jumped_back_loses_nothing(here: World, simulator: VkSimulator, town: Community) -> None:
    crawl = Crawl(here, simulator, search=WATER)
    here.clock.forward(days=10)
    crawl.visit()
    here.clock.forward(days=-10)
    town.add("Нет воды на Мира", ago(minutes=1))
    crawl.visit()
    assert crawl.published == 1


def test_a_day_that_is_used_up_between_pages_goes_on_where_it_was(
    here: World, simulator: VkSimulator, town: Community
) -> None:
    for number in range(450):
        town.add(f"Нет воды, дом {number}", ago(minutes=120, seconds=number))
    simulator.per_day = {"newsfeed.search": 2}
    crawl = Crawl(here, simulator, search=WATER)
    found = crawl.problem()
    assert (found.outcome, found.reason) == (
        Outcome.QUOTA,
        "исчерпан суточный лимит newsfeed.search для этого токена (ошибка 29)",
    )
    simulator.per_day = {}
    crawl.visit()
    assert len({post.id for post in here.posts()}) == len(here.posts()) == 450


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ({}, "Value error, в search нужно хотя бы одно: words (слова) или near (точка)"),
        ({"words": " "}, "String should have at least 2 characters"),
        ({"near": {"lat": 91, "lon": 0}}, "Input should be less than or equal to 90"),
        ({"near": {"lat": 50}}, "Field required"),
        ({"words": "вода", "radius": 5}, "Extra inputs are not permitted"),
    ],
)
def test_wrong_searches_are_refused(search: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        VkSettings.model_validate({"search": search, "token": "t"})
    assert [error["msg"] for error in caught.value.errors()] == [message]  # type: ignore[attr-defined]


@pytest.mark.parametrize("more", [{}, {"wall": "a_wall", "board": "a_wall"}, {"wall": "a_wall", "search": WATER}])
def test_a_source_is_one_thing(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as caught:
        VkSettings.model_validate({"token": "t"} | more)
    assert [error["msg"] for error in caught.value.errors()] == [  # type: ignore[attr-defined]
        "Value error, нужно ровно одно из трёх: wall (стена), board (обсуждения) или search (поиск)"
    ]
