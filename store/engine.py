"""The store's engine: connections, transactions and the version of the schema, on SQLite and on PostgreSQL."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from store import schema
from store.errors import StoreError, explained
from store.types import dump_json

log = structlog.get_logger()

BUSY_SECONDS = 30
"""How long a writer on SQLite waits for another: many times the longest transaction of ours (a batch of 256 posts,
well under a second), and shorter than any lease."""

CONNECT_SECONDS = 10
"""PostgreSQL on a working network answers within milliseconds; a worker must notice an outage, not hang in it."""

SILENCE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""A server that vanished without a word is noticed after 25 s (the last figure in milliseconds) instead of the system's
quarter of an hour: sooner than a lease lapses. https://www.postgresql.org/docs/current/libpq-connect.html"""

READ_ONLY = "otklik_read_only"
# The plan outlives the statistics it was made with: of an empty table, which PostgreSQL would rather read as a whole.
_BY_INDEX = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",  # else it compiles a statement for whose table there is no index, since that must be dear
}
_PLAN_BY_INDEX = "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in _BY_INDEX.items())


def utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """A database with the tables of Otklik. Threads may share it; processes each make their own.

    `url` is `sqlite:///folder/store.db` or `postgresql://user@host/name`.

    Raises:
        StoreError: the URL is of neither form (not transient).
    """

    def __init__(self, url: str, now: Callable[[], datetime] = utc_now) -> None:
        self.url = url
        self.now = now
        self._url = _driver_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.engine: Engine = _sqlite_engine(self._url) if self.is_sqlite else _postgres_engine(self._url)

    @property
    def name(self) -> str:
        """The URL without a password: for messages and logs."""
        return without_password(self.url)

    @property
    def path(self) -> Path | None:
        """The database file; None on PostgreSQL."""
        return Path(self._url.database) if self.is_sqlite and self._url.database else None

    def open(self) -> None:
        """See that the database answers and has exactly the schema that this program knows.

        Raises:
            StoreError: it does not answer (transient), or the schema is missing, older or newer (not transient).
        """
        if self.path is not None and not self.path.exists():
            raise StoreError(schema.MISSING.format(name=self.name), transient=False)
        with self.reading() as conn:
            schema.check(conn, self.name)

    def upgrade(self) -> None:
        """Create the schema or bring it up to this program's version; a no-op where it is. Safe to run at once twice.

        Raises:
            StoreError: the database does not answer, or its schema is newer than this program.
        """
        if self.path is not None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"Папка {self.path.parent} для базы не создаётся ({error.strerror}). "
                    "Проверьте строку store и права на папку."
                ) from error
        with self._told(), self.engine.connect() as conn:
            if self.is_sqlite:
                # Rebuilding a table, SQLite's way to alter one, would delete the rows that refer to it; the pragma
                # has no effect inside a transaction.
                conn.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
            try:
                with conn.begin():
                    changed = schema.upgrade(conn, self.name)
            finally:
                conn.invalidate()  # its pragma must not be met by the next user
        if changed:
            log.info("store_upgraded", store=self.name, revision=schema.head())

    @contextmanager
    def transaction(self, *, by_index: bool = False) -> Iterator[Connection]:
        """A transaction that may write; committed at the end of the block, rolled back by any exception.

        SQLite: takes the one write lock at once (BEGIN IMMEDIATE), waiting up to `BUSY_SECONDS`. PostgreSQL: read
        committed.

        `by_index`: every statement of the block finds its rows by an index, however many rows there are. PostgreSQL
        would plan those with lists of values at each call, in more time than it needs to execute them; now it plans
        them once for a connection, and in a way that holds when the tables have grown.

        Raises:
            StoreError: the database does not answer, is locked or full; nothing of the block is stored. Only where the
                connection broke during the commit itself it may have been, so effects must be idempotent.
        """
        with self._told(), self.engine.begin() as conn:
            if by_index and not self.is_sqlite:
                conn.exec_driver_sql(_PLAN_BY_INDEX)
            yield conn

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, and on SQLite waits for no writer.

        Raises:
            StoreError: the database does not answer.
        """
        with self._told(), self.engine.connect().execution_options(**{READ_ONLY: True}) as conn:
            yield conn

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the database's outages raise into a StoreError; mistakes of ours pass through."""
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            told = explained(error, self.name, self.path)
            if told is None:
                raise
            raise told from error


def without_password(url: str) -> str:
    """The URL as written, its password starred out, wherever it may stand."""
    return re.sub(r"(?<=[?&]password=)[^&]*", "***", re.sub(r"(?<=://)([^:/@]*):.*@", r"\1:***@", url))


def _driver_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is not None and parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    if parsed is not None and parsed.drivername in ("postgresql", "postgres") and parsed.database:
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(
        f"Непонятный адрес базы {without_password(url)!r}. Напишите в строке store: "
        "sqlite:///папка/store.db или postgresql://пользователь@машина/база.",
        transient=False,
    )


def _engine(url: URL, **options: Any) -> Engine:
    return create_engine(url, json_serializer=dump_json, json_deserializer=orjson.loads, **options)


def _sqlite_engine(url: URL) -> Engine:
    engine = _engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # The sqlite3 module opens transactions by itself, late and not for every statement; here SQLAlchemy's "begin"
        # does: https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        # The built-in one knows ASCII only, and titles are Russian.
        connection.create_function("lower", 1, _lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def on_begin(conn: Connection) -> None:
        # A transaction that first reads and then writes could not wait for the lock: it would fail at once, since
        # what it has read may be stale.
        conn.exec_driver_sql("BEGIN" if conn.get_execution_options().get(READ_ONLY) else "BEGIN IMMEDIATE")

    return engine


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()


def _postgres_engine(url: URL) -> Engine:
    # Pre-ping: connections that died with a restarted server are replaced before use.
    return _engine(url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_SECONDS, **SILENCE})
