"""The few statements that need more than SQLAlchemy's common ground."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Table, Text, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import Boolean, TypeDecorator, TypeEngine

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


class Many(TypeDecorator[Collection[Any]]):
    """Any number of values as one parameter: an array, or JSON where there are none."""

    impl = Text
    cache_ok = True

    def __init__(self, item: type[TypeEngine[Any]] = Text) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return postgresql.ARRAY(self.item()) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        assert value is not None
        return list(value) if dialect.name == "postgresql" else dump_json(list(value))


class one_of(ColumnElement[bool]):  # noqa: N801  (a SQL operator)
    """`among` for statements that are made once: the values are the parameter `name`."""

    type = Boolean()
    inherit_cache = True
    _traverse_internals: Any = [  # noqa: RUF012
        ("column", InternalTraversal.dp_clauseelement),
        ("values", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values = bindparam(name, type_=Many(BigInteger if isinstance(column.type, BigInteger) else Text))

    def self_group(self, against: Any = None) -> "one_of":  # noqa: ARG002
        """Else SQLAlchemy appends `= 1` for SQLite, which then reads the whole table."""
        return self


@compiles(one_of, "sqlite")
def _one_of_json(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in (element.column, element.values))
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  (two parts that SQLAlchemy made)


@compiles(one_of, "postgresql")
def _one_of_array(element: one_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in (element.column, element.values))
    return f"{column} = ANY ({values})"


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
