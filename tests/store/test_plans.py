"""Statements that would read a whole table without their index."""

import pytest
from sqlalchemy import text

from schemas import IncidentStatus
from store import IncidentFilter, Incidents, Store
from store.posts import _NEAR, RANGES
from tests.store.test_incidents import fill, incident


@pytest.mark.parametrize("size", [1, RANGES])
@pytest.mark.parametrize(("by", "index"), [("topic", "ix_posts_near"), ("common", "ix_posts_common"), ("address", "ix_posts_address")])
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


def test_the_first_of_several_statuses_come_in_one_order(store: Store) -> None:
    new, assigned, closed = IncidentStatus.NEW, IncidentStatus.ASSIGNED, IncidentStatus.CLOSED
    given = [(new, 10), (assigned, 30), (closed, 90), (new, 20), (assigned, 20), (new, 5)]
    ids = fill(store, *[incident(status=status, priority=priority) for status, priority in given])
    wanted = IncidentFilter(status=[new, assigned])
    found = [one.id for one in Incidents(store).by_priority(wanted, limit=4)]
    assert found == [ids[1], ids[4], ids[3], ids[0]]


def _any(size: int) -> tuple[str, ...]:
    return ("x",) * 4 * size


def _indexes(store: Store) -> set[str]:
    with store.reading() as conn:
        return set(conn.execute(text("SELECT indexname FROM pg_indexes")).scalars())
