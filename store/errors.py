"""What the store says when the database cannot do it now."""

import shutil
import sqlite3
from pathlib import Path

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StoreError(Exception):
    """The message is for an operator, in Russian.

    `transient`: the database does not answer, is locked or full, and the same call may succeed later; otherwise
    somebody must act first.
    """

    def __init__(self, message: str, *, transient: bool = True) -> None:
        super().__init__(message)
        self.transient = transient


class NoSpace(StoreError):
    """The disk of the database is full."""


def explained(error: DBAPIError | PoolTimeout, name: str, path: Path | None) -> StoreError | None:
    """What to raise and tell the operator; None where the error is a mistake of the program rather than an outage."""
    if isinstance(error, PoolTimeout):
        return StoreError(f"Все соединения с базой {name} заняты. Подождите: работа продолжится сама.")
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause, name, path)
    if isinstance(cause, psycopg.Error):
        return _postgres(cause, name)
    return None


def _sqlite(cause: sqlite3.Error, name: str, path: Path | None) -> StoreError | None:
    # The low byte is the primary code: https://www.sqlite.org/rescode.html
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and path is not None and _no_space(path.parent)):
        return NoSpace(f"На диске нет места для базы {name}. Освободите место: работа продолжится сама.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(
            f"База {name} слишком долго занята другим процессом. Проверьте, не открыта ли она в другой программе: "
            "работа продолжится сама."
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return StoreError(
            f"Файл базы {name} не открывается для записи ({cause}). Проверьте, что папка существует "
            "и пользователь, от которого запущен otklik, может в неё писать."
        )
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(f"Ошибка чтения или записи базы {name} ({cause}). Проверьте диск: работа продолжится сама.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreError(
            f"Файл базы {name} повреждён или это не база ({cause}). "
            "Восстановите его из резервной копии: otklik db restore."
        )
    return None


def _no_space(folder: Path) -> bool:
    """Growing the -shm file fails as an I/O error; it wants 32 KB at once."""
    try:
        return shutil.disk_usage(folder).free < 64 * 1024
    except OSError:
        return False


def _postgres(cause: psycopg.Error, name: str) -> StoreError | None:
    if isinstance(cause, psycopg.errors.DiskFull):
        return NoSpace(
            f"На диске сервера PostgreSQL нет места для базы {name}. Освободите место: работа продолжится сама."
        )
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return StoreError(f"База {name} открыта только для чтения. Укажите в строке store: адрес ведущего сервера.")
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        reason = " ".join(str(cause).split()) or type(cause).__name__
        return StoreError(
            f"База {name} не отвечает ({reason}). Проверьте, что PostgreSQL запущен и доступен с этой машины "
            "и что адрес в строке store: верен. Роли, которые уже работают, продолжат сами."
        )
    return None
