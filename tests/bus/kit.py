"""What the checks of the conformance suite are written with."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol

from bus import Bus, Consumer, Positions, Received, Record, TopicPartition

PATIENCE = 20.0
"""Seconds that a check waits for records that have to come."""
QUIET = 0.6
"""Seconds of silence after which a check believes that nothing more comes."""
SLOW = 8.0
"""Seconds of a slow step: twice the lease that the benches give."""
T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
KEYS = ("vk-chelyabinsk", "новости", "75701000", "75743000", "none", "42", "a")

_numbers = count()


class Bench(Protocol):
    prunes: bool
    """Whether `prune` deletes, or leaves it to the server."""

    def bus(self) -> Bus:
        """Another client of the same log."""

    def die(self, topics: Sequence[str], group: str, polled: int) -> None:
        """Let a member join, poll that many records and die without a word."""


def topic(bench: Bench, partitions: int = 4) -> str:
    name = f"check-{next(_numbers)}-{time.time_ns()}"
    bus = bench.bus()
    bus.ensure_topics({name: partitions})
    bus.close()
    return name


def record(number: int, key: str | None = None, value: bytes | None = None) -> Record:
    value = b"%d" % number if value is None else value
    return Record(key or KEYS[number % len(KEYS)], value, T0 + timedelta(seconds=number), {"n": str(number)})


def numbers(received: Sequence[Received]) -> list[int]:
    return [int(r.record.headers["n"]) for r in received]


def take(consumer: Consumer, wanted: int, at_once: int = 100) -> list[Received]:
    """Poll until `wanted` records have come; fails when they do not, or when more do."""
    found: list[Received] = []
    deadline = time.monotonic() + PATIENCE
    while len(found) < wanted:
        assert time.monotonic() < deadline, f"{len(found)} of {wanted} records came"
        batch = consumer.poll(at_once, 0.2)
        assert len(batch) <= at_once
        found += batch
    assert len(found) == wanted
    return found


def nothing(consumer: Consumer) -> None:
    assert consumer.poll(100, QUIET) == []


def after(received: Sequence[Received]) -> Positions:
    return {r.at: r.offset + 1 for r in received}


def by_partition(received: Sequence[Received]) -> dict[TopicPartition, list[int]]:
    offsets: dict[TopicPartition, list[int]] = {}
    for r in received:
        offsets.setdefault(r.at, []).append(r.offset)
    return offsets


class Member(threading.Thread):
    """A consumer that polls in a thread, committing after each batch and in `on_revoked`."""

    def __init__(self, bus: Bus, topics: Sequence[str], group: str) -> None:
        super().__init__(daemon=True)  # a check that fails leaves its members running
        self.received: list[Received] = []
        self.revoked: set[TopicPartition] = set()
        self.failure: BaseException | None = None
        self._polled: dict[TopicPartition, int] = {}
        self._stop_asked = threading.Event()
        self._consumer = bus.consume(topics, group, on_revoked=self._on_revoked)

    def _on_revoked(self, partitions: frozenset[TopicPartition]) -> None:
        self.revoked |= partitions
        self._consumer.commit({at: self._polled.pop(at) for at in partitions if at in self._polled})

    def run(self) -> None:
        try:
            while not self._stop_asked.is_set():
                batch = self._consumer.poll(10, 0.1)
                self.received += batch
                self._polled.update(after(batch))
            self._consumer.close()
        except BaseException as failure:
            self.failure = failure

    def stop(self) -> None:
        self._stop_asked.set()
        self.join(PATIENCE)
        assert not self.is_alive()
        if self.failure is not None:
            raise self.failure


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
