from datetime import UTC, datetime, timedelta

import pytest

from bus import open_bus
from intake import Draft, Intake
from intake.publish import to_post
from schemas import Geo, Media, Post, PostKind, Reach, decode, topics
from store.engine import Store
from store.versions import Versions
from tests.planted import PLANTED
from text import MAX_CHARS, AuthorHasher

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HASHER = AuthorHasher(b"0" * 32)


def draft(**changes) -> Draft:
    usual = {
        "id": "vk:-1_2",
        "kind": PostKind.POST,
        "source": "vk-miass",
        "text": "Нет воды на улице Труда",
        "published": NOW - timedelta(hours=1),
    }
    return Draft(**(usual | changes))


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def bus():
    bus = open_bus("memory:")
    bus.ensure_topics({topics.POSTS: 2, topics.HISTORY: 1, topics.REACH: 1})
    yield bus
    bus.close()


@pytest.fixture
def intake(bus, tmp_path, clock):
    store = Store(f"sqlite:///{tmp_path}/store.db", now=clock)
    store.upgrade()
    yield Intake(bus, Versions(store), HASHER, clock)
    store.close()


def published(bus, topic=topics.POSTS, model=Post):
    return [decode(model, r.record.value, r.record.headers) for r in bus.read(topic)]


def test_a_draft_becomes_a_masked_post_with_a_hashed_author():
    post = to_post(
        draft(
            text="Нет воды.<br>Звоните +7 912 000-11-22",
            title="Труда, 5 &amp; 7",
            context="Пишите anna@example.ru " + "а" * 600,
            author="12345",
            url="https://vk.ru/wall-1_2?phone=79120001122",
            media=(Media(kind="link", url="https://example.ru/?tel=79120001122"),),
            geo=Geo(lat=55.0, lon=60.1),
        ),
        HASHER,
        NOW,
    )
    assert post.text == "Нет воды.\nЗвоните [телефон]"
    assert post.title == "Труда, 5 & 7"
    assert post.context is not None
    assert post.context.startswith("Пишите [почта] а")
    assert len(post.context) == 500
    assert post.author == HASHER.hash("vk", "12345")
    assert post.url == "https://vk.ru/wall-1_2"
    assert post.media[0].url == "https://example.ru/"
    assert post.revision == 0


@pytest.mark.parametrize("published_at", [None, NOW + timedelta(days=2)])
def test_a_missing_or_far_future_time_becomes_now_and_is_marked(published_at):
    post = to_post(draft(published=published_at), HASHER, NOW)
    assert (post.published, post.published_guessed) == (NOW, True)


def test_a_slightly_fast_clock_of_the_source_is_believed():
    ahead = NOW + timedelta(hours=5)
    assert to_post(draft(published=ahead), HASHER, NOW).published == ahead


def test_a_deletion_keeps_no_text():
    post = to_post(draft(deleted=True, title="Труда", context="Родитель"), HASHER, NOW)
    assert (post.deleted, post.text, post.title, post.context) == (True, "", None, None)


def test_masks_longer_than_their_numbers_still_fit():
    post = to_post(draft(text="А123ВС174 " * 2000), HASHER, NOW)
    assert len(post.text) <= MAX_CHARS
    assert "123" not in post.text


def test_a_very_long_text_is_cut_and_marked():
    assert to_post(draft(text="слово " * 10_000), HASHER, NOW).truncated is True


def test_no_planted_number_survives_in_any_field():
    for number in PLANTED:
        post = to_post(draft(text=f"Звоните {number}!", title=f"{number} звоните", context=number), HASHER, NOW)
        assert number not in post.encode().decode()


def test_unchanged_posts_are_published_once(intake, bus):
    assert intake.publish([draft(), draft(id="vk:-1_3", text="Яма")]) == 2
    assert intake.publish([draft(), draft(id="vk:-1_3", text="Яма")]) == 0
    assert [p.id for p in published(bus)] == ["vk:-1_2", "vk:-1_3"]
    assert {r.record.key for r in bus.read(topics.POSTS)} == {"vk-miass"}


def test_an_edit_raises_the_revision(intake, bus, clock):
    intake.publish([draft()])
    edited = NOW + timedelta(minutes=5)
    clock.now = NOW + timedelta(minutes=9)
    intake.publish([draft(text="Воду дали", edited=edited)])
    intake.publish([draft(text="Воду опять отключили")])
    revisions = [p.revision for p in published(bus)]
    assert revisions == [0, int(edited.timestamp()), int(clock.now.timestamp())]


def test_an_edit_dated_before_an_earlier_one_still_rises(intake, bus):
    intake.publish([draft()])
    intake.publish([draft(text="Раз", edited=NOW)])
    intake.publish([draft(text="Два", edited=NOW - timedelta(days=1))])
    assert [p.revision for p in published(bus)] == [0, int(NOW.timestamp()), int(NOW.timestamp()) + 1]


def test_a_deletion_is_a_revision(intake, bus):
    intake.publish([draft()])
    intake.publish([draft(deleted=True, text="")])
    last = published(bus)[-1]
    assert last.deleted
    assert last.revision > 0


def test_the_same_post_twice_in_one_page_is_published_once(intake, bus):
    assert intake.publish([draft(), draft()]) == 1
    assert len(published(bus)) == 1


def test_the_same_wall_under_two_source_ids_is_published_once(intake, bus):
    assert intake.publish([draft()]) == 1
    assert intake.publish([draft(source="vk-miass-again")]) == 0


def test_back_filled_posts_take_their_own_topic(intake, bus):
    intake.publish([draft(history=True)])
    assert published(bus) == []
    assert [p.history for p in published(bus, topics.HISTORY)] == [True]


def test_reach_travels_apart_and_only_when_it_changes(intake, bus):
    intake.publish([draft(reach={"views": 10, "likes": 1})])
    intake.publish([draft(reach={"views": 10, "likes": 1})])
    intake.publish([draft(reach={"views": 12, "likes": 1})])
    assert len(published(bus)) == 1
    assert [(r.views, r.likes) for r in published(bus, topics.REACH, Reach)] == [(10, 1), (12, 1)]


def test_a_record_carries_event_time_and_schema(intake, bus):
    intake.publish([draft()])
    record = bus.read(topics.POSTS)[0].record
    assert record.time == NOW - timedelta(hours=1)
    assert record.headers["schema"] == "post/1"
