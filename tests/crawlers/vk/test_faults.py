"""Bad input and faults: texts of any kind, walls of any size, clocks that jump, answers in the middle of a page."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.vk.tokens import PER_DAY
from schemas import Outcome
from tests.crawlers.harness import World, drafts
from tests.crawlers.vk.kit import WALL, Crawl, latest
from tests.simulators.vk import Community, Endless, VkSimulator
from tests.simulators.vk.server import VK_PER_DAY, Fault

SECOND = "second-simulated-token"


@pytest.fixture
def simulator(community: Community) -> Iterator[VkSimulator]:
    with VkSimulator([community], more_tokens=(SECOND,), kinds={SECOND: "community"}) as running:
        yield running


@pytest.mark.parametrize(
    ("form", "method"),
    [
        ({"wall": "-7400074"}, "wall.get"),
        ({"board": "-7400074"}, "board.getTopics"),
        ({"search": {"words": "вода"}}, "newsfeed.search"),
    ],
)
def test_a_token_of_another_kind_than_it_says_is_told(
    here: World, simulator: VkSimulator, form: dict[str, Any], method: str
) -> None:
    found = Crawl(here, simulator, **form, token=SECOND).problem()
    assert (found.outcome, found.reason, found.action) == (
        Outcome.BLOCKED,
        f"ключом доступа сообщества нельзя вызывать {method} (ошибка 27)",
        "Укажите сервисный ключ приложения или токен пользователя",
    )


@pytest.mark.parametrize(
    ("form", "method"),
    [
        ({"wall": WALL}, "wall.get"),
        ({"board": WALL}, "board.getTopics"),
        ({"search": {"words": "вода"}}, "newsfeed.search"),
    ],
)
@pytest.mark.parametrize(("code", "outcome"), [(5, Outcome.BLOCKED), (14, Outcome.BLOCKED), (29, Outcome.QUOTA)])
def test_every_form_ends_as_the_error_says(
    here: World, simulator: VkSimulator, form: dict[str, Any], method: str, code: int, outcome: Outcome
) -> None:
    simulator.fail(method, code, captcha_sid="1", captcha_img="https://vk.com/captcha.php")
    crawl = Crawl(here, simulator, **form)
    assert crawl.problem().outcome is outcome
    assert here.posts() == []
    crawl.visit()
    assert here.posts()


@pytest.mark.parametrize("code", [29, 14, 6])
def test_an_error_between_two_pages_of_a_wall_leaves_no_gap(
    here: World, simulator: VkSimulator, community: Community, code: int
) -> None:
    crawl = Crawl(here, simulator, comments=False)
    crawl.visit()
    for number in range(250):
        community.add(f"Сообщение номер {number}", datetime.now(UTC))
    answer = simulator.methods.table["wall.get"]

    def failing(values: Any) -> Any:
        if values["offset"] == "0":
            simulator.fail("wall.get", code, times=3)
        return answer(values)

    simulator.methods.table["wall.get"] = failing
    crawl.problem()
    simulator.methods.table["wall.get"] = answer
    simulator.faults.clear()
    crawl.visit()
    assert set(latest(here)) == {f"vk:-7400074_{number}" for number in community.posts}


def test_a_post_edited_while_the_wall_is_read_is_neither_lost_nor_doubled(
    here: World, simulator: VkSimulator, community: Community
) -> None:
    for number in range(250):
        community.add(f"Сообщение номер {number}", datetime.now(UTC))
    edge = sorted(community.posts)[-99]  # stands on both pages, thanks to the overlap
    answer = simulator.methods.table["wall.get"]

    def editing(values: Any) -> Any:
        response = answer(values)
        if values["offset"] == "0":
            community.posts[edge].text, community.posts[edge].edited = "Исправлено", int(here.clock().timestamp())
        return response

    simulator.methods.table["wall.get"] = editing
    crawl = Crawl(here, simulator, comments=False, depth=1000)
    crawl.visit()
    crawl.visit()
    assert latest(here)[f"vk:-7400074_{edge}"].text == "Исправлено"
    assert sum(post.id == f"vk:-7400074_{edge}" for post in here.posts()) == 1
    assert set(latest(here)) == {f"vk:-7400074_{number}" for number in community.posts}


def test_one_wall_under_two_sources_is_collected_once(
    here: World, simulator: VkSimulator, community: Community
) -> None:
    one, other = Crawl(here, simulator, id_="one"), Crawl(here, simulator, id_="other", wall="-7400074")
    one.visit()
    other.visit()
    assert (one.published, other.published) == (59, 0)
    del community.posts[1140]
    one.visit()
    other.visit()
    assert (one.published, other.published) == (3, 0)


def test_a_wall_of_a_million_posts_costs_no_more_than_asked_for(here: World) -> None:
    start = datetime.now(UTC)
    wall = Endless(5, "endless", size=1_000_000, start=start)
    with VkSimulator([wall]) as simulator:
        crawl = Crawl(here, simulator, wall="endless", depth=1_000, comments=False)
        tracemalloc.start()
        crawl.visit()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(here.posts()) == 1_000
        assert simulator.called("wall.get") == 11
        assert wall.made < 1_200
        assert peak < 30_000_000
        wall.size += 300  # a busy day
        before = simulator.called("wall.get")
        crawl.visit()
        assert crawl.published == 300
        assert simulator.called("wall.get") <= before + 5
        assert len(crawl.cursor.model_dump_json()) < 500_000


def test_the_longest_text_is_kept_whole(here: World, simulator: VkSimulator, community: Community) -> None:
    text = ("Нет воды на улице Труда. " * 700)[:15_999] + "!"
    post = community.add(text, datetime.now(UTC))
    comment = community.comment(post, text, datetime.now(UTC))
    Crawl(here, simulator).visit()
    known = latest(here)
    assert known[f"vk:-7400074_{post.id}"].text == known[f"vk:-7400074_c{comment.id}"].text == text
    assert not known[f"vk:-7400074_{post.id}"].truncated
    context = known[f"vk:-7400074_c{comment.id}"].context
    assert context is not None
    assert text.startswith(context)
    assert len(context) <= 500


@pytest.mark.parametrize("sign", ["\0", "\ud83d", "\u202e", "\ufeff"])
def test_characters_that_databases_refuse_do_not_stop_a_wall(
    here: World, simulator: VkSimulator, community: Community, sign: str
) -> None:
    post = community.add(f"Нет{sign} воды", datetime.now(UTC))
    community.start_topic(f"Во{sign}да", f"Где{sign} вода", datetime.now(UTC))
    Crawl(here, simulator).visit()
    Crawl(here, simulator, id_="board", board=WALL).visit()
    assert set(latest(here)) == {*community.ids(), *community.board_ids()}
    assert "воды" in latest(here)[f"vk:-7400074_{post.id}"].text
    assert not any(sign in post.text + (post.title or "") for post in here.posts())


@pytest.mark.parametrize("days", [-400, -2, 2, 400])
def test_a_clock_that_jumps_loses_and_doubles_nothing(
    here: World, simulator: VkSimulator, community: Community, days: int
) -> None:
    crawl = Crawl(here, simulator)
    crawl.visit()
    here.clock.forward(days=days)
    crawl.visit()
    here.clock.forward(days=-days)
    new = community.comment(community.posts[1230], "Посыпали только у магазина", datetime.now(UTC))
    del community.posts[1140]
    here.clock.forward(hours=2)
    crawl.visit()
    known = latest(here)
    assert {id_ for id_, post in known.items() if not post.deleted} == set(community.ids())
    assert f"vk:-7400074_c{new.id}" in known


def test_a_redirect_to_the_page_of_those_in_haste_is_a_quota(here: World, simulator: VkSimulator) -> None:
    simulator.faults.append(Fault("wall.get", redirect="https://vk.com/429.html?r=1"))
    found = Crawl(here, simulator).problem()
    assert (found.outcome, found.reason) == (Outcome.QUOTA, "ВКонтакте ответил 429: слишком много запросов")


def test_a_slow_answer_is_waited_for(here: World, simulator: VkSimulator) -> None:
    simulator.slow = 0.2
    assert drafts(Crawl(here, simulator, comments=False).visit())


def test_a_login_page_in_the_middle_of_the_comments_keeps_what_came_before(
    here: World, simulator: VkSimulator, community: Community
) -> None:
    crawl = Crawl(here, simulator)
    answer = simulator.methods.table["wall.getComments"]

    def captive(values: Any) -> Any:
        if values["post_id"] == "1060":
            simulator.faults.extend([Fault("wall.getComments", body="<html>Войдите</html>")] * 3)
        return answer(values)

    simulator.methods.table["wall.getComments"] = captive
    found = crawl.problem()
    assert (found.outcome, found.reason) == (
        Outcome.CHANGED,
        "вместо ответа API ВКонтакте пришла страница или обрывок",
    )
    assert crawl.cursor.watched[1040].read is not None
    simulator.methods.table["wall.getComments"] = answer
    crawl.visit()
    assert set(latest(here)) == set(community.ids())


def test_a_community_that_goes_while_it_is_watched_is_told_and_its_posts_stay(
    here: World, simulator: VkSimulator, community: Community
) -> None:
    crawl = Crawl(here, simulator)
    crawl.visit()
    community.deleted = True
    assert crawl.problem().outcome is Outcome.GONE
    assert not any(post.deleted for post in here.posts())


def test_a_renamed_community_is_followed_by_its_number(
    here: World, simulator: VkSimulator, community: Community
) -> None:
    crawl = Crawl(here, simulator)
    crawl.visit()
    community.screen_name = "another_name"
    new = community.add("Мы переехали", datetime.now(UTC))
    crawl.visit()
    assert f"vk:-7400074_{new.id}" in latest(here)


def test_our_figures_of_a_day_are_vks() -> None:
    assert {method: PER_DAY[method] for method in VK_PER_DAY} == VK_PER_DAY


def test_the_ledger_stops_comments_before_vk_does(
    here: World, simulator: VkSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PER_DAY, "wall.getComments", 2)
    simulator.per_day = {"wall.getComments": 2}
    found = Crawl(here, simulator, ledger=True).problem()
    assert (found.outcome, found.reason, found.action) == (
        Outcome.QUOTA,
        "суточный запас вызовов wall.getComments для этого токена израсходован",
        "Увеличьте промежуток every или добавьте ещё один токен",
    )
    assert simulator.called("wall.getComments") == 2
    assert found.retry_at is not None
    assert found.retry_at > here.clock() + timedelta(hours=23)
