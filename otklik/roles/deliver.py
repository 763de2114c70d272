"""The role `deliver`: the topic `incidents` to every sink, a group and a thread each."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog

import sinks
from bus.worker import Worker
from otklik.config import Config
from otklik.exits import Exit
from otklik.roles.common import journal, now, role, run_together, sink_group
from schemas import IncidentEvent, decode, topics
from sinks import DeliveryFailed, EventRefused, Sink, When
from sinks.step import SinkStep

log = structlog.get_logger()

BATCH = 100
"""Events per delivery when sending again: what is repeated once more if the receiver fails in between."""
PATIENCE = timedelta(minutes=5)
"""How long a receiver that fails in the middle of a re-delivery is tried: whoever started it is waiting for it."""
PAUSE = 5.0


def open_sink(config: Config, name: str) -> tuple[Sink, When]:
    """A configured sink and what it wants."""
    section = next(one for one in config.file.sinks if one.id == name)
    sink = sinks.KINDS[section.kind].open(section.settings, name)
    return sink, section.when


def run_deliver(config: Config, *, only: str | None = None) -> Exit:
    """Until SIGTERM."""
    with role(config, "deliver") as (stop, bus):
        opened = {one.id: open_sink(config, one.id) for one in config.file.sinks if only in (None, one.id)}
        try:
            workers = [
                Worker(
                    bus,
                    [topics.INCIDENTS],
                    sink_group(name),
                    SinkStep(sink, when),
                    name=sink_group(name),
                    journal=journal(config, sink_group(name)),
                )
                for name, (sink, when) in opened.items()
            ]
            if workers:
                run_together(workers, stop)
            else:
                stop.wait_until_asked()
        finally:
            for sink, _ in opened.values():
                sink.close()
    return Exit.OK


def deliver_again(config: Config, name: str, since: datetime) -> int:
    """Hand a sink the events from `since` on once more; how many it took. Refused ones are logged and left out.

    Raises:
        BusError: the bus does not answer.
        DeliveryFailed: the receiver does not take them, however often it is tried.
    """
    with role(config, "deliver") as (stop, bus):
        sink, when = open_sink(config, name)
        try:
            start = bus.offsets_at(topics.INCIDENTS, since)
            records = bus.read(topics.INCIDENTS, start)
            events = [decode(IncidentEvent, one.record.value, one.record.headers) for one in records]
            wanted = [event for event in events if event.time >= since and when.matches(event)]
            taken = 0
            for batch in _batches(wanted):
                taken += _hand_over(sink, batch, stop.wait)
            return taken
        finally:
            sink.close()


def _hand_over(sink: Sink, batch: list[IncidentEvent], wait: Callable[[float], bool]) -> int:
    """How many were taken; tries again until `PATIENCE` is over."""
    until = now() + PATIENCE
    taken = 0
    while batch:
        try:
            sink.deliver(batch)
            return taken + len(batch)
        except EventRefused as refused:
            log.warning("event_refused", event_id=refused.event_id, reason=refused.reason)
            taken += refused.taken
            batch = batch[refused.taken + 1 :]
        except DeliveryFailed as failed:
            taken += failed.taken
            batch = batch[failed.taken :]
            if now() >= until or wait(failed.retry_after or PAUSE):
                raise
    return taken


def _batches(events: list[IncidentEvent]) -> Iterator[list[IncidentEvent]]:
    for start in range(0, len(events), BATCH):
        yield events[start : start + BATCH]
