"""What goes wrong outside: a broker that is away, a full disk, a locked or broken file. Nothing is lost."""

import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bus import BusError, Received, Record, open_bus
from bus.kafka import KafkaBus
from bus.kafka_consumer import CLIENT
from bus.sqlite import SqliteBus
from bus.worker import Worker
from tests.bus.benches import LEASE
from tests.servers import KafkaServer, free_port

T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def records(first: int, last: int, size: int = 10) -> list[Record]:
    return [Record(f"k{n % 5}", b"x" * size, T0, {"n": str(n)}) for n in range(first, last)]


class Collect:
    def __init__(self) -> None:
        self.seen: set[int] = set()

    def process(self, received: Sequence[Received]) -> None:
        self.seen |= {int(r.record.headers["n"]) for r in received}


def until(condition: object, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker counts as unreachable after 2 s and a batch as not delivered after 5: a fifth of what is usual."""
    for name in ("request_timeout_ms", "bootstrap_timeout_ms"):
        monkeypatch.setitem(CLIENT, name, 2_000)
    monkeypatch.setattr("bus.kafka.ANSWER_MS", 2_000)
    monkeypatch.setattr("bus.kafka_consumer.ANSWER_MS", 2_000)
    monkeypatch.setattr("bus.kafka.DELIVERY_MS", 5_000)


def threads_of_clients() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("kafka")}


@pytest.mark.usefixtures("impatient")
def test_a_broker_that_was_never_there() -> None:
    before = threads_of_clients()
    port = free_port()
    with closing(KafkaBus(f"127.0.0.1:{port}")) as bus:
        with pytest.raises(BusError) as caught:
            bus.publish("posts", records(0, 1))
        assert str(caught.value) == (
            f"Kafka (127.0.0.1:{port}) не отвечает: KafkaTimeoutError. Проверьте, что брокер запущен и что адрес "
            "в «bus» верен; otklik повторяет попытки сам, ничего не потеряно."
        )
        with pytest.raises(BusError, match="не отвечает"):
            bus.consume(["posts"], "g")
        with pytest.raises(BusError, match="не отвечает"):
            bus.ends("posts")
    # A worker tries again for as long as the broker is away: each try must leave nothing behind.
    assert threads_of_clients() <= before


@pytest.mark.usefixtures("impatient")
def test_a_broker_that_comes_late_and_goes_away_meanwhile(tmp_path: Path) -> None:
    """A worker and a publisher live through it: neither is restarted, nothing is lost."""
    before = threads_of_clients()
    server = KafkaServer(tmp_path / "kafka")
    bus = KafkaBus(server.bootstrap, session=LEASE)
    step = Collect()
    worker = Worker(bus, ["posts"], "g", step, name="outage", poll_timeout=0.2)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        time.sleep(1)
        server.start()
        with closing(KafkaBus(server.bootstrap)) as other:
            other.ensure_topics({"posts": 2})
            other.publish("posts", records(0, 50))
            until(lambda: step.seen == set(range(50)))
            server.stop()
            with pytest.raises(BusError, match="не отвечает"):
                other.publish("posts", records(50, 100))
            server.start()
            other.publish("posts", records(50, 100))  # again, as whoever got the error has to
            until(lambda: step.seen == set(range(100)))
            until(lambda: set(other.group_lag("posts", "g").values()) == {0})
    finally:
        worker.stop()
        thread.join(60)
        bus.close()
        if (server.folder / "kafka.pid").exists():
            server.stop()
    assert not thread.is_alive()
    assert threads_of_clients() <= before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB: its ENOSPC is the kernel's own. Mounting needs root, as CI has."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.fail("this test mounts a tmpfs: run it as root (sudo make test), as CI does")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_nothing(small_disk: Path) -> None:
    path = small_disk / "bus.db"
    with closing(SqliteBus(path)) as bus:
        bus.ensure_topics({"posts": 1})
        acknowledged = 0

        def fill() -> None:
            nonlocal acknowledged
            while acknowledged < 10_000:
                bus.publish("posts", records(acknowledged, acknowledged + 20, size=1000))
                acknowledged += 20

        with pytest.raises(BusError) as caught:
            fill()
        assert str(caught.value) == (
            f"На диске нет места: шина {path} ничего не записала. Освободите место в {small_disk}; "
            "otklik продолжит сам, ничего не потеряно."
        )
        assert acknowledged > 100
        assert [int(r.record.headers["n"]) for r in bus.read("posts")] == list(range(acknowledged))
        subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
        bus.publish("posts", records(acknowledged, acknowledged + 20, size=1000))
        assert len(bus.read("posts")) == acknowledged + 20


def test_a_locked_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bus.sqlite_file.BUSY_MS", 1000)
    path = tmp_path / "bus.db"
    with closing(SqliteBus(path)) as bus, closing(sqlite3.connect(path, isolation_level=None)) as stranger:
        bus.ensure_topics({"posts": 1})
        stranger.execute("BEGIN EXCLUSIVE")
        with pytest.raises(BusError) as caught:
            bus.publish("posts", records(0, 1))
        assert str(caught.value) == (
            f"Файл шины {path} занят другим процессом дольше 1 с. Закройте программу, "
            "которая держит его открытым (sqlite3, резервное копирование); otklik продолжит сам."
        )
        stranger.execute("ROLLBACK")
        bus.publish("posts", records(0, 1))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "bus.db"
    path.write_bytes("это не база данных".encode() * 200)
    with pytest.raises(BusError) as caught:
        SqliteBus(path).ends("posts")
    assert str(caught.value) == (
        f"Файл шины {path} повреждён или не является базой SQLite. Остановите otklik и восстановите файл "
        "из резервной копии (otklik db restore)."
    )


def test_a_file_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "bus.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 9")
    with pytest.raises(BusError) as caught:
        SqliteBus(path).ends("posts")
    assert str(caught.value) == (
        f"Файл шины {path} записан другой версией otklik (схема 9, нужна 1). "
        "Запустите ту версию, которая его создала, или укажите в «bus» новый файл."
    )


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "bus.db"
    with pytest.raises(BusError) as caught:
        SqliteBus(path).ends("posts")
    assert str(caught.value) == (
        f"Файл шины {path} не открывается для записи. Проверьте, что папка {path.parent} есть "
        "и что пользователь, от которого работает otklik, может в неё писать."
    )


@pytest.mark.parametrize("url", ["", "sqlite:", "sqlite:///", "kafka://", "kafka://host", "amqp://host:1", "memory"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        open_bus(url)
    assert str(caught.value) == (
        f"Неизвестный адрес шины «{url}». Допустимы sqlite:///var/bus.db, kafka://узел:9092,узел:9092 и memory:."
    )
