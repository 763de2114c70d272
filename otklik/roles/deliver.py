"""The role `deliver`: the topic `incidents` to every sink, a group and a thread each; digests of sources."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

import structlog

import sinks
from bus import Bus
from bus.worker import Worker
from otklik.clock import now
from otklik.config import Config
from otklik.exits import Exit
from otklik.roles.common import Loop, journal, role, run_together, sink_group
from schemas import topics
from sinks import DeliveryFailed, Sink, When
from sinks.base import Home
from sinks.resend import Resent, resend
from sinks.scheduled import Scheduled
from sinks.step import SinkStep

log = structlog.get_logger()

PATIENCE = timedelta(minutes=5)
"""How long a receiver that fails is tried in a re-delivery: whoever started it is waiting for it."""
PAUSE = 5.0
"""Seconds between two attempts where the receiver names no time: a restart of a receiver takes about that long."""


def open_sink(config: Config, name: str) -> tuple[Sink, When]:
    """A configured sink and what it wants."""
    section = next(one for one in config.file.sinks if one.id == name)
    sink = sinks.KINDS[section.kind].open(section.settings, name, Home(config.region.name, config.region.timezone))
    return sink, section.when


def run_deliver(config: Config, *, only: str | None = None) -> Exit:
    """Until SIGTERM."""
    with role(config, "deliver") as (stop, bus):
        opened = {one.id: open_sink(config, one.id) for one in config.file.sinks if only in (None, one.id)}
        try:
            workers = [_worker(config, bus, name, sink, when) for name, (sink, when) in opened.items()]
            with digests(config, only) as alerts:
                if workers:
                    run_together([*workers, *alerts], stop)
                else:
                    stop.wait_until_asked()
        finally:
            for sink, _ in opened.values():
                sink.close()
    return Exit.OK


def _worker(config: Config, bus: Bus, name: str, sink: Sink, when: When) -> Loop:
    """What hands a sink its events: as they come, or all at once on its schedule."""
    section = next(one for one in config.file.sinks if one.id == name)
    group = sink_group(name)
    if sinks.KINDS[section.kind].scheduled:
        schedule = section.settings.schedule
        return Scheduled(bus, group, sink, when, schedule=schedule, zone=config.region.timezone)
    step = SinkStep(sink, when)
    return Worker(bus, [topics.INCIDENTS], group, step, name=group, journal=journal(config, group))


@contextmanager
def digests(config: Config, only: str | None) -> Iterator[list[Loop]]:
    """A loop per sink that asked for digests. Only they need the store."""
    wanted = [one for one in config.file.sinks if one.when.wants_sources and only in (None, one.id)]
    if not wanted:
        yield []
        return
    # They bring in the database, which the other sinks can do without.
    from sinks.alerts import Alerts  # noqa: PLC0415
    from store import Store  # noqa: PLC0415

    with ExitStack() as stack:
        store = Store(config.file.store, now)  # opened by the loops: where it is away, incidents are delivered
        stack.callback(store.close)
        loops: list[Loop] = []
        for one in wanted:
            sink, _ = open_sink(config, one.id)  # of its own: a sink serves one thread
            stack.callback(sink.close)
            loops.append(
                Alerts(
                    store,
                    sink,
                    one.id,
                    region=config.region.slug,
                    zone=config.region.timezone,
                    every=one.digest,
                )
            )
        yield loops


def deliver_again(config: Config, name: str, since: datetime, progress: Callable[[int], None]) -> Resent:
    """Hand a sink the events from `since` on once more; `progress` is told how many records were read.

    Raises:
        BusError: the bus does not answer.
        DeliveryFailed: the receiver took nothing for `PATIENCE`, or the process was asked to stop.
    """
    with role(config, "deliver") as (stop, bus):
        sink, when = open_sink(config, name)
        patience = _Patience(stop.wait, progress)
        try:
            return resend(bus, sink, when, since, again=patience.again, progress=patience.delivered)
        finally:
            sink.close()


class _Patience:
    """Waits for a receiver that fails, until it has taken nothing for `PATIENCE`. `wait` is True at a stop."""

    def __init__(self, wait: Callable[[float], bool], progress: Callable[[int], None]) -> None:
        self._wait = wait
        self._progress = progress
        self._until: datetime | None = None

    def delivered(self, read: int) -> None:
        self._until = None
        self._progress(read)

    def again(self, failed: DeliveryFailed) -> bool:
        if self._until is None or failed.taken:
            self._until = now() + PATIENCE
        if now() >= self._until:
            return False
        log.warning("delivery_failed", reason=str(failed))
        return not self._wait(failed.retry_after or PAUSE)
