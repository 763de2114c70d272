import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from store import SourceRow, Sources, Store, StoreError, Version, Versions
from store.backup import backup, restore
from store.tables import counters
from tests.servers import PostgresServer
from tests.store.kit import Kit


@pytest.fixture
def other(store: Store, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A second, empty database of the same kind."""
    if store.is_sqlite:
        found = Store(f"sqlite:///{tmp_path}/other/store.db")
        yield found
        found.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"other_{os.getpid()}"
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text(f"CREATE DATABASE {name}"))
        found = Store(server.url(name))
        yield found
        found.close()
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def fill(store: Store) -> None:
    Sources(store).sync([SourceRow("tg-магнитогорск", "telegram", "t.me", 120, "1")])
    Versions(store).store([Version("vk:-1_2", 3, "x")])


def test_a_restored_store_is_the_one_backed_up(store: Store, other: Store, tmp_path: Path) -> None:
    fill(store)
    backup(store, tmp_path / "копии" / "store.backup")
    restore(other, tmp_path / "копии" / "store.backup")
    other.open()
    assert Sources(other).list() == Sources(store).list()
    assert Versions(other).known(["vk:-1_2"]) == {"vk:-1_2": Version("vk:-1_2", 3, "x")}
    assert os.listdir(tmp_path / "копии") == ["store.backup"]  # noqa: PTH208


def test_a_store_with_tables_is_overwritten_only_by_force(store: Store, other: Store, tmp_path: Path) -> None:
    fill(store)
    backup(store, tmp_path / "b")
    other.upgrade()
    Versions(other).store([Version("vk:-9_9", 1, "y")])
    with pytest.raises(StoreError) as caught:
        restore(other, tmp_path / "b")
    assert str(caught.value) == (
        f"База {other.name} не пуста: восстановление сотрёт то, что в ней есть. "
        "Если так и нужно, повторите с ключом --force."
    )
    assert set(Versions(other).known(["vk:-9_9", "vk:-1_2"])) == {"vk:-9_9"}
    restore(other, tmp_path / "b", force=True)
    assert set(Versions(other).known(["vk:-9_9", "vk:-1_2"])) == {"vk:-1_2"}


def test_a_backup_is_one_moment_of_a_busy_store(store: Store, other: Store, tmp_path: Path) -> None:
    """Each transaction adds two rows; a backup that mixed two moments would hold an odd one."""
    stop = threading.Event()

    def write() -> int:
        number = 0
        while not stop.is_set():
            with store.transaction() as conn:
                conn.execute(
                    insert(counters), [{"name": f"{side}-{number}", "value": number} for side in ("left", "right")]
                )
            number += 1
        return number

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        try:
            backup(store, tmp_path / "b")
        finally:
            stop.set()
        assert writer.result(timeout=30) > 0
    restore(other, tmp_path / "b")
    with other.reading() as conn:
        both = [
            conn.execute(select(func.count()).where(counters.c.name.like(f"{side}%"))).scalar_one()
            for side in ("left-", "right-")
        ]
    assert both[0] == both[1]


def test_an_existing_file_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "b"
    target.write_text("важное")
    with pytest.raises(StoreError) as caught:
        backup(store, target)
    assert str(caught.value) == f"Файл {target} уже есть. Удалите его или укажите другое имя."
    assert target.read_text() == "важное"


def test_a_file_that_is_no_backup_is_refused(store: Store, tmp_path: Path) -> None:
    fill(store)
    source = tmp_path / "b"
    with pytest.raises(StoreError) as caught:
        restore(store, source, force=True)
    assert str(caught.value) == f"Файла {source} нет. Укажите файл, который записала команда otklik db backup."
    source.write_text("Это не копия.")
    kind = "SQLite" if store.is_sqlite else "PostgreSQL"
    with pytest.raises(StoreError) as caught:
        restore(store, source, force=True)
    assert str(caught.value) == f"Файл {source} — не резервная копия базы {kind}. Проверьте имя файла."
    assert len(Sources(store).list()) == 1


def test_a_damaged_backup_changes_nothing(store: Store, tmp_path: Path) -> None:
    fill(store)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    backup(store, whole)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(StoreError):
        restore(store, cut, force=True)
    assert len(Sources(store).list()) == 1
    assert Versions(store).known(["vk:-1_2"]) == {"vk:-1_2": Version("vk:-1_2", 3, "x")}


def test_a_backup_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db")
    store.upgrade()
    with store.transaction() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    backup(store, tmp_path / "b")
    other = Store(f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(StoreError, match=r"новее этой программы \(версия 9999"):
        restore(other, tmp_path / "b")
    assert not (tmp_path / "other.db").exists()
    store.close()
    other.close()


def test_open_connections_see_the_restored_rows(kit: Kit, tmp_path: Path) -> None:
    store, running = kit.open(), kit.open()
    fill(store)
    backup(store, tmp_path / "b")
    Versions(running).store([Version("vk:-9_9", 1, "y")])
    restore(store, tmp_path / "b", force=True)
    assert set(Versions(running).known(["vk:-9_9", "vk:-1_2"])) == {"vk:-1_2"}


def test_nothing_to_back_up_is_told(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db")
    with pytest.raises(StoreError) as caught:
        backup(store, tmp_path / "b")
    assert str(caught.value) == f"Базы sqlite:///{tmp_path}/store.db нет: копировать нечего. Проверьте строку store."
    assert list(tmp_path.iterdir()) == []


def test_missing_client_programs_are_told(postgres_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    store = Store(postgres_db)
    with pytest.raises(StoreError) as caught:
        backup(store, tmp_path / "b")
    assert str(caught.value) == (
        "Нет программы pg_dump. Установите клиент PostgreSQL (Debian, Ubuntu: apt install postgresql-client)."
    )
    store.close()
