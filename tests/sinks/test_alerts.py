"""Digests from the store to a real receiver: seldom, complete, once."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bus.crashpoints import VARIABLE
from schemas import Outcome
from sinks import DeliveryFailed
from sinks.alerts import Alerts
from sinks.webhook import WebhookSink
from store import Sources, Store, StoreError
from tests.sinks.receiver import Receiver, reply
from tests.sinks.test_webhook import open_sink
from tests.store.checks.sources import health, only, row
from tests.store.kit import HOUR, MINUTE, Kit

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


class Region:
    """Ten sources, their crawler, and one sink that wants to know."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.kit = Kit(f"sqlite:///{folder}/store.db")
        self.kit.open().upgrade()
        self.sources = Sources(self.kit.open())
        self.sources.sync([row(f"s{n}") for n in range(10)])
        self.kit.clock.move(HOUR)
        self.receiver = receiver
        self.opened: list[WebhookSink] = []
        self.alerts = self.process()

    def process(self) -> Alerts:
        """As a newly started role `deliver`."""
        self.opened.append(open_sink(self.receiver))
        return Alerts(
            self.kit.open(),
            self.opened[-1],
            "duty",
            region="chelyabinsk",
            zone=ZoneInfo("Asia/Yekaterinburg"),
            every=HOUR,
            look=0.01,
        )

    def visit(self, source: str, outcome: Outcome = Outcome.OK, times: int = 1) -> None:
        for _ in range(times):
            self.sources.force_due(source)
            lease = only(self.sources.lease("me", ["news"], 1, MINUTE, only=[source]))
            assert self.sources.finish(lease, health(self.kit, source, outcome=outcome))

    def fail(self, *names: str) -> None:
        for name in names:
            self.visit(name, Outcome.BLOCKED, times=2)

    def told(self) -> list[tuple[str, str]]:
        """Ids and summaries that have arrived."""
        return [(one["id"], one["data"]["summary"]) for one in self.receiver.taken]


@pytest.fixture
def region(tmp_path: Path, receiver: Receiver) -> Iterator[Region]:
    made = Region(tmp_path, receiver)
    yield made
    for sink in made.opened:
        sink.close()
    made.kit.close()


def test_the_first_alert_gathers_for_a_minute_and_the_next_waits_for_its_hour(region: Region) -> None:
    assert region.alerts.turn() is None
    region.fail("s1")
    assert region.alerts.turn() is None
    region.kit.clock.move(MINUTE / 2)
    region.fail("s2")
    assert region.alerts.turn() is None
    region.kit.clock.move(MINUTE / 2)
    region.alerts.turn()
    assert region.told() == [("duty.1", "Не работают источники: s1, s2.")]
    for minutes in (10, 40):
        region.fail("s3")
        region.visit("s1")
        region.kit.clock.move(minutes * MINUTE)
        assert region.alerts.turn() is None
    region.kit.clock.move(10 * MINUTE)
    region.alerts.turn()
    assert region.told()[1:] == [
        ("duty.2", "Не работают источники: s3. Снова работают: s1. Как и раньше, не в порядке: 1.")
    ]
    region.kit.clock.move(5 * HOUR)
    assert region.alerts.turn() is None
    (event, _) = region.receiver.taken
    assert (event["type"], event["source"], event["subject"], event["specversion"]) == (
        "source.digest", "/otklik/chelyabinsk", "sources", "1.0",
    )  # fmt: skip


def test_a_receiver_that_was_dead_for_a_while_gets_one_digest_once(region: Region) -> None:
    region.fail("s1")
    region.kit.clock.move(MINUTE)
    region.receiver.always = reply(503)
    for _ in range(3):
        with pytest.raises(DeliveryFailed):
            region.alerts.turn()
        region.kit.clock.move(HOUR)
        region.visit("s2", Outcome.GONE, times=2)
    region.alerts = region.process()  # and the role was restarted
    region.receiver.always = None
    region.alerts.turn()
    assert region.alerts.turn() is None
    assert region.told() == [("duty.1", "Не работают источники: s1.")]
    assert {one["webhook-id"] for one in region.receiver.attempts} == {"duty.1"}
    region.kit.clock.move(HOUR)
    region.alerts.turn()
    assert region.told()[1:] == [("duty.2", "Не работают источники: s2. Как и раньше, не в порядке: 1.")]


def test_a_crawler_restarted_in_the_middle_of_an_outage_repeats_no_alert(region: Region) -> None:
    region.fail("s1")
    region.kit.clock.move(MINUTE)
    region.alerts.turn()
    region.sources = Sources(region.kit.open())
    region.sources.sync([row(f"s{n}") for n in range(10)])
    region.fail("s1")
    region.alerts = region.process()
    for _ in range(5):
        region.kit.clock.move(HOUR)
        assert region.alerts.turn() is None
    assert len(region.told()) == 1


