"""Each crash point of the worker, hit by a real SIGKILL, on SQLite and on Kafka: the end state is always the same."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bus import Bus, Record, open_bus
from bus.crashpoints import NAMES, VARIABLE, reach
from tests.bus.benches import ROOT
from tests.servers import KafkaServer

T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
COUNT = 60
HOPELESS = 33
WORKER_POINTS = [name for name in NAMES if name.startswith("worker.")]


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bus.db"
    server: KafkaServer = request.getfixturevalue("kafka_server")
    return server.url


@pytest.fixture
def topic(url: str) -> str:
    return f"crash-{uuid.uuid4().hex}"


def publish(bus: Bus, topic: str, special: dict[int, bytes]) -> None:
    bus.ensure_topics({topic: 2})
    bus.publish(
        topic, [Record(f"k{n % 7}", special.get(n, b"fine"), T0, {"n": str(n)}) for n in range(COUNT)]
    )  # fmt: skip


def run(url: str, topic: str, folder: Path, *options: str, crash_at: str | None = None) -> int:
    environment = {k: v for k, v in os.environ.items() if k != VARIABLE} | ({VARIABLE: crash_at} if crash_at else {})
    command = [sys.executable, "-m", "tests.bus.crash_worker", url, topic, str(folder), *options]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=False, timeout=120, stdout=subprocess.DEVNULL
    ).returncode


def effects(folder: Path) -> dict[str, int]:
    with closing(sqlite3.connect(folder / "effects.db")) as db:
        return dict(db.execute("SELECT id, times FROM effects").fetchall())


@pytest.mark.parametrize("point", WORKER_POINTS)
def test_the_end_state_is_the_same_wherever_it_dies(point: str, url: str, topic: str, tmp_path: Path) -> None:
    with closing(open_bus(url)) as bus:
        publish(bus, topic, {HOPELESS: b"hopeless"})
        at = point if point == "worker.after_dead_letter_before_commit" else f"{point}:2"
        assert run(url, topic, tmp_path, crash_at=at) == -signal.SIGKILL
        assert run(url, topic, tmp_path) == 0
        applied = effects(tmp_path)
        assert set(applied) == {str(n) for n in range(COUNT) if n != HOPELESS}
        if point != "worker.before_effect":
            assert max(applied.values()) > 1, "the crash point guards nothing: no record came twice"
        assert {r.record.headers["n"] for r in bus.read(f"{topic}.dead")} == {str(HOPELESS)}
        assert set(bus.group_lag(topic, "effects").values()) == {0}


def test_the_swapped_order_loses_records(url: str, topic: str, tmp_path: Path) -> None:
    """What the tests above would not notice, they would not be worth."""
    with closing(open_bus(url)) as bus:
        publish(bus, topic, {})
        assert run(url, topic, tmp_path, "--swapped", crash_at="worker.before_effect:2") == -signal.SIGKILL
        assert run(url, topic, tmp_path) == 0
        assert len(effects(tmp_path)) < COUNT


def test_a_record_that_kills_the_process_is_set_aside(url: str, topic: str, tmp_path: Path) -> None:
    with closing(open_bus(url)) as bus:
        publish(bus, topic, {17: b"poison"})
        # In a batch (whose fault?), alone, alone again; then it is known.
        for _ in range(3):
            assert run(url, topic, tmp_path) == -signal.SIGKILL
        assert run(url, topic, tmp_path) == 0
        assert set(effects(tmp_path)) == {str(n) for n in range(COUNT) if n != 17}
        (dead,) = bus.read(f"{topic}.dead")
        assert (dead.record.headers["n"], dead.record.headers["error_type"]) == ("17", "crash")


def test_sigterm_drains(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bus.db"
    with closing(open_bus(url)) as bus:
        bus.ensure_topics({"posts": 1, "other": 1})
        bus.publish("other", [Record("k", b"fine", T0, {"n": "0"})])
        publish(bus, "posts", {})
        # The watcher of the worker waits for `other` in vain, so only the signal ends it.
        command = [sys.executable, "-m", "tests.bus.crash_worker", url, "posts", str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 60
            while not (tmp_path / "effects.db").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        committed = COUNT - sum(bus.group_lag("posts", "effects").values())
        assert len(effects(tmp_path)) == committed > 0


def test_an_unknown_crash_point_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "worker.before_effect")
    with pytest.raises(KeyError):
        reach("worker.no_such_point")
