"""Statements that would read a whole table without their index."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from schemas import IncidentStatus
from store import Decisions, IncidentFilter, Incidents, Posts, Store, StoredPost, Words
from store.posts import _NEAR, RANGES, TIES, Range, Wanted, _at_once
from tests.store.test_incidents import fill, incident


@pytest.mark.parametrize("size", [1, RANGES])
@pytest.mark.parametrize(
    ("by", "index"), [("topic", "ix_posts_near"), ("common", "ix_posts_common"), ("address", "ix_posts_address")]
)
def test_neighbours_are_found_by_their_index_on_sqlite(store: Store, by: str, index: str, size: int) -> None:
    if not store.is_sqlite:  # it sees by itself what follows from what; the plan depends on how many rows there are
        assert index in _indexes(store)
        return
    with store.engine.connect() as conn:
        plan = [
            row[3]
            for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {_NEAR[by, size].compile(store.engine)}", _any(size))
        ]
    assert not [line for line in plan if line.startswith("SCAN")]
    assert sum(f"{index} (municipality=? AND {by}=? AND published>?" in line for line in plan) == size


def test_what_posts_lead_to_is_found_by_indexes_on_sqlite(store: Store) -> None:
    now = store.now()
    tied = [Range("75701000", by, "x", now, now) for by in TIES]
    wanted = Wanted(tied, {"answered"}, {"named"}, {1})

    def read() -> None:
        with store.reading() as conn:
            Posts().read(conn, wanted)
            Posts().words(conn, ["named"])
            Posts().take(conn, ["named"])
            Decisions(store).of(conn, ["named"])

    plan = plan_of(store, lambda: [read(), Incidents(store).get(fill(store, incident())[0])])
    assert not [line for line in plan if "posts" in line and not line.startswith("SEARCH posts USING")]
    assert not [line for line in plan if "near" in line]


INDEX_OF = {
    "topic": "ix_posts_near",
    "common": "ix_posts_common",
    "address": "ix_posts_address",
    "wording": "ix_posts_wording",
    "link": "ix_posts_link",
    "answers_to": "ix_posts_parent",
    "ids": "pk_posts",
    "incidents": "ix_posts_incident",
}


@pytest.mark.parametrize("parts", [(part,) for part in INDEX_OF] + [tuple(INDEX_OF)])
def test_postgresql_plans_by_index_while_there_are_few_posts(postgres_store: str, parts: tuple[str, ...]) -> None:
    store = Store(postgres_store)
    at = store.now()
    few = [StoredPost(id=str(n), published=at, kind="post", source="vk", revision=0, collected=at) for n in range(9)]
    with store.transaction(by_index=True) as conn:
        Posts().insert(conn, [replace(post, relevant=True, municipality="75701000", topic="t") for post in few])
        conn.exec_driver_sql("ANALYZE posts")
        query = str(_at_once(parts).compile(store.engine))
        names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", query)))
        for n, name in enumerate(names, 1):
            query = query.replace(f"%({name})s", f"${n}")
        conn.exec_driver_sql(f"PREPARE asked AS {query}")
        unknown = ", ".join(["NULL"] * len(names))
        plan = [row[0] for row in conn.exec_driver_sql(f"EXPLAIN EXECUTE asked ({unknown})")]
    store.close()
    assert not [line for line in plan if "Seq Scan" in line or "Hash" in line]
    found = [one.group(1) for line in plan if (one := re.search(r"Scan (?:using|on) ((?:ix|pk)_\w+)", line))]
    assert found == [INDEX_OF[part] for part in parts]


def test_only_the_transaction_that_asks_for_it_is_planned_by_index(postgres_store: str) -> None:
    store = Store(postgres_store)
    asked = "SELECT current_setting('plan_cache_mode'), current_setting('enable_seqscan'), pg_backend_pid()"
    with store.transaction(by_index=True) as conn:
        within = conn.exec_driver_sql(asked).one()
    with store.reading() as conn:
        after = conn.exec_driver_sql(asked).one()
    store.close()
    assert within == ("force_generic_plan", "off", after[2])  # of the same connection
    assert after[:2] == ("auto", "on")


def test_old_words_are_found_by_their_index_on_sqlite(store: Store) -> None:
    plan = plan_of(store, lambda: Words(store, ["new"]).prune_posts(store.now()))
    assert not store.is_sqlite or "SEARCH posts USING INDEX ix_posts_text (collected<?)" in plan


def test_the_overdue_are_counted_by_their_index_on_sqlite(store: Store) -> None:
    incidents, now = Incidents(store), store.now()
    wanted = IncidentFilter(overdue=now)
    search = "SEARCH incidents USING {}INDEX ix_incidents_due (status=? AND answer_due>? AND answer_due<?)"
    for count in (lambda: incidents.overdue(now), lambda: incidents.count(wanted)):
        assert plan_of(store, count) == ([search.format("COVERING ")] if store.is_sqlite else [])
    listed = plan_of(store, lambda: incidents.find(wanted))
    assert not store.is_sqlite or search.format("") in listed
    by_priority = plan_of(store, lambda: incidents.by_priority(wanted))
    assert not store.is_sqlite or search.format("") in by_priority


def plan_of(store: Store, work: Callable[[], object]) -> list[str]:
    """How SQLite goes about the statements that this executes."""
    said: list[tuple[str, Any]] = []

    def listen(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        said.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", listen)
    work()
    event.remove(store.engine, "before_cursor_execute", listen)
    if not store.is_sqlite:
        return []
    with store.engine.connect() as conn:
        return [row[3] for one, with_ in said for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", with_)]


def test_the_first_of_several_statuses_come_in_one_order(store: Store) -> None:
    new, assigned, closed = IncidentStatus.NEW, IncidentStatus.ASSIGNED, IncidentStatus.CLOSED
    given = [(new, 10), (assigned, 30), (closed, 90), (new, 20), (assigned, 20), (new, 5)]
    ids = fill(store, *[incident(status=status, priority=priority) for status, priority in given])
    wanted = IncidentFilter(status=[new, assigned])
    found = [one.id for one in Incidents(store).by_priority(wanted, limit=4)]
    assert found == [ids[1], ids[4], ids[3], ids[0]]


def test_a_span_of_registration_is_read_from_its_index_on_sqlite(store: Store) -> None:
    if not store.is_sqlite:
        assert "ix_incidents_opened" in _indexes(store)
        return
    start = datetime(2026, 1, 1, tzinfo=UTC)
    wanted = IncidentFilter(opened_from=start, opened_to=start + timedelta(days=90), history=False)
    asked: list[tuple[str, Any]] = []

    @event.listens_for(store.engine, "before_cursor_execute")
    def _note(conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    Incidents(store).find_page(wanted, 0, 100)
    statement, parameters = next(one for one in asked if "FROM incidents" in one[0])
    with store.engine.connect() as conn:
        plan = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert plan == ["SEARCH incidents USING INDEX ix_incidents_opened (opened>? AND opened<?)"]


def test_pages_of_some_statuses_are_read_from_their_index_on_sqlite(store: Store) -> None:
    if not store.is_sqlite:
        assert "ix_incidents_registered" in _indexes(store)
        return
    wanted = IncidentFilter(opened_from=store.now(), status=[IncidentStatus.NEW, IncidentStatus.ASSIGNED])
    search = "SEARCH incidents USING {}INDEX ix_incidents_registered (status=? AND opened>?)"
    assert search.format("") in plan_of(store, lambda: Incidents(store).find_page(wanted, 0, 10))
    assert plan_of(store, lambda: Incidents(store).count(wanted)) == [search.format("COVERING ")]


@pytest.mark.parametrize("status", [[IncidentStatus.NEW], [IncidentStatus.NEW, IncidentStatus.ASSIGNED]])
def test_few_titles_are_read_from_their_index_and_many_by_priority_on_sqlite(
    store: Store, status: list[IncidentStatus]
) -> None:
    fill(store, *[incident(title=f"Ямы — Место {n}", priority=n) for n in range(60)], incident(title="Снег"))
    found = Incidents(store)
    few, many = IncidentFilter(text="снег", status=status), IncidentFilter(text="ямы", status=status)
    by_title = "SEARCH incidents USING COVERING INDEX ix_incidents_title (title=? AND status=?)"
    by_order = "SEARCH incidents USING INDEX ix_incidents_priority (status=?)"
    for wanted, plan in ((few, by_title), (many, by_order)):
        seen = plan_of(store, lambda wanted=wanted: found.by_priority(wanted, limit=3))  # type: ignore[misc]
        assert [one for one in (by_title, by_order) if one in seen] == ([plan] if store.is_sqlite else [])
    assert [one.title for one in found.by_priority(few)] == ["Снег"]
    assert [one.priority for one in found.by_priority(many, limit=3)] == [59, 58, 57]


def _any(size: int) -> tuple[str, ...]:
    return ("x",) * 4 * size


def _indexes(store: Store) -> set[str]:
    with store.reading() as conn:
        return set(conn.execute(text("SELECT indexname FROM pg_indexes")).scalars())
