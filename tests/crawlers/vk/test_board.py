"""Discussion boards: topics with news, their openers, what vanishes, and what a visit costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.vk.settings import VkSettings
from schemas import Outcome, PostKind
from tests.crawlers.harness import World, drafts
from tests.crawlers.vk.kit import WALL, Crawl, latest
from tests.simulators.vk import Comment, Community, VkSimulator


@pytest.fixture
def crawl(here: World, simulator: VkSimulator) -> Crawl:
    return Crawl(here, simulator, board=WALL)


def test_a_topic_is_a_post_and_its_answers_are_comments(crawl: Crawl) -> None:
    found = {draft.id: draft for draft in drafts(crawl.visit())}
    topic, answer = found["vk:-7400074_t2"], found["vk:-7400074_t2_3"]
    assert (topic.kind, topic.title, topic.author) == (PostKind.POST, "Горячая вода в Копейске", "601")
    assert topic.text == "Собираем здесь адреса, где нет горячей воды. У нас проспект Победы, 12."
    assert topic.url == "https://vk.com/topic-7400074_2"
    assert topic.reach == {"likes": 1, "comments": 2}
    assert (answer.kind, answer.parent, answer.author) == (PostKind.COMMENT, topic.id, "602")
    assert answer.url == "https://vk.com/topic-7400074_2?post=3"
    assert answer.context == f"{topic.title}\n{topic.text}"
    assert (answer.place_hint, answer.parent_place_hint) == ("Челябинск", "Челябинск")
    assert (topic.place_hint, topic.parent_place_hint) == ("Челябинск", None)


def test_topics_come_by_their_last_comment_the_oldest_first(crawl: Crawl) -> None:
    topics = [draft.id for draft in drafts(crawl.visit()) if draft.kind is PostKind.POST]
    assert topics == [f"vk:-7400074_t{number}" for number in (1, 3, 2, 4)]


def test_the_numbers_of_a_board_and_of_a_wall_never_meet(here: World, crawl: Crawl, simulator: VkSimulator) -> None:
    crawl.visit()
    Crawl(here, simulator, id_="wall").visit()
    assert len({post.id for post in here.posts()}) == len(here.posts()) == 59 + 7


def test_an_idle_visit_costs_one_call(crawl: Crawl, simulator: VkSimulator) -> None:
    crawl.visit()
    before = len(simulator.calls)
    crawl.visit()
    assert [name for name, _ in simulator.calls[before:]] == ["board.getTopics"]


def test_only_topics_with_news_are_read(crawl: Crawl, community: Community, simulator: VkSimulator) -> None:
    crawl.visit()
    before = len(simulator.calls)
    community.answer(community.topics[3], "Засыпали щебнем", datetime.now(UTC))
    new = community.start_topic("Автобус 64", "Почему отменили рейсы после восьми вечера?", datetime.now(UTC))
    crawl.visit()
    assert [values["topic_id"] for name, values in simulator.calls[before:] if name == "board.getComments"] == [
        "3",
        str(new.id),
    ]
    assert {post.id for post in crawl.here.posts()} == set(community.board_ids())
    assert crawl.published == 2


def test_long_topics_are_read_back_to_what_is_known(crawl: Crawl, community: Community, simulator: VkSimulator) -> None:
    now, topic = datetime.now(UTC), community.topics[2]
    for number in range(150):
        community.answer(topic, f"Адрес номер {number}", now - timedelta(hours=1))
    crawl.visit()  # the newest page, and how it began
    assert "vk:-7400074_t2" in latest(crawl.here)
    assert "vk:-7400074_t2_3" not in latest(crawl.here)
    before = simulator.called("board.getComments")
    for number in range(250):
        community.answer(topic, f"Ещё адрес {number}", now)
    crawl.here.clock.forward(minutes=3)  # it cost two calls
    crawl.visit()
    assert crawl.published == 250
    assert simulator.called("board.getComments") == before + 4  # three pages, and the opener
    assert crawl.cursor.board is not None
    assert len(crawl.cursor.board.topics[2].seen) == 100


@pytest.mark.parametrize("new", [100, 120])  # known answers slip past between the pages, or new ones
def test_answers_that_shift_while_they_are_read_are_neither_lost_nor_taken_for_deleted(
    crawl: Crawl, community: Community, simulator: VkSimulator, new: int
) -> None:
    topic, removed = community.topics[2], []

    def answers(count: int) -> None:
        for number in range(count):
            community.answer(topic, f"Адрес номер {number}", crawl.here.clock())

    def shifting(values: Any) -> Any:
        response = answer(values)
        if values["sort"] == "desc" and values["offset"] == "0" and not removed:
            removed.extend(f"vk:-7400074_t2_{one.id}" for one in topic.comments[-6:-1])
            del topic.comments[-6:-1]
        return response

    answers(150)
    crawl.visit()
    answers(new)
    crawl.here.clock.forward(minutes=3)
    answer = simulator.methods.table["board.getComments"]
    simulator.methods.table["board.getComments"] = shifting
    crawl.visit()
    assert len(removed) == 5
    assert not any(post.deleted for post in latest(crawl.here).values())
    answers(300)
    crawl.here.clock.forward(minutes=30)
    crawl.visit()
    known = latest(crawl.here)
    assert {id_ for id_, post in known.items() if post.deleted} == set(removed)
    newest = {f"vk:-7400074_t2_{one.id}" for one in topic.comments[-400 - new + 5 :]}
    assert newest <= {id_ for id_, post in known.items() if not post.deleted}


def test_an_edited_opener_and_an_edited_answer_are_noticed(crawl: Crawl, community: Community) -> None:
    crawl.visit()
    opener, answer, *_ = community.topics[2].comments
    opener.text, answer.text = "Воду дали", "У нас тоже дали"
    crawl.here.clock.forward(hours=7)
    crawl.visit()
    known = latest(crawl.here)
    assert (known["vk:-7400074_t2"].text, known["vk:-7400074_t2_3"].text) == ("Воду дали", "У нас тоже дали")
    assert known["vk:-7400074_t2"].revision > 0


def test_a_deleted_answer_is_erased(crawl: Crawl, community: Community) -> None:
    crawl.visit()
    del community.topics[2].comments[1]
    crawl.here.clock.forward(hours=2)
    crawl.visit()
    known = latest(crawl.here)
    assert [id_ for id_, post in known.items() if post.deleted] == ["vk:-7400074_t2_3"]
    assert known["vk:-7400074_t2_3"].text == ""


def test_a_deleted_opener_is_erased_and_its_place_is_not_taken(crawl: Crawl, community: Community) -> None:
    crawl.visit()
    del community.topics[2].comments[0]
    crawl.here.clock.forward(hours=2)
    crawl.visit()
    known = latest(crawl.here)
    assert [id_ for id_, post in known.items() if post.deleted] == ["vk:-7400074_t2"]
    assert known["vk:-7400074_t2_3"].text == "Улица Борьбы, 25 — холодная с понедельника"


def test_a_deleted_topic_is_asked_for_and_erased_with_its_answers(
    crawl: Crawl, community: Community, simulator: VkSimulator
) -> None:
    crawl.visit()
    del community.topics[2]
    crawl.visit()
    gone = {id_ for id_, post in latest(crawl.here).items() if post.deleted}
    assert gone == {"vk:-7400074_t2", "vk:-7400074_t2_3", "vk:-7400074_t2_5"}
    assert ("board.getTopics", {"group_id": "7400074", "topic_ids": "2"}) in simulator.calls
    crawl.visit()
    assert crawl.published == 0


def test_depth_limits_the_first_visit_for_good(here: World, simulator: VkSimulator, community: Community) -> None:
    crawl = Crawl(here, simulator, board=WALL, depth=2)
    crawl.visit()
    crawl.visit()
    topics = {post.id for post in here.posts() if post.kind is PostKind.POST}
    assert topics == {"vk:-7400074_t1", "vk:-7400074_t4", "vk:-7400074_t2"}  # the pinned one, and the last two
    community.answer(community.topics[3], "Засыпали", datetime.now(UTC))
    crawl.visit()
    assert crawl.published == 2


def test_a_big_board_is_read_page_by_page(here: World, simulator: VkSimulator, community: Community) -> None:
    start = datetime.now(UTC) - timedelta(days=300)
    for number in range(230):
        community.start_topic(f"Тема {number}", f"О чём тема {number}", start + timedelta(hours=number))
    crawl = Crawl(here, simulator, board=WALL, depth=500)
    crawl.visit()
    assert {post.id for post in here.posts()} == set(community.board_ids())
    before = len(simulator.calls)
    crawl.visit()
    assert len(simulator.calls) == before + 1
    old = min(community.topics.values(), key=lambda topic: topic.updated)
    community.answer(old, "Спустя год ничего не изменилось", datetime.now(UTC))
    crawl.visit()
    assert crawl.published == 1


def test_a_mention_in_a_board_does_not_leave_the_name(crawl: Crawl) -> None:
    crawl.visit()
    assert latest(crawl.here)["vk:-7400074_t2_5"].text == "[упоминание], в вашем доме уже включили?"


def test_a_closed_board_is_told(here: World) -> None:
    with VkSimulator([Community(5, "closed", "Закрыто", closed=True)]) as simulator:
        found = Crawl(here, simulator, board="closed").problem()
    assert (found.outcome, found.reason, found.action) == (
        Outcome.BLOCKED,
        "доступ запрещён: обсуждения закрыты или выключены (ошибка 15)",
        "Проверьте, что страница открыта и это на ней включено; иначе удалите источник",
    )


def test_a_name_that_a_person_took_has_no_board(here: World) -> None:
    with VkSimulator([Community(5, "taken", "Человек", person=True)]) as simulator:
        found = Crawl(here, simulator, board="taken").problem()
    assert (found.outcome, found.reason) == (Outcome.GONE, "«taken» — страница человека: обсуждений там нет")


def test_an_empty_board_is_no_error(here: World) -> None:
    with VkSimulator([Community(5, "empty", "Пусто")]) as simulator:
        assert drafts(Crawl(here, simulator, board="empty").visit()) == []


def test_one_topic_that_may_not_be_read_does_not_matter(crawl: Crawl, simulator: VkSimulator) -> None:
    simulator.fail("board.getComments", 15)
    assert len(drafts(crawl.visit())) == 6


def test_another_board_under_the_same_source_starts_anew(here: World, crawl: Crawl, simulator: VkSimulator) -> None:
    crawl.visit()
    other = Crawl(here, simulator, board="-7400074")
    other.cursor = crawl.cursor
    assert len(drafts(other.visit())) == 7


def test_a_topic_written_in_while_the_board_is_read_is_not_lost(
    here: World, simulator: VkSimulator, community: Community
) -> None:
    start = datetime.now(UTC) - timedelta(days=30)
    for number in range(150):
        community.start_topic(f"Тема {number}", f"О чём тема {number}", start + timedelta(hours=number))
    answer = simulator.methods.table["board.getTopics"]

    def shifting(values: dict[str, str]) -> object:
        response = answer(values)
        if values.get("offset") == "0":
            community.topics.pop(100, None)
            community.topics[20].comments.append(Comment(2, 801, int(datetime.now(UTC).timestamp()), "Новость"))
        return response

    simulator.methods.table["board.getTopics"] = shifting  # type: ignore[assignment]
    crawl = Crawl(here, simulator, board=WALL, depth=500)
    crawl.visit()
    crawl.visit()
    assert set(community.board_ids()) <= {post.id for post in here.posts() if not post.deleted}


@pytest.mark.parametrize(
    ("written", "board"), [("https://vk.com/board1234", "-1234"), ("club5", "-5"), ("typical_chel", "typical_chel")]
)
def test_a_board_may_be_written_in_many_ways(written: str, board: str) -> None:
    assert VkSettings.model_validate({"board": written, "token": "t"}).board == board
