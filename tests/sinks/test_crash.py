"""SIGKILL between a delivery and its commit: nothing is lost, what comes twice has the same id."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from bus import Record
from bus.crashpoints import VARIABLE
from bus.sqlite import SqliteBus
from schemas import headers
from schemas.topics import INCIDENTS, dead
from tests.bus.benches import KafkaBench, ProcessBench, SqliteBench
from tests.servers import KafkaServer
from tests.sinks.events import story

ROOT = Path(__file__).resolve().parents[2]
DELIVER = """
import sys, threading, time
from datetime import timedelta
from pathlib import Path
from bus.kafka import KafkaBus
from bus.sqlite import SqliteBus
from bus.worker import Worker
from sinks import When
from sinks.file import FileSettings, FileSink
from sinks.step import SinkStep

bus = eval(sys.argv[1])
step = SinkStep(FileSink(FileSettings(path=sys.argv[2]), "test"), When())
worker = Worker(bus, [sys.argv[3]], "sink-test", step, name="sink-test", batch=5, poll_timeout=0.2)

def stop_when_done():
    while sum(bus.group_lag(sys.argv[3], "sink-test").values()):
        time.sleep(0.2)
    worker.stop()

threading.Thread(target=stop_when_done, daemon=True).start()
worker.run()
bus.close()
"""


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> ProcessBench:
    if request.param == "sqlite":
        return SqliteBench(tmp_path)
    server: KafkaServer = request.getfixturevalue("kafka_server")
    return KafkaBench(server.bootstrap)


def test_a_kill_after_the_delivery_and_before_the_commit(bench: ProcessBench, tmp_path: Path) -> None:
    topic = f"incidents-{uuid.uuid4().hex}"  # the broker is shared by the whole run
    bus = bench.bus()
    bus.ensure_topics({topic: 1, dead(topic): 1})
    events = story(2, 6)
    bus.publish(topic, [Record(str(e.data.incident.id), e.encode(), e.time, headers(e)) for e in events])
    out = tmp_path / "incidents.jsonl"
    run = runner(bench.make, out, topic)

    assert run({VARIABLE: "deliver.after_send_before_commit"}) == -signal.SIGKILL
    first = ids(out)
    assert first, "the kill came before the delivery"
    assert sum(bus.group_lag(topic, "sink-test").values()) == len(events), "the kill came after the commit"

    assert run({}) == 0
    assert ids(out) == [*first, *(event.id for event in events)]
    assert bus.read(dead(topic)) == []
    bus.close()


def runner(make_bus: str, out: Path, topic: str) -> Callable[[dict[str, str]], int]:
    def run(extra: dict[str, str]) -> int:
        command = [sys.executable, "-W", "ignore", "-c", DELIVER, make_bus, str(out), topic]
        environment = os.environ | {"PYTHONPATH": str(ROOT)} | extra
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=120, check=False).returncode

    return run


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_bytes().split(b"\n")[:-1]]


ON_SCHEDULE = """
import sys, threading, time
from pathlib import Path
from zoneinfo import ZoneInfo
from bus.sqlite import SqliteBus
from schemas.topics import INCIDENTS
from sinks import When
from sinks.file import FileSettings, FileSink
from sinks.scheduled import Scheduled

bus = SqliteBus(Path(sys.argv[1]))
sink = FileSink(FileSettings(path=sys.argv[2]), "test")
loop = Scheduled(bus, "sink-test", sink, When(), schedule="* * * * *", zone=ZoneInfo("UTC"))

def stop_when_done():
    while sum(bus.group_lag(INCIDENTS, "sink-test").values()):
        time.sleep(0.1)
    loop.stop()

threading.Thread(target=stop_when_done, daemon=True).start()
loop.run()
bus.close()
"""


def test_a_kill_after_a_scheduled_delivery_sends_the_same_batch_again(tmp_path: Path) -> None:
    bus = SqliteBus(tmp_path / "bus.db")
    bus.ensure_topics({INCIDENTS: 2, dead(INCIDENTS): 1})
    events = story(2, 6)
    bus.publish(INCIDENTS, [Record(e.subject, e.encode(), e.time, headers(e)) for e in events])
    out = tmp_path / "incidents.jsonl"
    command = [sys.executable, "-W", "ignore", "-c", ON_SCHEDULE, str(tmp_path / "bus.db"), str(out)]

    def run(extra: dict[str, str]) -> int:
        environment = os.environ | {"PYTHONPATH": str(ROOT)} | extra
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=120, check=False).returncode

    assert run({VARIABLE: "deliver.after_scheduled_before_commit"}) == -signal.SIGKILL
    first = ids(out)
    assert sorted(first) == sorted(event.id for event in events)
    assert sum(bus.group_lag(INCIDENTS, "sink-test").values()) == len(events)
    assert run({}) == 0
    assert sorted(ids(out)) == sorted([*first, *first])
    bus.close()
