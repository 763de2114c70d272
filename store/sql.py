"""The few statements that need more than SQLAlchemy's common ground."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, Text, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from store.tables import counters
from store.types import dump_json


def among(conn: Connection, column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
    """True where `column` is one of `values`, however many.

    They are one parameter: an IN list has one for each, of which SQLite takes 32,766, and a statement of its own for
    each length.
    """
    if conn.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), type_=postgresql.ARRAY(Text)))
    listed = func.json_each(dump_json(list(values))).table_valued("value")
    return column.in_(select(listed.c.value))


def upsert(conn: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`, which both databases spell alike."""
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)


def lock_counter(conn: Connection, name: str, *, skip_locked: bool = False) -> int | None:
    """Lock a row of `counters` until the transaction ends; its value.

    None where `skip_locked` and somebody else holds it. On SQLite a writing transaction is alone anyway.
    """
    row = select(counters.c.value).where(counters.c.name == name).with_for_update(skip_locked=skip_locked)
    value: Any = conn.execute(row).scalar()
    return None if value is None else int(value)
