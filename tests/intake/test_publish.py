import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bus import open_bus
from intake import Draft, Intake
from intake.publish import to_post
from schemas import Geo, Media, Post, PostKind, Reach, decode, topics
from store.engine import Store
from store.forgotten import Forgotten
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
def store(sqlite_store, clock):
    store = Store(sqlite_store, now=clock)
    yield store
    store.close()


@pytest.fixture
def intake(bus, store, clock):
    return Intake(bus, Versions(store), Forgotten(store), HASHER, clock)


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
        post = to_post(
            draft(text=f"Звоните {number}!", title=f"{number} звоните", context=number, address=number), HASHER, NOW
        )
        assert number not in post.encode().decode()


def test_another_address_is_an_edit(intake, bus):
    for address in (None, "ул. Садовая, 5", "ул. Садовая, 5", "<b>ул. Садовая, 7</b> +7 912 345-67-89"):
        intake.publish([draft(address=address)])
    assert [post.address for post in published(bus)] == [None, "ул. Садовая, 5", "ул. Садовая, 7 [телефон]"]
    assert to_post(draft(address="ул. Садовая, 5", deleted=True), HASHER, NOW).address is None
    assert to_post(draft(address="у" * 999), HASHER, NOW).address == "у" * 300


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


def test_broken_and_endless_addresses_do_not_stop_a_page(intake, bus):
    endless = "https://example.ru/" + "x" * 3_000
    media = tuple(Media(kind="link", url=url) for url in ("https://[broken", endless, "tel:+79120001122") * 20)
    assert intake.publish([draft(url="https://[broken", media=media), draft(id="vk:-1_3", url=endless)]) == 2
    first, second = published(bus)
    assert (first.url, second.url) == (None, None)
    assert {m.url for m in first.media} == {None}
    assert len(first.media) == 20


def test_a_deletion_leaves_neither_place_nor_media(intake, bus):
    intake.publish([draft(geo=Geo(lat=55.0, lon=60.1), media=(Media(kind="photo", url="https://vk.com/photo1_2"),))])
    intake.publish([draft(deleted=True, geo=Geo(lat=55.0, lon=60.1), media=(Media(kind="photo"),))])
    last = published(bus)[-1]
    assert (last.geo, last.media) == (None, ())


def test_a_post_that_comes_back_after_its_deletion_is_newer_than_it(intake, bus, clock):
    edited = NOW - timedelta(minutes=30)
    intake.publish([draft(edited=edited)])
    clock.now += timedelta(minutes=1)
    intake.publish([draft(deleted=True)])
    clock.now += timedelta(minutes=1)
    assert intake.publish([draft(edited=edited)]) == 1
    before, deleted, back = published(bus)
    assert before.revision < deleted.revision < back.revision
    assert back.text == "Нет воды на улице Труда"


def test_a_deletion_seen_twice_is_published_once(intake, bus, clock):
    intake.publish([draft()])
    assert intake.publish([draft(deleted=True)]) == 1
    clock.now += timedelta(minutes=1)
    assert intake.publish([draft(deleted=True)]) == 0


@pytest.mark.parametrize("changes", [{"deleted": True}, {"edited": NOW, "text": "Воду дали"}])
def test_a_forgotten_post_is_still_deleted_and_edited(intake, bus, clock, store, changes):
    intake.publish([draft()])
    intake.publish([draft(text="Воды нет и завтра", edited=NOW - timedelta(minutes=1))])
    Versions(store).prune(NOW + timedelta(days=365))
    intake.publish([draft(**changes)])
    revisions = [p.revision for p in published(bus)]
    assert revisions == sorted(set(revisions))


def test_an_edit_that_several_crawlers_notice_is_one_revision(bus, store, clock):
    """The source names its moment, so whoever sees the post for the first time after it says the same."""
    edited = NOW - timedelta(minutes=1)
    one, other = (Intake(bus, Versions(store), Forgotten(store), HASHER, clock) for _ in range(2))
    one.publish([draft(edited=edited)])
    Versions(store).prune(NOW + timedelta(days=365))
    other.publish([draft(edited=edited)])
    assert [p.revision for p in published(bus)] == [int(edited.timestamp())] * 2


