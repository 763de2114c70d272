"""A consistent copy of the store while everything runs, and the way back."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, inspect, make_url

from store.engine import Store
from store.errors import StoreError
from store.schema import refuse_newer


def backup(store: Store, target: Path) -> None:
    """Write the store to the new file `target`: a SQLite database, or an archive of pg_dump in its custom format.

    Writers are not held up. The file appears only when it is complete and on the disk.

    Raises:
        StoreError: it exists already, cannot be written, or the database does not answer.
    """
    if target.exists():
        raise StoreError(f"Файл {target} уже есть. Удалите его или укажите другое имя.", transient=False)
    if store.path is not None and not store.path.exists():
        raise StoreError(f"Базы {store.name} нет: копировать нечего. Проверьте строку store.", transient=False)
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        if store.path is not None:
            _copy_sqlite(store.path, part)
        else:
            _run("pg_dump", store, ["--format=custom", "--no-owner", f"--file={part}"])
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"Резервная копия {target} не записана ({error}). Проверьте место и права.") from error
    finally:
        part.unlink(missing_ok=True)


def restore(store: Store, source: Path, *, force: bool = False) -> None:
    """Make the store what it was when `source` was written: all of it or, at an error, nothing.

    Stop every role first: what they wrote since the backup is lost, and a lease they hold may be given again.

    Raises:
        StoreError: the store is not empty and `force` is not set; the file is missing, damaged, of the other database
            or of a newer program; the database does not answer.
    """
    if not source.is_file():
        raise StoreError(
            f"Файла {source} нет. Укажите файл, который записала команда otklik db backup.", transient=False
        )
    if not force and not _is_empty(store):
        raise StoreError(
            f"База {store.name} не пуста: восстановление сотрёт то, что в ней есть. "
            "Если так и нужно, повторите с ключом --force.",
            transient=False,
        )
    with source.open("rb") as file:
        kind = file.read(16)
    if store.path is not None:
        _expect(kind == b"SQLite format 3\0", source, "SQLite")
        _restore_sqlite(store, source)
    else:
        _expect(kind.startswith(b"PGDMP"), source, "PostgreSQL")
        arguments = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error", str(source)]
        _run("pg_restore", store, arguments)


def _expect(right: bool, source: Path, kind: str) -> None:
    if not right:
        raise StoreError(f"Файл {source} — не резервная копия базы {kind}. Проверьте имя файла.", transient=False)


def _is_empty(store: Store) -> bool:
    if store.path is not None and not store.path.exists():
        return True
    with store.reading() as conn:
        return not inspect(conn).get_table_names()


def _copy_sqlite(database: Path, part: Path) -> None:
    with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as source:
        source.execute("VACUUM INTO ?", (str(part),))  # one read transaction: a consistent state


def _restore_sqlite(store: Store, source: Path) -> None:
    assert store.path is not None
    damaged = f"Резервная копия {source} повреждена или это не база Отклика"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)) as copy:
            verdict = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if verdict != "ok":
                raise StoreError(f"{damaged} ({verdict}). Возьмите другую копию.", transient=False)
            row = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise StoreError(f"{damaged} ({error}). Возьмите другую копию.", transient=False) from error
    refuse_newer(row[0], str(source))
    store.close()
    try:
        store.path.parent.mkdir(parents=True, exist_ok=True)
        with (
            closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)) as copy,
            closing(sqlite3.connect(store.path)) as target,
        ):
            copy.backup(target)  # in one transaction of the target
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"База {store.name} не восстановлена ({error}). Проверьте место и права, остановите otklik и повторите."
        ) from error


def _run(program: str, store: Store, arguments: list[str]) -> None:
    if shutil.which(program) is None:
        raise StoreError(
            f"Нет программы {program}. Установите клиент PostgreSQL (Debian, Ubuntu: apt install postgresql-client).",
            transient=False,
        )
    url = make_url(store.url)
    # The password goes through the environment: arguments are visible to every user of the machine.
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    done = subprocess.run(
        [program, "--no-password", f"--dbname={bare.render_as_string()}", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = " ".join(done.stderr.split()) or f"код {done.returncode}"
        raise StoreError(f"Программа {program} не справилась с базой {store.name}: {reason}")


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
