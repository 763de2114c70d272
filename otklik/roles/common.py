"""Topics and groups of the roles, and what every role's process opens."""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import structlog

from bus import Bus, BusError, metrics, open_bus
from otklik.clock import now
from otklik.config import Config
from otklik.exits import Failed
from otklik.process import SUPERVISED, on_stop
from schemas import topics
from store import Store, StoreError

log = structlog.get_logger()

CLASSIFY = "classify"
INCIDENTS = "incidents"

PARTITIONS = {
    topics.POSTS: 8,
    topics.HISTORY: 4,
    topics.REACH: 4,
    topics.TAGGED: 8,
    topics.INCIDENTS: 8,
    topics.SOURCES: 1,
    topics.SOURCE_EVENTS: 1,
}
"""So many copies of a role can share the work: 8 classifiers judge some thousand posts a second, while the busiest
region writes a few. More can be given to a topic in Kafka itself."""

METRICS = "OTKLIK_METRICS"
"""Environment variable: host:port at which a role started by itself answers Prometheus. No key of the file, since the
roles of one machine share that."""

WAIT = 2.0
"""Seconds between attempts to reach bus and store at the start: they may be starting too."""


def sink_group(sink: str) -> str:
    """The consumer group of a sink: one each, so a dead receiver holds up only itself."""
    return f"sink-{sink}"


def readers_of(config: Config, topic: str) -> list[str]:
    """The groups that read a topic; its records wait for each of them."""
    if topic in (topics.POSTS, topics.HISTORY):
        return [CLASSIFY]
    if topic == topics.TAGGED:
        return [INCIDENTS]
    if topic == topics.INCIDENTS:
        return [sink_group(one.id) for one in config.file.sinks]
    return []


def ensure_topics(bus: Bus) -> None:
    """Make every topic with its dead letters.

    Raises:
        BusError: the bus does not answer.
    """
    bus.ensure_topics(PARTITIONS | {topics.dead(topic): 1 for topic in PARTITIONS})


def owner(role: str) -> str:
    """Names this process in leases and logs: two processes never share it."""
    return f"{role}@{socket.gethostname()}:{os.getpid()}"


def journal(config: Config, name: str) -> Path:
    """Where a worker notes which record it is at, so that one that kills the process is found."""
    folder = config.data / "journals"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.json"


class Stop:
    """Asked once, by a signal; whoever is registered is told, at once if it was asked before."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._told: list[Callable[[], None]] = []

    def __call__(self) -> None:
        self._asked.set()
        for tell in self._told:
            tell()

    def tell(self, stop: Callable[[], None]) -> None:
        self._told.append(stop)
        if self._asked.is_set():
            stop()

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """True as soon as it is asked, False after `seconds`."""
        return self._asked.wait(seconds)

    def wait_until_asked(self) -> None:
        """In slices: a wait without a time-out would keep signals waiting too."""
        while not self._asked.wait(60.0):
            pass


@contextmanager
def role(config: Config, name: str) -> Iterator[tuple[Stop, Bus]]:
    """Signals and the bus of a role. Waits for a bus that does not answer yet, and says so.

    Raises:
        BusError: asked to stop before it answered.
    """
    structlog.contextvars.bind_contextvars(role=name)
    stop = Stop()
    on_stop(stop)
    serve_metrics(os.environ)
    bus = open_bus(config.file.bus, now=now)
    try:
        patiently(lambda: ensure_topics(bus), stop)
        log.info("role_ready", bus=config.file.bus.partition(":")[0])
        yield stop, bus
    finally:
        bus.close()


def serve_metrics(env: Mapping[str, str]) -> None:
    """Answer Prometheus where the environment says so; the roles of `otklik run` count together in the console.

    Raises:
        Failed: the address can't be used.
    """
    address = env.get(METRICS)
    if not address or env.get(SUPERVISED) == "1":
        return
    try:
        metrics.serve(address)
    except (OSError, ValueError, OverflowError) as error:
        raise Failed(
            f"Показатели не отдать по адресу «{address}» из переменной {METRICS}: {error}. "
            "Укажите свободный адрес этой машины, например 127.0.0.1:9101."
        ) from error


@contextmanager
def opened(config: Config, stop: Stop) -> Iterator[Store]:
    """The store of a role.

    Raises:
        StoreError: its schema is not this program's, or asked to stop before it answered.
    """
    store = Store(config.file.store, now)
    try:
        patiently(store.open, stop)
        yield store
    finally:
        store.close()


def patiently(attempt: Callable[[], None], stop: Stop) -> None:
    """Try until it works; what nobody but the operator can mend passes through."""
    while True:
        try:
            return attempt()
        except (BusError, StoreError) as error:
            if getattr(error, "transient", True) is False:
                raise
            log.warning("waiting_for_bus_or_store", reason=str(error), seconds=WAIT)
            if stop.wait(WAIT):
                raise


class Loop(Protocol):
    """A worker, a relay: runs until it is stopped."""

    def run(self) -> None: ...

    def stop(self) -> None: ...


def run_together(loops: Sequence[Loop], stop: Stop, last: Loop | None = None) -> None:
    """Run each in a thread until `stop` or until one fails; then all stop and its error is raised.

    `last` is stopped when the others have ended: it carries on what they leave behind.
    """
    failed: list[BaseException] = []

    def run(loop: Loop) -> None:
        try:
            loop.run()
        except BaseException as error:
            failed.append(error)
            stop()

    threads = [threading.Thread(target=run, args=(loop,)) for loop in loops]
    final = threading.Thread(target=run, args=(last,)) if last is not None else None
    for loop in loops:
        stop.tell(loop.stop)
    for thread in [*threads, *([final] if final else [])]:
        thread.start()
    _join(threads)
    if last is not None and final is not None:
        last.stop()
        _join([final])
    if failed:
        raise failed[0]


def _join(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        while thread.is_alive():  # a join without a time-out would keep signals waiting
            thread.join(1.0)