def refuse_versions(store):
    """What a crash between the bus's acknowledgement and the store of the versions leaves behind."""
    with store.transaction() as conn:
        conn.execute(
            text(
                "CREATE TRIGGER refuse BEFORE INSERT ON versions WHEN NEW.digest <> '' "
                "BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        )


def allow_versions(store):
    with store.transaction() as conn:
        conn.execute(text("DROP TRIGGER refuse"))


def crash_while_publishing(intake, store, drafts):
    refuse_versions(store)
    with pytest.raises(IntegrityError):
        intake.publish(drafts)
    allow_versions(store)


def test_what_was_acknowledged_before_a_crash_comes_again_with_the_same_revision(intake, bus, store):
    crash_while_publishing(intake, store, [draft(), draft(id="vk:-1_3", edited=NOW)])
    assert intake.publish([draft(), draft(id="vk:-1_3", edited=NOW)]) == 2
    assert [(p.id, p.revision) for p in published(bus)] == [("vk:-1_2", 0), ("vk:-1_3", int(NOW.timestamp()))] * 2


def test_an_edit_taken_back_after_a_crash_is_taken_back_for_readers_too(intake, bus, store, clock):
    intake.publish([draft()])
    crash_while_publishing(intake, store, [draft(deleted=True)])
    clock.now += timedelta(minutes=1)
    assert intake.publish([draft()]) == 1
    assert latest(bus).text == "Нет воды на улице Труда"


def latest(bus) -> Post:
    """As readers see it: by revision, then by the time of collection."""
    return max(published(bus), key=lambda post: (post.revision, post.collected))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sampled_from(["Раз", "Два", "Три", None])),
        st.tuples(st.just("fetch"), st.integers(0, 1)),
        st.tuples(st.just("publish"), st.integers(0, 1)),
        st.tuples(st.just("crash"), st.integers(0, 1)),
        st.tuples(st.just("wait"), st.integers(-2, 5)),
    ),
    max_size=25,
)


@given(steps=STEPS, dated=st.booleans())
@example(steps=[("change", None), ("fetch", 0), ("change", "Раз"), ("crash", 0)], dated=False)
@settings(max_examples=60, deadline=None)
def test_whatever_crashes_and_crosses_the_next_whole_visit_brings_what_the_source_says(
    tmp_path_factory, migrated_sqlite, steps, dated
):
    """Two crawlers that have the same wall under two sources, late and early, with clocks that also jump back."""
    clock = Clock()
    path = shutil.copy(migrated_sqlite, tmp_path_factory.mktemp("crossing"))
    store = Store(f"sqlite:///{path}", now=clock)
    bus = open_bus("memory:")
    bus.ensure_topics({topics.POSTS: 2})
    crawlers = [Intake(bus, Versions(store), Forgotten(store), HASHER, clock) for _ in range(2)]

    def fetch(crawler):
        return draft(source=f"wall-{crawler}", text=now_says or "", deleted=now_says is None, edited=edited)

    now_says, edited = "Нет воды", None
    fetched = [fetch(0), fetch(1)]
    for step, value in steps:
        clock.now += timedelta(milliseconds=1)
        if step == "change":
            now_says, edited = value, clock.now if dated else None
        elif step == "fetch":
            fetched[value] = fetch(value)
        elif step == "publish":
            crawlers[value].publish([fetched[value]])
        elif step == "crash":
            refuse_versions(store)
            try:
                crawlers[value].publish([fetched[value]])
            except IntegrityError:
                pass
            finally:
                allow_versions(store)
        else:
            clock.now += timedelta(seconds=value)
    clock.now += timedelta(seconds=10)
    crawlers[0].publish([fetch(0)])
    assert (latest(bus).text, latest(bus).deleted) == (now_says or "", now_says is None)
    bus.close()
    store.close()


def test_threads_that_publish_the_same_page_agree_in_the_end(bus, store, clock):
    def crawl(number):
        crawler = Intake(bus, Versions(store), Forgotten(store), HASHER, clock)
        for text_ in ("Раз", "Два", "Три"):
            crawler.publish([draft(id=f"vk:-1_{n}", source=f"wall-{number}", text=text_) for n in range(20)])

    threads = [threading.Thread(target=crawl, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.now += timedelta(minutes=1)
    Intake(bus, Versions(store), Forgotten(store), HASHER, clock).publish(
        [draft(id=f"vk:-1_{n}", text="Всё") for n in range(20)]
    )
    for n in range(20):
        found = [post for post in published(bus) if post.id == f"vk:-1_{n}"]
        assert max(found, key=lambda post: (post.revision, post.collected)).text == "Всё"


def test_nothing_is_told_of_a_forgotten_post(bus, store, clock, intake):
    mine = to_post(draft(id="vk:-1_9", author="9"), HASHER, NOW).author
    with store.transaction() as conn:
        Forgotten(store).remember(conn, "post", ["vk:-1_1"])
        Forgotten(store).remember(conn, "author", [mine], NOW)
    later = NOW + timedelta(minutes=1)
    clock.now = later
    given = [
        draft(id="vk:-1_1", text="Стёрто", reach={"views": 1}),
        draft(id="vk:-1_1", deleted=True),
        draft(id="vk:-1_2", author="9", text="До просьбы", published=NOW),
        draft(id="vk:-1_3", author="9", text="После просьбы", published=later),
        draft(id="vk:-1_4", author="8", text="Другой", published=NOW),
    ]
    assert intake.publish(given) == 2
    assert [post.text for post in published(bus)] == ["После просьбы", "Другой"]
    assert list(bus.read(topics.REACH)) == []
    assert set(Versions(store).known([one.id for one in given])) == {"vk:-1_3", "vk:-1_4"}
