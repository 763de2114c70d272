"""Sending events again, from a moment on: after a receiver lost what it had taken."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bus import Bus
from schemas import IncidentEvent, decode
from schemas.topics import INCIDENTS
from sinks.base import DeliveryFailed, EventRefused, Sink
from sinks.filter import When

BATCH = 500
"""Records read at a time: a few megabytes of memory, and one fsync of a file sink."""


@dataclass(frozen=True, slots=True)
class Resent:
    sent: int
    refused: tuple[str, ...]
    """Ids of the events the receiver will never take."""


def resend(
    bus: Bus,
    sink: Sink,
    when: When,
    since: datetime,
    *,
    again: Callable[[DeliveryFailed], bool] = lambda _: False,
    progress: Callable[[int], None] = lambda _: None,
) -> Resent:
    """Deliver every event from `since` (aware) up to now that `when` lets through, in order within each incident.

    It is outside the sink's group: what the sink still has to get comes by itself, and its place is not moved. The
    receiver gets the same event ids as before. After a failure `again` is asked whether to go on where it stopped; it
    does the waiting. `progress` is told how many records were read.

    Raises:
        DeliveryFailed: the receiver does not take them; starting again from the same moment is safe.
        BusError: the bus does not answer.
        ValueError: a record is no incident event.
    """
    ends = bus.ends(INCIDENTS)
    start = bus.offsets_at(INCIDENTS, since)
    sent, refused, read = 0, list[str](), 0
    while any(start[partition] < end for partition, end in ends.items()):
        found = bus.read(INCIDENTS, start, BATCH)
        if not found:
            break  # the rest was pruned meanwhile
        for item in found:
            start[item.at.partition] = item.offset + 1
        old = [item for item in found if item.offset < ends[item.at.partition]]
        events = [decode(IncidentEvent, item.record.value, item.record.headers) for item in old]
        events = [event for event in events if event.time >= since and when.matches(event)]
        refusals = _deliver(sink, events, again)
        sent += len(events) - len(refusals)
        refused += refusals
        read += len(found)
        progress(read)
    return Resent(sent, tuple(refused))


def _deliver(sink: Sink, events: list[IncidentEvent], again: Callable[[DeliveryFailed], bool]) -> list[str]:
    """Deliver them all but those refused, whose ids are returned."""
    refused: list[str] = []
    while events:
        try:
            sink.deliver(events)
        except EventRefused as error:
            refused.append(error.event_id)
            events = events[error.taken + 1 :]
        except DeliveryFailed as error:
            if not again(error):
                raise
            events = events[error.taken :]
        else:
            break
    return refused
