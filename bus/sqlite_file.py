"""The file of the SQLite bus: schema, connections, and errors an operator can act on."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bus.base import BusError, NoSpace

SCHEMA_VERSION = 1
BUSY_MS = 10_000
"""How long a writer waits for another one. A transaction of ours takes milliseconds; a slow disk, a second."""
PLACE_BITS = 40
"""A record's row id is its partition's id above these bits and its offset in them: 10^12 records a partition, and a
partition is one contiguous range of the table."""
OFFSET_MASK = (1 << PLACE_BITS) - 1

_SCHEMA = """
CREATE TABLE partitions (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, number INTEGER NOT NULL, next INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, number)
);
-- time: microseconds since 1970. The value is last, so that reading the rest does not touch its overflow pages
CREATE TABLE records (
    place INTEGER PRIMARY KEY, time INTEGER NOT NULL, key TEXT NOT NULL, headers TEXT NOT NULL, value BLOB NOT NULL
);
CREATE TABLE groups (name TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID;
-- until: seconds since 1970, when the member counts as dead unless it renews
CREATE TABLE members (
    grp TEXT NOT NULL, member TEXT NOT NULL, topics TEXT NOT NULL, until REAL NOT NULL, PRIMARY KEY (grp, member)
) WITHOUT ROWID;
CREATE TABLE owners (
    grp TEXT NOT NULL, partition INTEGER NOT NULL, member TEXT NOT NULL, PRIMARY KEY (grp, partition)
) WITHOUT ROWID;
CREATE TABLE positions (
    grp TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (grp, partition)
) WITHOUT ROWID;
"""


def place_of(partition_id: int, offset: int) -> int:
    return (partition_id << PLACE_BITS) | offset


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode; transactions are opened by `transaction`.

    Raises:
        BusError: the file cannot be opened, or is not ours.
    """
    with errors(path):
        connection = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # FULL: a transaction is on the disk when COMMIT returns, so an acknowledged record survives a power cut.
            connection.execute("PRAGMA synchronous = FULL")
            _ensure_schema(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _ensure_schema(connection: sqlite3.Connection, path: Path) -> None:
    def version() -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])

    if version() == 0:
        with transaction(connection):
            if version() == 0:  # nobody else was first
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    if version() != SCHEMA_VERSION:
        raise BusError(
            f"Файл шины {path} записан другой версией otklik (схема {version()}, нужна {SCHEMA_VERSION}). "
            "Запустите ту версию, которая его создала, или укажите в «bus» новый файл."
        )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE: the write lock is taken first, so that a transaction never fails half way for lack of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise


@contextmanager
def errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ones that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explained(path, error) from error


def _explained(path: Path, error: sqlite3.Error) -> BusError:
    # Extended codes hold the primary one in their low byte: https://www.sqlite.org/rescode.html
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    folder = path.parent
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _no_space(folder)):
        return NoSpace(
            f"На диске нет места: шина {path} ничего не записала. Освободите место в {folder}; "
            "otklik продолжит сам, ничего не потеряно."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BusError(
            f"Файл шины {path} занят другим процессом дольше {BUSY_MS // 1000} с. Закройте программу, "
            "которая держит его открытым (sqlite3, резервное копирование); otklik продолжит сам."
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return BusError(
            f"Файл шины {path} повреждён или не является базой SQLite. Остановите otklik и восстановите файл "
            "из резервной копии (otklik db restore)."
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return BusError(
            f"Файл шины {path} не открывается для записи. Проверьте, что папка {folder} есть "
            "и что пользователь, от которого работает otklik, может в неё писать."
        )
    return BusError(f"Ошибка файла шины {path}: {error}. Проверьте диск; otklik повторит сам.")


def _no_space(folder: Path) -> bool:
    """Growing the -shm file fails as an I/O error; it wants 32 KB at once."""
    try:
        return shutil.disk_usage(folder).free < 64 * 1024
    except OSError:
        return False
