import re
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Table, Text, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from store import Audit, NoSpace, SourceRow, Sources, Store, StoreError, Version, Versions
from store import engine as store_engine
from store.engine import without_password
from store.metadata import metadata
from store.tables import counters
from store.types import Json, UtcDatetime
from tests.disks import enlarge, small_disk
from tests.servers import PostgresServer, free_port


@pytest.mark.parametrize(
    "url", ["mysql://u:p@h/db", "sqlite://", "sqlite:///:memory:", "postgresql://host", "store.db"]
)
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store(url)
    assert str(caught.value) == (
        f"Непонятный адрес базы {url.replace(':p@', ':***@')!r}. Напишите в строке store: "
        "sqlite:///папка/store.db или postgresql://пользователь@машина/база."
    )
    assert not caught.value.transient


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u@h/db", "postgresql://u@h/db"),
        ("postgresql://u:tayna@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:ta@y/na@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u@h/db?password=tayna&sslmode=require", "postgresql://u@h/db?password=***&sslmode=require"),
        ("sqlite:///папка/store.db", "sqlite:///папка/store.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_no_message_shows_the_password() -> None:
    port = free_port()
    store = Store(f"postgresql://otklik:tayna@127.0.0.1:{port}/otklik")
    with pytest.raises(StoreError) as caught:
        store.open()
    assert "tayna" not in str(caught.value)
    assert f"postgresql://otklik:***@127.0.0.1:{port}/otklik" in str(caught.value)


def test_an_effect_is_whole_or_not_at_all(store: Store) -> None:
    def half() -> None:
        with store.transaction() as conn:
            conn.execute(insert(counters).values(name="a", value=1))
            conn.execute(insert(counters).values(name="a", value=2))

    with pytest.raises(IntegrityError):
        half()
    with store.reading() as conn:
        assert conn.execute(select(counters).where(counters.c.name == "a")).all() == []


def test_threads_lose_no_update(store: Store) -> None:
    def add(_: int) -> None:
        with store.transaction() as conn:
            row = select(counters.c.value).where(counters.c.name == "lease").with_for_update()
            value = conn.execute(row).scalar_one()
            conn.execute(counters.update().where(counters.c.name == "lease").values(value=value + 1))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(60)))
    with store.reading() as conn:
        assert conn.execute(select(counters.c.value).where(counters.c.name == "lease")).scalar_one() == 60


def test_a_reader_waits_for_no_writer(store: Store) -> None:
    with store.transaction() as conn, ThreadPoolExecutor(1) as pool:
        conn.execute(counters.update().values(value=5))
        assert pool.submit(Sources(store).list).result(timeout=30) == []


def test_sqlite_is_as_durable_as_it_can_be(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/var/store.db")
    store.upgrade()
    with store.reading() as conn:
        pragmas = {name: conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")}
        assert pragmas == {"journal_mode": "wal", "synchronous": 2}  # 2 is FULL
        assert conn.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.close()


def test_instants_and_json_come_back_as_they_went(store: Store) -> None:
    table = Table("kinds", metadata, Column("id", Text, primary_key=True), Column("at", UtcDatetime), Column("j", Json))
    try:
        at = datetime(2026, 3, 2, 14, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5)))
        value = {"улица": ["Труда", 5, None, 1.5, True], "вложение": {"дом": "12а"}}
        with store.transaction() as conn:
            table.create(conn)
            conn.execute(insert(table).values(id="a", at=at, j=value))
            conn.execute(insert(table).values(id="b", at=at - timedelta(microseconds=1), j=None))
        with store.reading() as conn:
            rows = conn.execute(select(table).order_by(table.c.at)).all()
            assert [row.id for row in rows] == ["b", "a"]
            assert conn.execute(select(table.c.id).where(table.c.at < at)).scalars().all() == ["b"]
            assert conn.execute(select(table.c.id).where(table.c.j.is_(None))).scalars().all() == ["b"]
        assert (rows[1].at, rows[1].at.tzinfo, rows[1].j, rows[0].j) == (at, UTC, value, None)
        with store.reading() as conn, pytest.raises(Exception, match="naive datetime"):
            conn.execute(select(table).where(table.c.at < datetime(2026, 3, 2)))
    finally:
        metadata.remove(table)


