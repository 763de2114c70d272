import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bus import BusError, open_bus
from bus.base import Bus
from incidents.relay import LONGEST_WAIT, Relay
from schemas import IncidentEvent, decode, topics
from store import Outbox, Store
from tests.incidents.bench import Bench, tagged
from tests.incidents.make import SNOW

PROGRAM = """
import sys
from bus import open_bus
from incidents.relay import Relay
from store import Outbox, Store


class Swapped(Outbox):
    def relay(self, publish, limit, after_publish):
        batch = []
        count = super().relay(batch.extend, limit)
        after_publish()
        publish(batch)
        return count


outbox = (Swapped if sys.argv[3] == "swapped" else Outbox)(Store(sys.argv[1]))
Relay(outbox, open_bus(sys.argv[2])).drain()
"""


@pytest.fixture
def bus(tmp_path: Path):
    bus = open_bus(f"sqlite:///{tmp_path}/bus.db")
    bus.ensure_topics({topics.INCIDENTS: 2})
    yield bus
    bus.close()


def arrived(bus: Bus, since: dict[int, int] | None = None) -> list[str]:
    """Event ids, in order within each incident."""
    found = bus.read(topics.INCIDENTS, since)
    events = [decode(IncidentEvent, one.record.value, one.record.headers) for one in found]
    assert [one.record.key for one in found] == [event.subject for event in events]
    return [event.id for event in events]


def fill(bench: Bench) -> None:
    bench.step.add([tagged("a"), tagged("s", topic=SNOW)])
    bench.step.add([tagged("b", 1)])


def test_events_go_to_the_bus_keyed_by_incident(bench: Bench, bus: Bus) -> None:
    fill(bench)
    relay = Relay(bench.outbox, bus, limit=2)
    assert (relay.drain(), relay.drain(), bench.outbox.unsent()) == (3, 0, 0)
    assert sorted(arrived(bus)) == ["1.1", "1.2", "2.1"]
    assert [id_ for id_ in arrived(bus) if id_.startswith("1.")] == ["1.1", "1.2"]


def test_a_stop_relays_what_is_left(bench: Bench, bus: Bus) -> None:
    fill(bench)
    relay = Relay(bench.outbox, bus)
    relay.stop()
    relay.run()
    assert len(arrived(bus)) == 3


def test_it_runs_until_stopped(bench: Bench, bus: Bus) -> None:
    relay = Relay(bench.outbox, bus)
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        fill(bench)
        for _ in range(400):
            if len(arrived(bus)) == 3:
                break
            time.sleep(0.05)
    finally:
        relay.stop()
        thread.join(timeout=20)
    assert (len(arrived(bus)), thread.is_alive()) == (3, False)


def test_a_bus_that_does_not_answer_is_waited_for_ever_longer(bench: Bench, tmp_path: Path) -> None:
    fill(bench)
    bus = open_bus(f"sqlite:///{tmp_path}/bus.db")
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 12:
            bus.ensure_topics({topics.INCIDENTS: 1})  # it is back
            relay.stop()

    relay = Relay(bench.outbox, bus, sleep=sleep, chance=lambda: 1.0)
    with pytest.raises(BusError):
        relay.drain()
    assert bench.outbox.unsent() == 3
    relay.run()
    assert waits == [*(0.2 * 2**n for n in range(8)), *[LONGEST_WAIT] * 4]
    assert (len(arrived(bus)), bench.outbox.unsent()) == (3, 0)
    bus.close()


def kill_between_sending_and_marking(bench: Bench, url: str, order: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, bench.store.url, url, order]
    env = os.environ | {"OTKLIK_CRASH_AT": "relay.after_send_before_mark"}
    assert subprocess.run(command, env=env, check=False, timeout=60).returncode == -signal.SIGKILL


@pytest.mark.parametrize("bus_kind", ["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def test_killed_between_sending_and_marking_it_sends_again(
    bench: Bench, bus_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    fill(bench)
    url = f"sqlite:///{tmp_path}/bus.db"
    if bus_kind == "kafka":
        url = request.getfixturevalue("kafka_server").url
    bus = open_bus(url)
    bus.ensure_topics({topics.INCIDENTS: 2})
    before = bus.ends(topics.INCIDENTS)  # the broker is shared by the whole run
    kill_between_sending_and_marking(bench, url, "right")
    assert (len(arrived(bus, before)), bench.outbox.unsent()) == (3, 3)
    again = Store(bench.store.url)
    assert Relay(Outbox(again), bus).drain() == 3
    again.close()
    assert sorted(arrived(bus, before)) == sorted(["1.1", "1.2", "2.1"] * 2)
    bus.close()


def test_marking_before_sending_is_seen_to_lose_events(bench: Bench, bus: Bus, tmp_path: Path) -> None:
    fill(bench)
    kill_between_sending_and_marking(bench, f"sqlite:///{tmp_path}/bus.db", "swapped")
    assert Relay(bench.outbox, bus).drain() == 0
    assert arrived(bus) == []