def test_what_a_receiver_refused_is_told_again_by_the_next_digest(region: Region) -> None:
    region.fail("s1")
    region.kit.clock.move(MINUTE)
    region.receiver.replies = [reply(422)]
    with capture_logs() as logged:
        assert region.alerts.turn() is None
    assert [(one["event"], one["event_id"]) for one in logged] == [("digest_refused", "duty.1")]
    assert region.alerts.turn() is None
    region.kit.clock.move(HOUR)
    region.fail("s2")
    region.kit.clock.move(MINUTE)
    region.alerts.turn()
    assert region.told() == [("duty.2", "Не работают источники: s1, s2.")]


def test_of_several_processes_one_delivers(region: Region) -> None:
    region.fail("s1")
    region.kit.clock.move(MINUTE)
    others = [region.process() for _ in range(4)]
    failures: list[BaseException] = []

    def turn(alerts: Alerts) -> None:
        try:
            for _ in range(5):
                alerts.turn()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=turn, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert region.told() == [("duty.1", "Не работают источники: s1.")]


def test_the_loop_waits_for_store_and_receiver_and_ends_when_asked(region: Region) -> None:
    region.fail("s1")
    region.kit.clock.move(MINUTE)
    region.receiver.replies = [reply(500), reply(503, retry_after="7")]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if region.told():
            region.alerts.stop()

    region.alerts = region.process()
    region.alerts._sleep, region.alerts._chance = sleep, lambda: 0.5
    thread = threading.Thread(target=region.alerts.run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert waits == [0.5, 7.0, 0.01]


def test_a_store_of_another_version_is_not_waited_for(tmp_path: Path, receiver: Receiver) -> None:
    store = Store(f"sqlite:///{tmp_path}/none.db")
    sink = open_sink(receiver)
    alerts = Alerts(store, sink, "duty", region="x", zone=ZoneInfo("UTC"), every=HOUR)
    with pytest.raises(StoreError, match="ещё нет таблиц Отклика"):
        alerts.run()
    sink.close()
    store.close()


def test_a_clock_set_back_silences_nobody(region: Region) -> None:
    region.fail("s1")
    region.kit.clock.move(MINUTE)
    region.alerts.turn()
    region.kit.clock.move(timedelta(days=-30))
    region.fail("s2")
    region.kit.clock.move(MINUTE)
    region.alerts.turn()
    assert len(region.told()) == 2


def test_one_outage_of_the_network_is_one_message(region: Region) -> None:
    names = [f"n{n}" for n in range(60)]
    region.sources.sync([row(name) for name in names])
    region.kit.clock.move(HOUR)
    for name in names:
        region.visit(name)
    for number in range(5):  # a visit in five minutes each; the last ones come when the digest has gone
        for name in names[: len(names) - number * 2]:
            region.visit(name, Outcome.BROKEN)
        region.kit.clock.move(5 * MINUTE)
        region.alerts.turn()
    for _ in range(12):
        region.kit.clock.move(5 * MINUTE)
        for name in names:
            region.visit(name, Outcome.BROKEN)
        region.alerts.turn()
    (told,) = region.receiver.taken
    assert told["data"]["summary"] == "60 источников не отвечают, первый с 15:59; похоже на сеть этой машины."
    assert told["data"]["network_suspected"]
    for name in names:
        region.visit(name)
    region.kit.clock.move(HOUR)
    region.alerts.turn()
    assert region.told()[1:] == [("duty.2", "Снова работают: n0, n1, n10, n11, n12 и ещё 55.")]


SEND = """
import sys
from datetime import timedelta
from zoneinfo import ZoneInfo
from sinks.alerts import Alerts
from sinks.file import FileSettings, FileSink
from store import Store
from datetime import UTC, datetime

ahead = timedelta(minutes=float(sys.argv[3]))
store = Store(sys.argv[1], lambda: datetime.now(UTC) + ahead)
alerts = Alerts(store, FileSink(FileSettings(path=sys.argv[2]), "duty"), "duty",
                region="x", zone=ZoneInfo("UTC"), every=timedelta(hours=1))
alerts.turn()
"""


def test_a_kill_between_delivery_and_mark_sends_the_same_digest_again(region: Region, tmp_path: Path) -> None:
    region.fail("s1")
    out = tmp_path / "out.jsonl"

    def send(minutes: float, **extra: str) -> int:
        command = [sys.executable, "-W", "ignore", "-c", SEND, region.kit.url, str(out), str(minutes)]
        environment: dict[str, Any] = os.environ | {"PYTHONPATH": str(ROOT)} | extra
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=120, check=False).returncode

    def read() -> list[bytes]:
        return out.read_bytes().splitlines()

    assert send(0, **{VARIABLE: "deliver.after_digest_before_mark"}) == -signal.SIGKILL
    (first,) = read()
    region.fail("s2")
    assert send(1) == 0  # for all it knows, the other process is still at it
    assert read() == [first]
    assert send(6) == 0
    assert read() == [first, first]
    assert send(7) == 0
    assert read() == [first, first]