def test_a_busy_database_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    store = Store(url)
    store.upgrade()
    monkeypatch.setattr(store_engine, "BUSY_SECONDS", 0.05)
    impatient = Store(url)
    with store.transaction(), pytest.raises(StoreError) as caught, impatient.transaction():
        pass
    assert str(caught.value) == (
        f"База {url} слишком долго занята другим процессом. Проверьте, не открыта ли она в другой программе: "
        "работа продолжится сама."
    )
    assert caught.value.transient
    with impatient.transaction():
        pass
    store.close()
    impatient.close()


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes("Это не база.".encode() * 500)
    store = Store(f"sqlite:///{path}")
    with pytest.raises(StoreError) as caught:
        store.open()
    assert str(caught.value) == (
        f"Файл базы sqlite:///{path} повреждён или это не база (file is not a database). "
        "Восстановите его из резервной копии: otklik db restore."
    )
    store.close()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("файл, а не папка")
    store = Store(f"sqlite:///{tmp_path}/var/store.db")
    with pytest.raises(StoreError) as caught:
        store.upgrade()
    assert str(caught.value) == (
        f"Папка {tmp_path}/var для базы не создаётся (File exists). Проверьте строку store и права на папку."
    )


def test_a_mistake_of_ours_is_no_outage(store: Store) -> None:
    with pytest.raises(DBAPIError), store.transaction() as conn:
        conn.execute(text("SELECT nothing FROM nowhere"))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "1m") as disk:
        yield disk


def test_a_full_disk_stores_nothing_by_halves(disk: Path) -> None:
    store = Store(f"sqlite:///{disk}/store.db")
    store.upgrade()
    versions, audit = Versions(store), Audit(store)
    kept: list[str] = []

    def effect(number: int) -> None:
        with store.transaction() as conn:
            audit.add(conn, "otklik", "test", f"post:{number}", {"filler": "ж" * 2000})
            conn.execute(insert(counters).values(name=f"post:{number}", value=number))

    def fill() -> None:
        for number in range(2000):
            effect(number)
            kept.append(f"post:{number}")

    with pytest.raises(NoSpace) as caught:
        fill()
    assert str(caught.value) == (
        f"На диске нет места для базы sqlite:///{disk}/store.db. Освободите место: работа продолжится сама."
    )
    assert caught.value.transient
    assert kept
    with store.reading() as conn:
        counted = conn.execute(select(counters.c.name).where(counters.c.name.like("post:%"))).scalars().all()
    assert sorted(counted) == sorted(kept)
    assert sorted(entry.object for entry in audit.list(9999)) == sorted(kept)

    enlarge(disk, "8m")
    effect(len(kept))
    versions.store([Version("vk:-1_2", 0, "x")])
    store.close()
    with sqlite3.connect(disk / "store.db") as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    conn.close()


def test_postgresql_that_is_away_at_the_start_is_told() -> None:
    port = free_port()
    store = Store(f"postgresql://otklik@127.0.0.1:{port}/otklik")
    for call in (store.open, store.upgrade):
        with pytest.raises(StoreError) as caught:
            call()
        assert re.fullmatch(
            rf"База postgresql://otklik@127\.0\.0\.1:{port}/otklik не отвечает \(.*refused.*\)\. Проверьте, что "
            r"PostgreSQL запущен и доступен с этой машины и что адрес в строке store: верен\. Роли, "
            r"которые уже работают, продолжат сами\.",
            str(caught.value),
        )
        assert caught.value.transient
    store.close()


@pytest.mark.postgres
def test_postgresql_may_go_and_come_back() -> None:
    server = PostgresServer()
    try:
        store = Store(server.url())
        store.upgrade()
        sources = Sources(store)
        sources.sync([SourceRow("a", "news", "host", 300, "1")])
        opened, stopped = threading.Event(), threading.Event()

        def in_the_middle() -> None:
            with store.transaction() as conn:
                conn.execute(counters.update().values(value=7))
                opened.set()
                stopped.wait(30)
                conn.execute(counters.update().values(value=8))

        with ThreadPoolExecutor(1) as pool:
            effect = pool.submit(in_the_middle)
            assert opened.wait(30)
            server.stop()
            stopped.set()
            with pytest.raises(StoreError, match=r"не отвечает .* продолжат сами\.$"):
                effect.result(timeout=30)
        with pytest.raises(StoreError, match=r"не отвечает .* продолжат сами\.$"):
            sources.list()
        server.start()
        assert [state.id for state in sources.list()] == ["a"]
        with store.reading() as conn:
            assert set(conn.execute(select(counters.c.value)).scalars()) == {0}
        store.close()
    finally:
        server.remove()
