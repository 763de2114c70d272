"""The most urgent topic first, on every bus."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from bus import Bus, BusError, Consumer, Received, Record, open_bus
from bus.preferring import consume
from bus.worker import Worker
from tests.bus.kit import T0, after, numbers, record, until
from tests.servers import KafkaServer

LATE = 100_000
"""The records that wait in the topic that can wait."""


@pytest.fixture(params=["memory", "sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bus]:
    url = "memory:"
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/bus.db"
    elif request.param == "kafka":
        server: KafkaServer = request.getfixturevalue("kafka_server")
        url = server.url
    made = open_bus(url)
    yield made
    made.close()


@contextmanager
def topics(bus: Bus) -> Iterator[tuple[str, str]]:
    names = f"fresh-{time.time_ns()}", f"history-{time.time_ns()}"
    bus.ensure_topics(dict.fromkeys(names, 2))
    yield names


def committed(consumer: Consumer, found: Sequence[Received]) -> bool:
    """Tried again while the group's members take turns to join, as the worker does."""
    try:
        consumer.commit(after(found))
    except BusError:
        consumer.poll(0, 0)
        return False
    return True


class Tagger:
    """A step that publishes one fresh record while it works on history, and notes the order."""

    def __init__(self, bus: Bus, fresh: str) -> None:
        self.bus = bus
        self.fresh = fresh
        self.batches: list[str] = []
        self.worker: Worker | None = None

    def process(self, records: Sequence[Received]) -> None:
        topics = {received.at.topic for received in records}
        self.batches += topics
        if len(self.batches) == 3:
            self.bus.publish(self.fresh, [record(0)])
        if self.fresh in topics or len(self.batches) > 50:
            assert self.worker is not None
            self.worker.stop()


def test_a_fresh_record_is_worked_on_within_a_batch_or_two_of_a_hundred_thousand_old_ones(bus: Bus) -> None:
    with topics(bus) as (fresh, history):
        for start in range(0, LATE, 10_000):
            bus.publish(history, [Record("a", b"", T0, {"n": "1"})] * 10_000)
        step = Tagger(bus, fresh)
        step.worker = Worker(bus, [fresh, history], f"group-{fresh}", step, name="tagger")
        step.worker.run()
        assert step.batches[:3] == [history] * 3
        assert fresh in step.batches
        assert step.batches.index(fresh) <= 5
        left = sum(bus.group_lag(history, f"group-{fresh}").values())
        assert left >= LATE - 5 * 256


def test_both_are_read_whole_committed_and_left(bus: Bus) -> None:
    with topics(bus) as (fresh, history):
        bus.publish(history, [record(number) for number in range(100, 120)])
        bus.publish(fresh, [record(number) for number in range(20)])
        consumer = consume(bus, [fresh, history], fresh, lambda _: None)
        found: list[Received] = []
        deadline = time.monotonic() + 20
        while len(found) < 40 and time.monotonic() < deadline:
            found += consumer.poll(7, 0.5)
        assert sorted(numbers(found)) == [*range(20), *range(100, 120)]
        assert sum(consumer.lag().values()) == 40
        until(lambda: committed(consumer, found), "the group of two members stays in a rebalance")
        assert set(consumer.lag().values()) == {0}
        consumer.close()
        restarted = consume(bus, [fresh, history], fresh, lambda _: None)
        assert restarted.poll(7, 0.5) == []
        restarted.close()


def test_an_idle_one_waits_as_long_as_it_was_told(bus: Bus) -> None:
    with topics(bus) as names:
        consumer = consume(bus, names, names[0], lambda _: None)
        consumer.poll(1, 5)  # joining
        start = time.monotonic()
        assert consumer.poll(1, 1.0) == []
        assert 0.9 < time.monotonic() - start < 3
        consumer.close()
