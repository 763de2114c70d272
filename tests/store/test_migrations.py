from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect, select, text

from store import IncidentFilter, Incidents, Store, StoreError, schema
from store.alarms import Alarm, ringing
from store.incident_tables import incidents
from store.metadata import metadata
from store.tables import sources
from tests.store.kit import HOUR, Clock, Kit, real_now

REVISIONS = [script.revision for script in schema._scripts().walk_revisions()][::-1]


@pytest.fixture
def empty(store_url: str) -> Kit:
    return Kit(store_url)


def upgrade_to(store: Store, revision: str) -> None:
    with store.transaction() as conn:
        schema.upgrade(conn, store.name, revision)


def found(store: Store) -> str | None:
    with store.reading() as conn:
        return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def test_there_is_one_line_of_migrations() -> None:
    scripts: ScriptDirectory = schema._scripts()
    assert len(scripts.get_heads()) == 1
    assert REVISIONS[0] == "0001"


@pytest.mark.parametrize("revision", [None, *REVISIONS])
def test_upgrade_from_every_revision(empty: Kit, revision: str | None) -> None:
    store = empty.open()
    if revision is not None:
        upgrade_to(store, revision)
    store.upgrade()
    store.upgrade()
    assert found(store) == schema.head()
    store.open()
    empty.close()


def test_titles_that_are_there_at_the_upgrade_are_searched(empty: Kit) -> None:
    store = empty.open()
    upgrade_to(store, "0012")
    values = dict.fromkeys(("status", "title", "group", "topic", "urgency"), "x")
    times = {name: Clock().time for name in ("opened", "updated", "first_published", "last_published")}
    row = values | times | {"sequence": 1, "needs_review": False, "history": False}
    with store.transaction() as conn:
        conn.execute(insert(incidents), [row | {"title": title} for title in ("Ямы", "Ямы", "СНЕГ — Миасс")])
    store.upgrade()
    assert Incidents(store).count(IncidentFilter(text="ямы")) == 2
    assert Incidents(store).count(IncidentFilter(text="снег")) == 1
    empty.close()


def test_rows_outlive_an_upgrade(empty: Kit) -> None:
    store = empty.open()
    upgrade_to(store, "0001")
    source = {"id": "a", "kind": "news", "slot": "h", "enabled": True, "settings_digest": "1", "next_due": Clock().time}
    with store.transaction() as conn:
        conn.execute(insert(sources).values(**source, cursor={"page": 7}, fence=3, posts_total=0))
    store.upgrade()
    with store.reading() as conn:
        assert conn.execute(select(sources.c.cursor, sources.c.fence)).all() == [({"page": 7}, 3)]
    empty.close()


def test_what_was_overdue_before_there_were_alarms_is_not_told(empty: Kit) -> None:
    store = empty.open()
    upgrade_to(store, "0007")
    now = real_now()
    one = {
        "sequence": 1, "title": "Нет воды", "group": "ЖКХ", "topic": "Нет воды", "urgency": "normal",
        "needs_review": False, "opened": now, "updated": now, "first_published": now, "last_published": now,
        "history": False,
    }  # fmt: skip
    given = [("new", -HOUR), ("new", HOUR), ("solved", -HOUR)]
    with store.transaction() as conn:
        conn.execute(insert(incidents), [one | {"status": status, "answer_due": now + by} for status, by in given])
    store.upgrade()
    with store.transaction() as conn:
        marks = select(incidents.c.alarm, incidents.c.due_soon, incidents.c.overdue).order_by(incidents.c.id)
        assert conn.execute(marks).all() == [
            (Alarm.ESCALATED, True, True),
            (Alarm.NONE, False, False),
            (Alarm.NONE, False, False),
        ]
        assert ringing(conn, list(Alarm)[:-1], now + 2 * HOUR, 9) == [2]
    empty.close()


def test_tables_and_migrations_agree(store: Store) -> None:
    with store.reading() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        # The comparison does not look at the conditions of partial indexes.
        for table in metadata.tables.values():
            names = {index["name"] for index in inspect(conn).get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= names


def test_a_database_without_tables_is_told(empty: Kit) -> None:
    store = empty.open()
    with pytest.raises(StoreError) as caught:
        store.open()
    assert str(caught.value) == (
        f"В базе {store.name} ещё нет таблиц Отклика. "
        "Создайте их: otklik db upgrade ФАЙЛ (базу SQLite создаёт и otklik run)."
    )
    assert not caught.value.transient
    assert store.path is None or not store.path.exists()
    empty.close()


def test_an_older_schema_is_told(empty: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    store = empty.open()
    upgrade_to(store, "0001")
    monkeypatch.setattr(schema, "head", lambda: "0999")
    with pytest.raises(StoreError) as caught:
        store.open()
    assert str(caught.value) == (
        f"Таблицы в базе {store.name} старой версии (0001, нужна 0999). Обновите их: otklik db upgrade."
    )
    assert not caught.value.transient
    empty.close()


def test_a_newer_schema_is_refused(store: Store) -> None:
    with store.transaction() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for call in (store.open, store.upgrade):
        with pytest.raises(StoreError) as caught:
            call()
        assert str(caught.value) == (
            f"Таблицы в базе {store.name} новее этой программы (версия 9999, программа знает до {schema.head()}). "
            "Обновите otklik на этой машине или укажите другую базу."
        )
        assert not caught.value.transient
    assert found(store) == "9999"


def test_a_migration_that_fails_leaves_nothing(empty: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    store = empty.open()
    if store.path is not None:
        store.path.parent.mkdir(exist_ok=True)

    def failing() -> None:
        with store.transaction() as conn:
            schema.upgrade(conn, store.name)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    with store.reading() as conn:
        assert inspect(conn).get_table_names() == []
    empty.close()


def test_the_scripts_are_part_of_the_package() -> None:
    folder = Path(schema.__file__).parent
    assert Path(schema._scripts().dir).resolve() == (folder / "migrations").resolve()
