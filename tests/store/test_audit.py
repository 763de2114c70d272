import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from store import Audit, Entry, Store
from store.tables import audit
from tests.store.kit import Kit


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
