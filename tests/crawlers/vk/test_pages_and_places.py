"""People's public pages, geotags, and names that must not stay in a text."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from crawlers.vk.convert import MAX_CONTEXT, post_draft
from schemas import Outcome
from tests.crawlers.harness import HASHER, World, drafts
from tests.crawlers.vk.kit import Crawl, latest
from tests.simulators.vk import Community, VkSimulator


@pytest.fixture
def head() -> Community:
    """A person who writes publicly."""
    return Community(123, "glava_rayona", "Глава района", person=True)


@pytest.fixture
def simulator(head: Community) -> Iterator[VkSimulator]:
    with VkSimulator([head]) as running:
        yield running


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("wall", ["id123", "https://vk.com/id123", "glava_rayona", "vk.com/glava_rayona"])
def test_a_persons_public_page_is_a_wall(here: World, simulator: VkSimulator, head: Community, wall: str) -> None:
    post = head.add("Завтра приём жителей в десять", now(), author=123)
    comment = head.comment(post, "А дорогу когда сделают?", now(), author=5)
    Crawl(here, simulator, wall=wall).visit()
    known = latest(here)
    assert list(known) == [f"vk:123_{post.id}", f"vk:123_c{comment.id}"]
    assert known[f"vk:123_{post.id}"].author == HASHER.hash("vk", "123")
    assert known[f"vk:123_c{comment.id}"].url == f"https://vk.com/wall123_{post.id}?reply={comment.id}"
    assert {values["owner_id"] for name, values in simulator.calls if name == "wall.get"} == {"123"}


def test_a_name_is_looked_up_once_for_all_sources(here: World, simulator: VkSimulator) -> None:
    for id_ in ("one", "other"):
        Crawl(here, simulator, id_=id_, ledger=True, wall="glava_rayona").visit()
    assert simulator.called("utils.resolveScreenName") == 1


def test_a_closed_page_is_told(here: World, simulator: VkSimulator, head: Community) -> None:
    head.closed = True
    found = Crawl(here, simulator, wall="id123").problem()
    assert (found.outcome, found.reason, found.action) == (
        Outcome.BLOCKED,
        "страница закрыта настройками приватности: её видят только друзья (ошибка 30)",
        "Закрытые страницы не собираются: удалите источник или попросите владельца открыть страницу",
    )


def test_a_page_that_closes_later_is_told_and_the_cursor_stays(
    here: World, simulator: VkSimulator, head: Community
) -> None:
    head.add("Завтра приём жителей", now(), author=123)
    crawl = Crawl(here, simulator, wall="id123")
    crawl.visit()
    before, head.closed = crawl.cursor, True
    assert crawl.problem().outcome is Outcome.BLOCKED
    assert crawl.cursor == before


def test_nothing_about_persons_is_asked_for(here: World, simulator: VkSimulator, head: Community) -> None:
    post = head.add("Завтра приём жителей", now(), author=123)
    head.comment(post, "Спасибо", now(), author=5)
    Crawl(here, simulator, wall="glava_rayona").visit()
    asked = {key for _, values in simulator.calls for key in values}
    assert not asked & {"extended", "fields"}
    assert {name for name, _ in simulator.calls} <= {"utils.resolveScreenName", "wall.get", "wall.getComments"}


PLACE = {
    "id": 1,
    "title": "Дом, милый дом",
    "latitude": 54.98,
    "longitude": 60.36,
    "city": "Миасс",
    "country": "Россия",
}


@pytest.mark.parametrize(
    ("geo", "at", "address"),
    [
        ({"type": "point", "coordinates": "55.16 61.40"}, (55.16, 61.40), None),
        ({"coordinates": {"latitude": 55.16, "longitude": 61.4}}, (55.16, 61.40), None),
        ({"coordinates": "55.16 61.40", "place": {"title": "Парк"}}, (55.16, 61.40), None),
        ({"place": PLACE}, (54.98, 60.36), "Миасс"),
        ({"place": PLACE | {"address": "ул. Романенко, 50"}}, (54.98, 60.36), "Миасс, ул. Романенко, 50"),
        ({"place": {"city": 1, "address": "ул. Романенко, 50"}}, None, "ул. Романенко, 50"),
        ({"coordinates": "где-то"}, None, None),
        ({"coordinates": "95 200"}, None, None),
        ([], None, None),
        (None, None, None),
    ],
)
def test_geotags_come_in_many_shapes(geo: Any, at: tuple[float, float] | None, address: str | None) -> None:
    item = {"id": 1, "owner_id": -1, "from_id": -1, "date": 1, "text": "Яма", "geo": geo}
    draft = post_draft(item, "tested", None)
    assert (draft.geo and (draft.geo.lat, draft.geo.lon), draft.address) == (at, address)


def test_geotags_of_posts_and_comments_are_kept(here: World, simulator: VkSimulator, head: Community) -> None:
    post = head.add("Объезд", now(), author=123, more={"geo": {"coordinates": "54.98 60.36", "place": PLACE}})
    comment = head.comment(post, "И тут яма", now())
    comment.more = {"geo": {"coordinates": {"latitude": 55.0, "longitude": 60.4}}}
    Crawl(here, simulator, wall="id123").visit()
    known = latest(here)
    assert known[f"vk:123_{post.id}"].geo is not None
    assert known[f"vk:123_{post.id}"].address == "Миасс"
    found = known[f"vk:123_c{comment.id}"]
    assert found.geo is not None
    assert (found.geo.lat, found.geo.lon) == (55.0, 60.4)
    assert (found.place_hint, found.parent_place_hint) == ("Челябинск", "Миасс")


def test_mentions_leave_no_name_in_text_or_context(here: World, simulator: VkSimulator, head: Community) -> None:
    post = head.add("Благодарю [id501|Анну Иванову] за сигнал", now(), author=123)
    comment = head.comment(post, "[id502:bp-1_2|Пётр], согласна, а @id503 (Сергей) молчит", now())
    Crawl(here, simulator, wall="id123").visit()
    known = latest(here)
    assert known[f"vk:123_{post.id}"].text == "Благодарю [упоминание] за сигнал"
    assert known[f"vk:123_c{comment.id}"].text == "[упоминание], согласна, а [упоминание] молчит"
    assert known[f"vk:123_c{comment.id}"].context == "Благодарю [упоминание] за сигнал"


def test_a_mention_at_the_cut_of_the_context_leaves_no_name(
    here: World, simulator: VkSimulator, head: Community
) -> None:
    names = "[id501|Анна Александровна Константинопольская-Перекрёстова] " * 40  # masked, they shrink to a fifth
    for shift in range(0, 60, 7):
        post = head.add("о" * shift + names, now(), author=123)
        head.comment(post, "Поддерживаю", now())
    assert len(names) > MAX_CONTEXT
    found = drafts(Crawl(here, simulator, wall="id123").visit())
    here.intake.publish(found)
    contexts = [post.context for post in here.posts() if post.context]
    assert len(contexts) == 9
    assert not any("Анна" in context or "Перекр" in context for context in contexts)
