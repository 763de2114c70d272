"""The few statements that need more than SQLAlchemy's common ground."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from store.tables import counters

T = TypeVar("T")

CHUNK = 500
"""Values in one IN list: SQLite takes 32,766 parameters a statement, and a longer list gains nothing."""


def upsert(conn: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`, which both databases spell alike."""
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def lock_counter(conn: Connection, name: str, *, skip_locked: bool = False) -> int | None:
    """Lock a row of `counters` until the transaction ends; its value.

    None where `skip_locked` and somebody else holds it. On SQLite a writing transaction is alone anyway.
    """
    row = select(counters.c.value).where(counters.c.name == name).with_for_update(skip_locked=skip_locked)
    value: Any = conn.execute(row).scalar()
    return None if value is None else int(value)
