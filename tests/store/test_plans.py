"""Statements that would read a whole table without their index."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from schemas import IncidentStatus
from store import Decisions, IncidentFilter, Incidents, Posts, Store, Words
from store.posts import _NEAR, RANGES, TIES, Range, Wanted
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


def _any(size: int) -> tuple[str, ...]:
    return ("x",) * 4 * size


def _indexes(store: Store) -> set[str]:
    with store.reading() as conn:
        return set(conn.execute(text("SELECT indexname FROM pg_indexes")).scalars())
