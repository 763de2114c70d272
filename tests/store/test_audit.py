import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from store import Audit, Entry, Look, Store
from store.audit import PROTECTED
from store.tables import audit
from tests.store.kit import HOUR, Kit


def record(store: Store) -> None:
    with store.transaction() as conn:
        Audit(store).add(conn, "ivanova", "incident.read", "incident:17")
        Audit(store).add(conn, "petrov", "incident.read", "incident:18", {"через": "консоль"})
        Audit(store).add(conn, "petrov", "incident.read", "incident:17")


def test_entries_are_listed_newest_first(kit: Kit) -> None:
    record(kit.open())
    found = Audit(kit.open()).list()
    assert [(entry.actor, entry.object) for entry in found] == [
        ("petrov", "incident:17"),
        ("petrov", "incident:18"),
        ("ivanova", "incident:17"),
    ]
    assert found[1] == Entry(found[1].id, kit.clock(), "petrov", "incident.read", "incident:18", {"через": "консоль"})
    assert Audit(kit.open()).list(limit=1) == found[:1]
    assert Audit(kit.open()).list(object_="incident:17") == [found[0], found[2]]
    assert Audit(kit.open()).list(before=found[1].id) == [found[2]]


@pytest.mark.parametrize("change", [delete(audit), update(audit).values(actor="otklik")])
def test_the_database_refuses_to_change_an_entry(store: Store, change: object) -> None:
    record(store)
    before = Audit(store).list()
    with pytest.raises(DBAPIError, match="audit is append-only"), store.transaction() as conn:
        conn.execute(change)  # type: ignore[call-overload]
    assert Audit(store).list() == before


def test_entries_are_found_by_person_and_time(kit: Kit) -> None:
    store = kit.open()
    record(store)
    kit.clock.move(HOUR)
    Audit(store).add_all([Look(at=kit.clock(), actor="petrov", action="read", object="incident:19")])
    assert [one.object for one in Audit(store).list(actor="petrov")] == ["incident:19", "incident:17", "incident:18"]
    assert [one.object for one in Audit(store).list(since=kit.clock())] == ["incident:19"]


def test_only_what_is_a_year_older_than_the_newest_goes(kit: Kit) -> None:
    store = kit.open()
    assert Audit(store).prune(kit.clock()) == 0
    record(store)
    first = kit.clock()
    kit.clock.move(PROTECTED)
    Audit(store).add_all([Look(at=kit.clock(), actor="petrov", action="read", object="incident:19")])
    assert Audit(store).prune(kit.clock() + 10 * PROTECTED) == 0
    with pytest.raises(DBAPIError, match="audit is append-only"), store.transaction() as conn:
        conn.execute(delete(audit).where(audit.c.at == kit.clock()))
    kit.clock.move(HOUR)
    Audit(store).add_all([Look(at=kit.clock(), actor="petrov", action="read", object="incident:20")])
    assert Audit(store).prune(first) == 0
    assert Audit(store).prune(kit.clock()) == 3
    assert [one.object for one in Audit(store).list()] == ["incident:20", "incident:19"]
