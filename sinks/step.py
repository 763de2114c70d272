"""The worker's step between the topic of incident events and one sink."""

from collections.abc import Sequence

import structlog

from bus import Received
from bus.crashpoints import reach
from bus.worker import Retry
from schemas import IncidentEvent, decode
from sinks.base import DeliveryFailed, EventRefused, Sink
from sinks.filter import When

log = structlog.get_logger()


def group_of(sink_id: str) -> str:
    """The sink's own consumer group: a dead receiver holds up only itself."""
    return f"sink-{sink_id}"


class SinkStep:
    """Delivers the events that `when` lets through.

    When a batch stops half-way, what the receiver took of it is remembered, so that neither another try nor the
    worker's search for the one bad record sends it again. A restart forgets this: then events come twice, with the
    same ids.
    """

    def __init__(self, sink: Sink, when: When, sink_id: str) -> None:
        self._sink = sink
        self._when = when
        self._id = sink_id
        self._taken: set[str] = set()

    def process(self, records: Sequence[Received]) -> None:
        """Return when the receiver has every event of the batch that it should have.

        Raises:
            Retry: the receiver does not take anything now.
            EventRefused: it will never take one of them.
            ValueError: a record is no incident event (pydantic's ValidationError and UnknownSchema are ValueErrors).
        """
        events = [decode(IncidentEvent, item.record.value, item.record.headers) for item in records]
        wanted = [event for event in events if event.id not in self._taken and self._when.matches(event)]
        try:
            if wanted:
                self._sink.deliver(wanted)
        except DeliveryFailed as error:
            self._remember(wanted[: error.taken])
            log.warning("delivery_failed", sink=self._id, waiting=len(wanted) - error.taken, reason=str(error))
            raise Retry(str(error), after=error.retry_after) from error
        except EventRefused as error:
            self._remember(wanted[: error.taken])
            log.warning("event_refused", sink=self._id, event_id=error.event_id, reason=error.reason)
            raise
        self._taken.difference_update(event.id for event in events)
        reach("deliver.after_send_before_commit")

    def _remember(self, events: Sequence[IncidentEvent]) -> None:
        self._taken.update(event.id for event in events)
