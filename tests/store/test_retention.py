"""Words go after their term, in batches; what is counted stays, and what is open waits."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from schemas import Incident, IncidentStatus
from store import Incidents, Posts, Rulings, Store, StoredPost, Words
from store.incident_tables import incident_history, incidents, posts
from store.retention import without_words
from store.rulings import RulingKind
from tests.store.kit import Kit

DAY = timedelta(days=1)
OPEN = ["new", "assigned"]
TAGS = {
    "topic": "Нет воды",
    "signature": [1, 2],
    "municipality": {"oktmo": "75728000", "span": [3, 9]},
    "address": {"street": "Мира", "house": "5", "text": "на Мира 5", "key": "мира, 5"},
}


def incident(kit: Kit, store: Store, status: str, *, history: bool = False, answer: str | None = None) -> int:
    now = kit.clock()
    one = Incident(
        id=1, sequence=1, status=IncidentStatus(status), title="Нет воды — Копейск", group="ЖКХ", topic="Нет воды",
        opened=now, updated=now, first_published=now, last_published=now, posts=(), history=history, answer=answer,
    )  # fmt: skip
    with store.transaction() as conn:
        (id_,) = Incidents(store).insert(conn, [one])
    return id_


def post(kit: Kit, id_: str, days: float, incident: int | None = None) -> StoredPost:
    then = kit.clock() - days * DAY
    return StoredPost(
        id=id_, incident=incident, revision=0, collected=then, published=then, kind="post", source="vk",
        url="https://vk.example/1", author="a" * 32, relevant=True, municipality="75728000", topic="Нет воды",
        title="Заголовок", text="Текст", context="О чём", tags=TAGS,
    )  # fmt: skip


def keep(store: Store, *new: StoredPost) -> None:
    with store.transaction() as conn:
        assert Posts().insert(conn, new)


def texts(store: Store) -> dict[str, str | None]:
    with store.reading() as conn:
        return {row.id: row.text for row in conn.execute(select(posts.c.id, posts.c.text))}


def test_words_go_and_counts_stay(kit: Kit) -> None:
    store = kit.open()
    made = {"wording": "w", "link": "https://example.org/1", "signature": b"s" * 128, "traits": {"names": ["Мира"]}}
    before = replace(post(kit, "old", 200, incident(kit, store, "solved")), address="мира, 5", street="мира", **made)
    keep(store, before, post(kit, "new", 100))
    assert Words(store, OPEN).prune_posts(kit.clock() - 180 * DAY) == 1
    with store.transaction() as conn:
        after = Posts().take(conn, ["old"])["old"]
    gone = dict.fromkeys(("title", "text", "context", *made))
    assert after == replace(before, **gone, tags=without_words(TAGS))
    assert (after.address, after.street) == ("мира, 5", "мира")
    assert after.tags == {
        "topic": "Нет воды",
        "municipality": {"oktmo": "75728000", "span": None},
        "address": {"street": "Мира", "house": "5", "text": "", "key": "мира, 5"},
    }
    assert texts(store) == {"old": None, "new": "Текст"}
    assert Words(store, OPEN).prune_posts(kit.clock() - 180 * DAY) == 0


@pytest.mark.parametrize(
    ("status", "history", "goes"),
    [("new", False, False), ("assigned", False, False), ("new", True, True), ("solved", False, True),
     ("closed", False, True), ("rejected", False, True)],
)  # fmt: skip
def test_what_is_open_keeps_its_words_unless_it_is_archived(kit: Kit, status: str, history: bool, goes: bool) -> None:
    store = kit.open()
    id_ = incident(kit, store, status, history=history)
    keep(store, post(kit, "of it", 400, id_), post(kit, "of none", 400))
    assert Words(store, OPEN).prune_posts(kit.clock() - 180 * DAY) == 1 + goes
    assert texts(store) == {"of it": None if goes else "Текст", "of none": None}
    with store.transaction() as conn:
        conn.execute(update(incidents).values(status="closed"))
    assert Words(store, OPEN).prune_posts(kit.clock() - 180 * DAY) == 1 - goes


def test_what_grouping_made_of_the_words_of_a_deleted_post_goes_too(kit: Kit) -> None:
    store = kit.open()
    made = {"wording": "w", "link": "https://example.org/1", "signature": b"s" * 128, "traits": {"names": ["Иванов"]}}
    lost = dict.fromkeys(("title", "text", "context", "tags"))
    keep(store, replace(post(kit, "old", 200), deleted=True, **lost, **made))
    assert Words(store, OPEN).prune_posts(kit.clock() - 180 * DAY) == 1
    with store.reading() as conn:
        row = conn.execute(select(posts.c[*made]).where(posts.c.id == "old")).one()
    assert tuple(row) == (None,) * 4
    assert Words(store, OPEN).prune_posts(kit.clock() - 180 * DAY) == 0


def test_it_goes_on_over_batches(kit: Kit) -> None:
    store = kit.open()
    kept_open = incident(kit, store, "new")
    keep(store, *[post(kit, f"p{n}", 300 + n, kept_open if n % 5 == 0 else None) for n in range(25)])
    assert Words(store, OPEN, batch=3).prune_posts(kit.clock() - 180 * DAY) == 20
    assert {id_ for id_, text in texts(store).items() if text} == {f"p{n}" for n in range(0, 25, 5)}


def line(id_: int, sequence: int, at: Any, type_: str, **details: str) -> dict[str, Any]:
    return {
        "incident": id_, "sequence": sequence, "at": at, "type": type_, "actor": "petrova", "status": "answered",
        "posts": 1, "details": {"from": "new", "ruling": 7} | details, "worded": bool(details),
    }  # fmt: skip


def test_comments_and_answers_go_too(kit: Kit) -> None:
    store = kit.open()
    done, still = incident(kit, store, "solved", answer="Дали «воду»"), incident(kit, store, "assigned", answer="Ждём")
    again = incident(kit, store, "closed", answer="Новый")
    old, young = kit.clock() - 200 * DAY, kit.clock()
    lines = [
        line(done, 1, old, "incident.answered", answer="Дали «воду»", comment="Звонила Анна"),
        line(done, 2, old, "incident.solved"),
        line(still, 1, old, "incident.answered", answer="Ждём"),
        line(again, 1, old, "incident.answered", answer="Старый"),
        line(again, 2, young, "incident.answered", answer="Новый"),
    ]
    with store.transaction() as conn:
        conn.execute(insert(incident_history), lines)
        Rulings(store).add(
            conn, RulingKind.MERGE, incidents=[1], posts=(), links=(), actor="petrova", comment="Со слов Анны"
        )
    kit.clock.move(DAY)
    assert Words(store, OPEN, batch=1).prune_comments(kit.clock() - 180 * DAY) == 2
    history = {id_: [one.details for one in Incidents(store).history(id_)] for id_ in (done, still, again)}
    bare = {"from": "new", "ruling": 7}
    assert history == {
        done: [bare, bare],
        still: [bare | {"answer": "Ждём"}],
        again: [bare, bare | {"answer": "Новый"}],
    }
    left = {one.id: one.answer for one in Incidents(store).find()}
    assert left == {done: None, still: "Ждём", again: "Новый"}
    assert [one.comment for one in Rulings(store).list()] == ["Со слов Анны"]
    assert Words(store, OPEN).prune_comments(kit.clock() + DAY) == 1
    assert [one.comment for one in Rulings(store).list()] == [None]


def test_comments_go_while_incidents_are_worked_on_and_nobody_waits_for_the_other(kit: Kit) -> None:
    store = kit.open()
    first, second = (incident(kit, store, "solved", answer="Да") for _ in range(2))
    with store.transaction() as conn:
        old = kit.clock() - 200 * DAY
        conn.execute(
            insert(incident_history), [line(one, 1, old, "incident.answered", answer="Да") for one in (first, second)]
        )
    for _ in range(2):  # PostgreSQL goes through the rows as they lie: now the first one lies behind
        with store.transaction() as conn:
            conn.execute(update(incidents).where(incidents.c.id == first).values(sequence=2))
    with ThreadPoolExecutor(1) as pool:
        with store.transaction() as conn:
            Incidents(store).take(conn, [first])
            pruned = pool.submit(Words(store, OPEN).prune_comments, kit.clock() - 180 * DAY)
            while not store.is_sqlite and not waits(store) and not pruned.done():
                time.sleep(0.05)
            Incidents(store).take(conn, [second])
        assert pruned.result(60) == 2


def waits(store: Store) -> bool:
    """Somebody waits for a lock of somebody else."""
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0"
    with store.reading() as conn:
        return bool(conn.exec_driver_sql(blocked).scalar())


@pytest.mark.parametrize(
    "change",
    [{"details": {}, "worded": False}, {"worded": False}, {"actor": "nobody", "worded": False}, {"details": {"a": 1}}],
)
def test_of_a_line_of_history_nothing_but_its_words_can_go(kit: Kit, change: dict[str, Any]) -> None:
    store = kit.open()
    id_ = incident(kit, store, "solved")
    with store.transaction() as conn:
        conn.execute(insert(incident_history), [line(id_, 1, kit.clock(), "incident.solved", comment="Анна")])
    with pytest.raises(DBAPIError, match="incident_history is append-only"), store.transaction() as conn:
        conn.execute(update(incident_history).values(**change))


def test_tags_without_anything_to_hide_stay(kit: Kit) -> None:
    assert without_words(None) is None
    assert without_words({"topic": "т", "municipality": None, "address": None}) == {
        "topic": "т", "municipality": None, "address": None,
    }  # fmt: skip
