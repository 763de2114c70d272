"""What is collected of a wall that lives: edits, deletions, new comments, and pages that shift."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ruamel.yaml import YAML

from crawlers.vk.settings import Watch
from crawlers.vk.watching import REMEMBERED, comments_due, remembering
from schemas import PostKind
from tests.crawlers.harness import World, drafts
from tests.crawlers.vk.kit import Crawl, latest
from tests.simulators.vk import Community, VkSimulator
from tests.simulators.vk.wall import DATA

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def crawl(here: World, simulator: VkSimulator) -> Crawl:
    return Crawl(here, simulator)


def test_posts_and_comments_become_drafts_with_their_context(crawl: Crawl) -> None:
    found = {draft.id: draft for draft in drafts(crawl.visit())}
    post, comment, reply, deeper = (found[f"vk:-7400074_{number}"] for number in ("1020", "c1022", "c1023", "c1024"))
    assert (post.kind, post.author, post.place_hint) == (PostKind.POST, "503", "Челябинск")
    assert post.url == "https://vk.com/wall-7400074_1020"
    assert post.reach == {"views": 5400, "likes": 31, "reposts": 0, "comments": 5}
    assert (comment.kind, comment.parent, comment.context) == (PostKind.COMMENT, post.id, post.text)
    assert comment.url == "https://vk.com/wall-7400074_1020?reply=1022"
    assert (reply.parent, reply.context) == (comment.id, "Звоните в аварийную, у них заявка уже есть")
    assert (deeper.parent, deeper.context) == (reply.id, "Звонили трижды, говорят ждите")
    assert found["vk:-7400074_1090"].author == "-7400074"


def test_what_is_expected_of_the_wall_stands_on_it(community: Community) -> None:
    expected = YAML(typ="safe").load(DATA.with_name("expected.yaml"))
    troubles = [one["id"] for one in expected]
    assert len(troubles) == len(set(troubles))
    assert set(troubles) < set(community.ids())


def test_posts_come_oldest_first(crawl: Crawl) -> None:
    found = [int(d.id.rpartition("_")[2]) for d in drafts(crawl.visit()) if d.kind is PostKind.POST]
    assert found == sorted(found)


def test_the_name_is_looked_up_once(crawl: Crawl, simulator: VkSimulator) -> None:
    crawl.visit()
    crawl.visit()
    assert simulator.called("utils.resolveScreenName") == 1


def test_another_wall_under_the_same_source_starts_anew(here: World, crawl: Crawl, simulator: VkSimulator) -> None:
    crawl.visit()
    other = Crawl(here, simulator, wall="-7400074")
    other.cursor = crawl.cursor
    assert len(drafts(other.visit())) == 59
    assert simulator.called("utils.resolveScreenName") == 1


def test_an_idle_visit_costs_one_call(crawl: Crawl, simulator: VkSimulator) -> None:
    crawl.visit()
    before = len(simulator.calls)
    crawl.visit()
    assert [name for name, _ in simulator.calls[before:]] == ["wall.get"]


def test_comments_can_be_left_out(here: World, simulator: VkSimulator) -> None:
    Crawl(here, simulator, comments=False).visit()
    assert {post.kind for post in here.posts()} == {PostKind.POST}
    assert simulator.called("wall.getComments") == 0


def test_an_edit_raises_the_revision_to_its_second(crawl: Crawl, here: World, community: Community) -> None:
    crawl.visit()
    edited = int(here.clock().timestamp()) - 5
    community.posts[1200].text += " Дополнено: дали воду."
    community.posts[1200].edited = edited
    crawl.visit()
    last = here.posts()[-1]
    assert (last.id, last.revision, last.deleted) == ("vk:-7400074_1200", edited, False)


def test_a_deleted_post_is_asked_for_and_erased(
    crawl: Crawl, here: World, community: Community, simulator: VkSimulator
) -> None:
    crawl.visit()
    del community.posts[1140]
    crawl.visit()
    gone = [(post.id, post.deleted, post.text) for post in here.posts()[59:]]
    assert gone == [("vk:-7400074_1140", True, ""), ("vk:-7400074_c1141", True, ""), ("vk:-7400074_c1142", True, "")]
    assert ("wall.getById", {"posts": "-7400074_1140"}) in simulator.calls
    crawl.visit()
    assert len(here.posts()) == 62


def test_the_oldest_post_and_a_whole_emptied_wall_are_erased(crawl: Crawl, here: World, community: Community) -> None:
    written = set(community.ids())
    crawl.visit()
    lowest = min(number for number, post in community.posts.items() if not post.pinned)
    del community.posts[lowest]
    crawl.visit()
    assert f"vk:-7400074_{lowest}" in {post.id for post in here.posts() if post.deleted}
    community.posts.clear()
    crawl.visit()
    assert {post.id for post in here.posts() if post.deleted} == written


def test_a_deleted_comment_that_vk_still_shows_is_erased(crawl: Crawl, here: World, community: Community) -> None:
    crawl.visit()
    community.posts[1020].comments[1].deleted = True
    here.clock.forward(hours=2)
    crawl.visit()
    assert [(p.id, p.text) for p in here.posts() if p.deleted] == [("vk:-7400074_c1022", "")]


def gone(here: World) -> set[str]:
    return {id_ for id_, post in latest(here).items() if post.deleted}


def test_a_comment_that_vanished_is_erased(crawl: Crawl, here: World, community: Community) -> None:
    crawl.visit()
    community.posts[1020].comments.pop(2)
    here.clock.forward(hours=2)
    crawl.visit()
    assert gone(here) == {"vk:-7400074_c1025"}
    assert latest(here)["vk:-7400074_c1025"].text == ""
    crawl.visit()
    assert crawl.published == 0


def test_a_thread_that_vanished_is_erased_whole(crawl: Crawl, here: World, community: Community) -> None:
    crawl.visit()
    community.posts[1020].comments.pop(1)
    here.clock.forward(hours=2)
    crawl.visit()
    assert gone(here) == {f"vk:-7400074_c{number}" for number in (1022, 1023, 1024)}


def test_one_reply_that_vanished_is_erased(crawl: Crawl, here: World, community: Community) -> None:
    crawl.visit()
    community.posts[1020].comments[1].replies.pop(0)
    here.clock.forward(hours=2)
    crawl.visit()
    assert gone(here) == {"vk:-7400074_c1023"}


def test_the_last_comments_that_vanish_are_erased(crawl: Crawl, here: World, community: Community) -> None:
    crawl.visit()
    community.posts[1010].comments.clear()
    here.clock.forward(hours=2)
    crawl.visit()
    assert gone(here) == {"vk:-7400074_c1011", "vk:-7400074_c1012"}


def test_one_comment_deleted_and_one_written_in_between_are_both_noticed(
    crawl: Crawl, here: World, community: Community
) -> None:
    crawl.visit()
    community.posts[1020].comments.pop()
    new = community.comment(community.posts[1020], "А у нас дали", datetime.now(UTC))
    here.clock.forward(hours=7)
    crawl.visit()
    assert len(gone(here)) == 1
    assert f"vk:-7400074_c{new.id}" in latest(here)


def test_a_comment_that_comes_back_is_a_comment_again(crawl: Crawl, here: World, community: Community) -> None:
    crawl.visit()
    comment = community.posts[1020].comments.pop(2)
    here.clock.forward(hours=2)
    crawl.visit()
    community.posts[1020].comments.append(comment)
    here.clock.forward(hours=2)
    crawl.visit()
    assert gone(here) == set()
    assert latest(here)["vk:-7400074_c1025"].text == comment.text


def test_an_edited_comment_is_noticed_within_six_hours(crawl: Crawl, here: World, community: Community) -> None:
    crawl.visit()
    community.posts[1230].comments[0].text = "Сегодня посыпали"
    here.clock.forward(hours=5)
    crawl.visit()
    assert latest(here)["vk:-7400074_c1231"].text == "Дворника не видели с начала зимы"
    here.clock.forward(hours=1)
    crawl.visit()
    assert latest(here)["vk:-7400074_c1231"].text == "Сегодня посыпали"


def test_comments_closed_later_are_not_taken_for_deleted(
    crawl: Crawl, here: World, community: Community, simulator: VkSimulator
) -> None:
    crawl.visit()
    here.clock.forward(hours=7)
    simulator.fail("wall.getComments", 212, times=2)
    crawl.visit()
    assert gone(here) == set()


def test_an_empty_answer_where_comments_are_counted_deletes_nothing(
    crawl: Crawl, here: World, community: Community, simulator: VkSimulator
) -> None:
    crawl.visit()
    answer = simulator.methods.table["wall.getComments"]
    simulator.methods.table["wall.getComments"] = lambda values: answer(values) | {"items": []}
    here.clock.forward(hours=7)
    crawl.visit()
    assert gone(here) == set()


def test_comments_that_shift_while_they_are_read_are_not_taken_for_deleted(
    crawl: Crawl, here: World, community: Community, simulator: VkSimulator
) -> None:
    post = community.posts[1240]
    for number in range(250):
        community.comment(post, f"Комментарий номер {number}", datetime.now(UTC))
    crawl.visit()
    answer = simulator.methods.table["wall.getComments"]
    removed: list[int] = []

    def shifting(values: Any) -> Any:
        response = answer(values)
        if values["post_id"] == "1240" and values["offset"] == "0" and not removed:
            removed.extend(comment.id for comment in post.comments[:20])
            del post.comments[:20]
        return response

    simulator.methods.table["wall.getComments"] = shifting
    here.clock.forward(hours=7)
    crawl.visit()
    assert gone(here) == set()
    here.clock.forward(hours=7)
    crawl.visit()
    assert gone(here) == {f"vk:-7400074_c{number}" for number in removed}


def test_a_thread_deleted_while_it_is_read_costs_nothing_else(
    here: World, simulator: VkSimulator, community: Community
) -> None:
    post = community.posts[1240]
    top = community.comment(post, "До семи", datetime.now(UTC))
    for number in range(15):
        community.comment(post, f"Ответ {number}", datetime.now(UTC), under=top)
    other = community.comment(post, "А рынок на Мира до шести", datetime.now(UTC))
    answer = simulator.methods.table["wall.getComments"]

    def vanishing(values: Any) -> Any:
        if values.get("comment_id") == str(top.id) and top in post.comments:
            post.comments.remove(top)
        return answer(values)

    simulator.methods.table["wall.getComments"] = vanishing
    crawl = Crawl(here, simulator)
    crawl.visit()
    assert f"vk:-7400074_c{other.id}" in latest(here)
    here.clock.forward(hours=2)
    crawl.visit()
    assert f"vk:-7400074_c{top.id}" in gone(here)
    assert len(gone(here)) == 11  # the comment and the ten replies that had come along


def test_what_is_remembered_of_comments_is_bounded() -> None:
    watched: dict[int, Watch] = {}
    for number in range(10):
        watch = Watch(published=NOW + timedelta(minutes=number), seen=list(range(1_000)))
        watched = remembering(watched, number, watch)
    assert [len(one.seen) for one in watched.values()] == [0] * 5 + [1_000] * 5
    watched = remembering(watched, 0, Watch(published=NOW, seen=list(range(9_000))))
    assert [len(one.seen) for one in watched.values()] == [REMEMBERED] + [0] * 9
    assert watched[0].seen[-1] == 8_999


def test_a_new_comment_under_a_known_post_is_collected(
    crawl: Crawl, here: World, community: Community, simulator: VkSimulator
) -> None:
    crawl.visit()
    new = community.comment(community.posts[1180], "К нам так никто и не приехал", datetime.now(UTC))
    reads = simulator.called("wall.getComments")
    here.clock.forward(minutes=61)
    crawl.visit()
    assert here.posts()[-1].id == f"vk:-7400074_c{new.id}"
    assert simulator.called("wall.getComments") == reads + 1


def test_long_threads_and_many_comments_are_read_to_their_end(
    crawl: Crawl, community: Community, simulator: VkSimulator, here: World
) -> None:
    now = datetime.now(UTC)
    top = community.comment(community.posts[1240], "До семи", now)
    for number in range(250):
        community.comment(community.posts[1240], f"Ответ номер {number}", now, under=top)
    for number in range(130):
        community.comment(community.posts[1240], f"Комментарий номер {number}", now)
    crawl.visit()
    assert {post.id for post in here.posts()} == set(community.ids())
    assert crawl.cursor.watched[1240].calls == 5


def test_a_long_wall_is_read_down_to_the_cursor_however_long_it_is(
    here: World, community: Community, simulator: VkSimulator
) -> None:
    crawl = Crawl(here, simulator, comments=False)
    crawl.visit()
    for number in range(350):
        community.add(f"Сообщение номер {number}", datetime.now(UTC))
    crawl.visit()
    assert {post.id for post in here.posts()} == {f"vk:-7400074_{number}" for number in community.posts}
    assert crawl.cursor.newest == max(community.posts)


def test_depth_limits_the_first_visit_for_good(here: World, simulator: VkSimulator, community: Community) -> None:
    crawl = Crawl(here, simulator, depth=5, comments=False)
    crawl.visit()
    here.clock.forward(hours=2)  # the watched stretch, three days, is read again
    community.add("Ещё одно", datetime.now(UTC))
    crawl.visit()
    pinned, *numbers = sorted(int(post.id.rpartition("_")[2]) for post in here.posts())
    assert (pinned, numbers) == (1001, sorted(community.posts)[-6:])


def test_posts_deleted_and_added_while_paging_leave_no_gap(
    here: World, community: Community, simulator: VkSimulator
) -> None:
    for number in range(250):
        community.add(f"Сообщение номер {number}", datetime.now(UTC))
    gone = max(community.posts) - 3
    answer = simulator.methods.table["wall.get"]

    def shifting(values: Any) -> Any:
        response = answer(values)
        if values["offset"] == "0":
            community.posts.pop(gone, None)
        if values["offset"] == "98":
            community.add("Появилось во время чтения", datetime.now(UTC))
        return response

    simulator.methods.table["wall.get"] = shifting
    crawl = Crawl(here, simulator, comments=False, depth=1000)
    crawl.visit()
    crawl.visit()
    standing = {post.id for post in here.posts() if not post.deleted}
    assert {f"vk:-7400074_{number}" for number in community.posts} <= standing
    assert [post.id for post in here.posts() if post.deleted] == [f"vk:-7400074_{gone}"]


def test_an_empty_wall_is_no_error(here: World) -> None:
    with VkSimulator([Community(5, "empty", "Пусто")]) as simulator:
        assert drafts(Crawl(here, simulator, wall="empty").visit()) == []


def test_repeated_texts_places_and_attachments_are_kept(crawl: Crawl, community: Community) -> None:
    community.posts[1240].more = {
        "copy_history": [{"id": 1, "owner_id": -2, "text": "Что повторили"}],
        "geo": {"type": "point", "coordinates": "55.16 61.40"},
        "attachments": [
            {"type": "photo", "photo": {"id": 7, "owner_id": -7400074, "sizes": []}},
            {"type": "link", "link": {"url": "https://example.org/a"}},
            {"type": "poll", "poll": {"id": 1}},
        ],
    }
    draft = {d.id: d for d in drafts(crawl.visit())}["vk:-7400074_1240"]
    assert draft.text == "Кто знает, до скольки сегодня работает рынок в Аше?\n\nЧто повторили"
    assert draft.geo is not None
    assert (draft.geo.lat, draft.geo.lon) == (55.16, 61.40)
    assert [(m.kind, m.url) for m in draft.media] == [
        ("photo", "https://vk.com/photo-7400074_7"),
        ("link", "https://example.org/a"),
    ]


@pytest.mark.parametrize(
    ("age", "rested", "count", "calls", "due"),
    [
        (timedelta(minutes=5), timedelta(seconds=20), 8, 1, True),  # a fresh post: at once
        (timedelta(hours=12), timedelta(minutes=20), 8, 1, False),  # half a day old: after half an hour
        (timedelta(hours=12), timedelta(minutes=31), 8, 1, True),
        (timedelta(days=30), timedelta(minutes=61), 8, 1, True),  # at most an hour
        (timedelta(minutes=5), timedelta(minutes=30), 8, 20, False),  # 20 calls: every 38 minutes
        (timedelta(hours=12), timedelta(hours=5), 7, 1, False),  # unchanged: every six hours, for edits
        (timedelta(hours=12), timedelta(hours=6), 7, 1, True),
        (timedelta(days=4), timedelta(hours=6), 7, 1, False),
        (timedelta(days=4), timedelta(days=-9), 7, 1, True),  # read by a clock that ran ahead
    ],
)
def test_comments_are_read_again_less_often_with_age_and_cost(
    age: timedelta, rested: timedelta, count: int, calls: int, due: bool
) -> None:
    watch = Watch(published=NOW - age, count=7, read=NOW - rested, calls=calls)
    assert comments_due(watch, count, NOW) is due
