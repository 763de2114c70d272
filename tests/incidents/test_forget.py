"""What is erased on request is gone from every table, and comes back by no way."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bus.crashpoints import VARIABLE
from incidents.changes import Change
from incidents.config import Grouping
from incidents.forget import Forgot, Request, forget
from incidents.placing import Said
from incidents.refusals import Contradicts, Invalid
from schemas import TaggedPost
from schemas.tags import Address
from store import Audit, Forgotten, Incidents, Store, Version, Versions
from store.incident_tables import posts
from store.metadata import metadata
from tests.incidents.bench import Bench, tagged
from tests.incidents.make import CHELYABINSK, HOUR, START, sets
from tests.incidents.office import Office

ROOT = Path(__file__).parents[2]
SECRET = "Заветное слово"
HOLE = "Ямы и выбоины на дороге"
HAMLET = "деревня Ключи"
WATER = "Отсутствие холодной воды"
AUTHOR, OTHER = "a" * 32, "b" * 32


def written(id_: str, hours: float = 0, *, author: str = AUTHOR, text: str = SECRET, **more: Any) -> TaggedPost:
    found = tagged(id_, hours, text=text, **more)
    said = {"author": author, "title": text, "context": text, "parent": "vk:-1_0"}
    return found.model_copy(update={"post": found.post.model_copy(update=said)})


def forgotten(bench: Bench, kind: str, value: str, **more: Any) -> Forgot:
    return forget(bench.store, "chelyabinsk", Request(kind, value, "petrova", **more), bench.store.now)  # type: ignore[arg-type]


def everything(store: Store) -> str:
    """Each value of each table."""
    with store.reading() as conn:
        return "\n".join(repr(tuple(row)) for table in metadata.sorted_tables for row in conn.execute(select(table)))


def row(store: Store, id_: str) -> dict[str, Any]:
    with store.reading() as conn:
        return dict(conn.execute(select(posts).where(posts.c.id == id_)).mappings().one())


@pytest.fixture
def full(bench: Bench) -> Bench:
    """№1: two posts of an author and one of another; №2: one more of the author, elsewhere."""
    bench.take(written("a"), written("b", 1), tagged("c", 2))
    bench.take(written("d", municipality=CHELYABINSK))
    Versions(bench.store).store([Version(id_, 0, "digest") for id_ in "abcd"])
    return bench


@pytest.mark.parametrize(
    ("kind", "value", "gone", "concerned"),
    [
        ("post", "a", "a", (1,)),
        ("url", "https://vk.example/b", "b", (1,)),
        ("author", AUTHOR, "abd", (1, 2)),
        ("author", OTHER, "", ()),
        ("post", "nowhere", "", ()),
    ],
)
def test_what_is_asked_for_is_gone_and_the_rest_stays(
    full: Bench, kind: str, value: str, gone: str, concerned: tuple[int, ...]
) -> None:
    before = {one.id: one for one in full.all()}
    assert forgotten(full, kind, value) == Forgot(len(gone), concerned)
    told = full.events()
    assert [(event.type, event.id, event.data.actor) for event in told] == [
        ("incident.redacted", f"{id_}.2", "petrova") for id_ in concerned
    ]
    for event in told:
        was = before[event.data.incident.id]
        urls = tuple(f"https://vk.example/{id_}" for id_ in was.posts if id_ not in gone)
        assert event.data.incident == was.model_copy(update={"sequence": 2, "urls": urls, "updated": full.store.now()})
    assert full.all() == list((before | {event.data.incident.id: event.data.incident for event in told}).values())
    for id_ in gone:
        left = row(full.store, id_)
        kept = ["title", "text", "context", "tags", "url", "author", "parent", "settlement"]
        assert [left[name] for name in kept] == [None] * 8
        assert left["deleted"]
        assert (left["relevant"], left["topic"], left["incident"]) == (
            True,
            "Отсутствие холодной воды",
            left["incident"],
        )
    everywhere = everything(full.store)
    assert [f"https://vk.example/{id_}" in everywhere for id_ in "abcd"] == [id_ not in gone for id_ in "abcd"]
    assert (SECRET in everywhere, AUTHOR in everywhere) == (gone != "abd", gone != "abd")
    assert set(Versions(full.store).known(list("abcd"))) == set("abcd") - set(gone)


def test_a_second_time_changes_nothing(full: Bench) -> None:
    forgotten(full, "author", AUTHOR)
    full.events()
    assert forgotten(full, "author", AUTHOR) == Forgot(0, ())
    assert full.events() == []


def test_a_dry_run_only_counts(full: Bench) -> None:
    before = everything(full.store)
    asked = Request("author", AUTHOR, "petrova")
    assert forget(full.store, "chelyabinsk", asked, full.store.now, dry_run=True) == Forgot(3, (1, 2))
    assert everything(full.store) == before


def test_the_audit_says_what_was_asked_and_not_whose(full: Bench) -> None:
    forgotten(full, "author", AUTHOR, comment="Обращение 17, звонить 89120001122")
    forgotten(full, "url", "https://vk.example/c")
    found = Audit(full.store).list()
    assert [(one.actor, one.action, one.object, one.details) for one in found] == [
        ("petrova", "forget", "posts", {"by": "url", "posts": 1, "incidents": [1]}),
        (
            "petrova",
            "forget",
            "posts",
            {"by": "author", "posts": 3, "incidents": [1, 2], "comment": "Обращение 17, звонить [телефон]"},
        ),
    ]


def test_who_erases_must_be_named(full: Bench) -> None:
    with pytest.raises(Invalid) as caught:
        forget(full.store, "chelyabinsk", Request("post", "a", " "), full.store.now)
    assert str(caught.value) == "Нужно имя того, кто решает: от 1 до 100 знаков."


@pytest.mark.parametrize("kind", ["post", "url", "author"])
def test_no_later_version_brings_it_back(full: Bench, kind: str) -> None:
    forgotten(full, kind, {"post": "a", "url": "https://vk.example/a", "author": AUTHOR}[kind])
    full.events()
    erased = row(full.store, "a")
    again = written("a", revision=0, model="m2")
    edit = written("a", revision=7, collected=START + 50 * HOUR)
    for one in (again, edit, written("a", revision=9, deleted=True, text="")):
        for event in full.take(one):  # fewer authors are known, so the priority may change
            assert event.type == "incident.updated"
            assert (event.data.incident.posts, event.data.posts_added) == (("a", "b", "c"), ())
            assert "https://vk.example/a" not in event.data.incident.urls
        left = row(full.store, "a")
        # It lost its parent with the rest, so it may be where it is for another reason.
        changing = dict.fromkeys(("revision", "collected", "attached_by", "attached_to", "attached_sure"))
        assert left | changing == erased | changing
    assert full.all()[0].posts == ("a", "b", "c")


@pytest.mark.parametrize("kind", ["post", "url", "author"])
def test_a_post_that_was_still_on_its_way_opens_nothing(bench: Bench, kind: str) -> None:
    value = {"post": "a", "url": "https://vk.example/a", "author": AUTHOR}[kind]
    assert forgotten(bench, kind, value) == Forgot(0, ())
    assert bench.types(written("a"), tagged("c", 200, CHELYABINSK)) == ["opened 1.1"]
    assert SECRET not in everything(bench.store)
    assert AUTHOR not in everything(bench.store)
    assert bench.all()[0].posts == ("c",)


def test_what_an_author_writes_afterwards_is_taken(bench: Bench) -> None:
    forgotten(bench, "author", AUTHOR)
    later = bench.store.now() + timedelta(hours=1)
    assert bench.types(written("z", (later - START) / HOUR)) == ["opened 1.1"]


def test_the_database_holds_no_list_of_who_asked(bench: Bench) -> None:
    forgotten(bench, "post", "vk:-1_2")
    forgotten(bench, "url", "https://vk.example/-1_3")
    forgotten(bench, "author", AUTHOR)
    content = everything(bench.store)
    assert not [one for one in ("vk:-1_2", "vk.example", AUTHOR) if one in content]


def test_grouping_goes_on_as_before(store: Store) -> None:
    office = Office(store)
    office.take(written("a"), written("b", 1))
    forgotten(office, "post", "a")
    office.events()
    office.take(written("c", 2))
    assert office.partition() == office.expected() == frozenset({frozenset("abc")})


def at_a_house(id_: str, hours: float, author: str = OTHER) -> TaggedPost:
    address = Address(street="Мира", house="5", text="Мира, 5", key="мира, 5", street_key="мира")
    found = tagged(id_, hours, topic=HOLE, address=address)
    return found.model_copy(update={"post": found.post.model_copy(update={"author": author})})


@pytest.fixture
def house(store: Store) -> Office:
    """№1: three posts of one house, which `b` ties. №2: a hole nobody says where."""
    office = Office(store, Grouping.model_validate({"address": {"window": "2d", "span": "20d"}}))
    office.take(at_a_house("a", 0), at_a_house("b", 40, AUTHOR), at_a_house("c", 80))
    office.take(tagged("d", 41, topic=HOLE))
    assert office.partition() == sets("a b c", "d")
    office.events()
    return office


def test_an_erased_post_stays_where_it_was_and_holds_what_it_held(house: Office) -> None:
    forgotten(house, "author", AUTHOR)
    house.events()
    assert house.types(at_a_house("e", 81), tagged("f", 40.5, topic=HOLE)) == [
        "updated 1.3",
        "updated 2.2",
    ]
    assert house.partition() == house.expected() == sets("a b c e", "d f")


def test_what_holds_an_erased_post_stands_in_nobody_s_way(house: Office) -> None:
    forgotten(house, "author", AUTHOR)
    house.desk.split(1, ["b"], "petrova")
    assert house.partition() == house.expected() == sets("a c", "b", "d")
    house.desk.undo("petrova")
    assert house.partition() == house.expected() == sets("a b c", "d")
    house.desk.merge(1, [2], "petrova")
    with pytest.raises(Contradicts):
        house.desk.split(1, ["b"], "petrova")


def test_an_event_of_an_earlier_incident_loses_the_address_too(store: Store) -> None:
    office = Office(store)
    office.take(written("a"), tagged("b", municipality=CHELYABINSK))
    office.desk.merge(2, [1], "petrova")
    forgotten(office, "post", "a")
    assert "vk.example/a" not in everything(store)
    assert "vk.example/b" in everything(store)


def test_a_place_that_nobody_else_named_goes_from_titles_and_events(store: Store) -> None:
    office = Office(store)
    office.take(written("a", settlement=HAMLET), tagged("b", municipality=CHELYABINSK))
    office.desk.merge(2, [1], "petrova")
    assert [one.title for one in office.all()] == [f"{WATER} — {HAMLET}"] * 2
    office.events()
    forgotten(office, "post", "a")
    assert HAMLET not in everything(store)
    assert [one.title for one in office.all()] == [f"{WATER} — Копейский"] * 2
    assert [(event.type, event.id) for event in office.events()] == [
        ("incident.redacted", "1.3"),
        ("incident.redacted", "2.3"),
    ]


def test_a_place_that_others_have_named_stays(bench: Bench) -> None:
    bench.take(written("a", settlement=HAMLET), tagged("b", 1, settlement=HAMLET))
    forgotten(bench, "post", "a")
    assert [one.title for one in bench.all()] == [f"{WATER} — {HAMLET}"]
    forgotten(bench, "post", "b")
    assert [one.title for one in bench.all()] == [f"{WATER} — Копейский"]
    assert HAMLET not in everything(bench.store)


def told(office: Office) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    """Type, id, posts and links of each event since the last call."""
    return [
        (event.type.removeprefix("incident."), event.id, event.data.incident.posts, event.data.incident.urls)
        for event in office.events()
    ]


def link(id_: str) -> str:
    return f"https://vk.example/{id_}"


def test_whoever_was_told_of_it_before_a_merge_is_told(store: Store) -> None:
    office = Office(store)
    office.take(written("a"), tagged("b", municipality=CHELYABINSK))
    office.desk.merge(2, [1], "petrova")
    office.events()
    assert forgotten(office, "post", "a") == Forgot(1, (1, 2))
    assert told(office) == [("redacted", "1.3", (), ()), ("redacted", "2.3", ("a", "b"), (link("b"),))]


def test_whoever_was_told_of_it_before_a_split_is_told(store: Store) -> None:
    office = Office(store)
    office.take(written("a"), tagged("b", 1), tagged("c", 2))
    office.desk.split(1, ["a"], "petrova")
    office.events()
    asked = Request("post", "a", "petrova")
    assert forget(store, "chelyabinsk", asked, store.now, dry_run=True) == Forgot(1, (1, 2))
    assert told(office) == []
    assert forgotten(office, "post", "a") == Forgot(1, (1, 2))
    assert told(office) == [
        ("redacted", "1.3", ("b", "c"), (link("b"), link("c"))),
        ("redacted", "2.2", ("a",), ()),
    ]
    assert forgotten(office, "post", "a") == Forgot(0, ())
    assert told(office) == []


def test_whoever_was_told_of_it_before_a_move_is_told(store: Store) -> None:
    office = Office(store)
    office.take(written("a"), tagged("b", 1), tagged("c", municipality=CHELYABINSK))
    office.take(tagged("d", 300))
    office.desk.move(["a"], 2, "petrova")
    office.events()
    assert forgotten(office, "post", "a") == Forgot(1, (1, 2))
    assert told(office) == [("redacted", "1.3", ("b",), (link("b"),)), ("redacted", "2.3", ("a", "c"), (link("c"),))]


def test_whoever_was_told_of_it_before_it_was_no_trouble_is_told(store: Store) -> None:
    """Nothing but the title of what it has left behind says by then where it was."""
    office = Office(store)
    office.take(written("a", settlement=HAMLET))
    office.take(written("a", revision=1, relevant=False))
    office.act(1, "reopen", comment="проверить")  # an event that speaks of no post
    assert [(one.posts, one.title) for one in office.all()] == [((), f"{WATER} — {HAMLET}")]
    office.events()
    assert forgotten(office, "post", "a") == Forgot(1, (1,))
    assert told(office) == [("redacted", "1.4", (), ())]
    assert [one.title for one in office.all()] == [f"{WATER} — Копейский"]
    assert HAMLET not in everything(store)


def test_a_place_that_was_corrected_goes_too(store: Store) -> None:
    office = Office(store)
    office.take(written("a", settlement=HAMLET))
    office.take(written("a", revision=1, settlement="село Долгое"))
    office.take(tagged("b", 300, settlement="посёлок Горный"))
    assert HAMLET in everything(store)
    forgotten(office, "post", "a")
    assert [one.title for one in office.all()] == [f"{WATER} — Копейский", f"{WATER} — посёлок Горный"]
    everywhere = everything(store)
    assert [place in everywhere for place in (HAMLET, "Долгое", "Горный")] == [False, False, True]


def test_a_person_s_word_on_a_place_stays_with_the_posts_that_are_left(store: Store) -> None:
    office = Office(store)
    office.take(written("a", settlement=HAMLET), tagged("b", 1))
    office.desk.place(1, Said(settlement="посёлок Горный", address="Мира 3"), "petrova")
    office.events()
    forgotten(office, "post", "a")
    [event] = office.events()
    assert (event.data.incident.title, event.data.incident.address) == (f"{WATER} — посёлок Горный", "Мира, 3")
    assert HAMLET not in everything(store)
    forgotten(office, "post", "b")
    assert [(one.title, one.address) for one in office.all()] == [(f"{WATER} — Копейский", None)]
    everywhere = everything(store)
    assert ("Горный" in everywhere, "Мира" in everywhere) == (False, False)


def test_a_batch_under_way_is_waited_for(bench: Bench, store: Store) -> None:
    """Else it would store what was forgotten after it had looked."""
    looked, go = threading.Event(), threading.Event()
    among = Forgotten.among

    class Slow(Forgotten):
        def among(self, conn: Any, given: Any) -> set[str]:
            found = among(self, conn, given)
            looked.set()
            go.wait(30)
            return found

    bench.step._forgotten = Slow(store)
    worker = threading.Thread(target=lambda: bench.take(written("a")))
    worker.start()
    assert looked.wait(30)
    asked = threading.Thread(target=lambda: forgotten(bench, "author", AUTHOR))
    asked.start()
    asked.join(0.3)
    assert asked.is_alive()
    go.set()
    worker.join(60)
    asked.join(60)
    assert SECRET not in everything(store)
    assert row(store, "a")["author"] is None


def test_a_change_under_way_is_waited_for(bench: Bench, store: Store) -> None:
    """Its event, written with the incident as it was, must be there when the erasure looks through the events."""
    bench.take(written("a", settlement=HAMLET))
    incidents = Incidents(store)
    asked = threading.Thread(target=lambda: forgotten(bench, "author", AUTHOR))
    with store.transaction() as conn:
        (one,) = incidents.take(conn, [1]).values()
        after = one.model_copy(update={"sequence": one.sequence + 1})
        incidents.update(conn, [after])
        incidents.record(conn, [Change("incident.confirmed", after, actor="petrova").event("/otklik/chelyabinsk")])
        asked.start()
        asked.join(1)
        assert asked.is_alive()
    asked.join(60)
    assert HAMLET not in everything(store)


def killed(store: Store, point: str | None) -> int:
    env = {k: v for k, v in os.environ.items() if k != VARIABLE} | ({VARIABLE: point} if point else {})
    command = [sys.executable, "-m", "tests.incidents.forgetting", store.url, "a"]
    return subprocess.run(command, cwd=ROOT, env=env, check=False, timeout=120, capture_output=True).returncode


@pytest.mark.parametrize("point", ["forget.after_erasure_before_outbox", "forget.after_outbox_before_commit"])
def test_killed_before_the_commit_nothing_is_erased(full: Bench, point: str) -> None:
    before = everything(full.store)
    assert killed(full.store, point) == -signal.SIGKILL
    assert everything(full.store) == before
    assert killed(full.store, None) == 0
    assert [event.id for event in full.events()] == ["1.2"]
    assert row(full.store, "a")["text"] is None


def test_killed_after_the_commit_all_is_erased_and_told_once(full: Bench) -> None:
    assert killed(full.store, "forget.after_commit") == -signal.SIGKILL
    after = row(full.store, "a")
    assert after["text"] is None
    assert killed(full.store, None) == 0
    assert [event.id for event in full.events()] == ["1.2"]
    assert row(full.store, "a") == after
