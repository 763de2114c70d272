"""The worker's step between the topic of incident events and one sink."""

import time
from collections.abc import Callable, Sequence

import structlog

from bus import Received
from bus.crashpoints import reach
from bus.worker import Retry
from schemas import IncidentEvent, decode
from sinks.base import DeliveryFailed, EventRefused, Sink
from sinks.filter import When

log = structlog.get_logger()


class SinkStep:
    """Delivers the events that `when` lets through.

    When a batch stops half-way, what the receiver took of it is remembered, so that neither another try nor the
    worker's search for the one bad record sends it again. A restart forgets this: then events come twice, with the
    same ids. A receiver that named a time (Retry-After) hears nothing before it. `clock` is in seconds.
    """

    def __init__(self, sink: Sink, when: When, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._sink = sink
        self._when = when
        self._clock = clock
        self._taken: set[str] = set()
        self._not_before = clock()
        self._reason = ""
        self._refused = ""

    def process(self, records: Sequence[Received]) -> None:
        """Return when the receiver has every event of the batch that it should have.

        Raises:
            Retry: the receiver does not take anything now.
            EventRefused: it will never take one of them.
            ValueError: a record is no incident event (pydantic's ValidationError and UnknownSchema are ValueErrors).
        """
        events = [decode(IncidentEvent, item.record.value, item.record.headers) for item in records]
        wanted = [event for event in events if event.id not in self._taken and self._when.matches(event)]
        if wanted and self._clock() < self._not_before:
            raise Retry(self._reason)
        try:
            if wanted:
                self._sink.deliver(wanted)
        except DeliveryFailed as error:
            self._remember(wanted[: error.taken])
            log.warning("delivery_failed", waiting=len(wanted) - error.taken, reason=str(error))
            self._not_before, self._reason = self._clock() + (error.retry_after or 0.0), str(error)
            raise Retry(str(error)) from error
        except EventRefused as error:
            self._remember(wanted[: error.taken])
            if error.event_id != self._refused:  # the worker's search for the one bad record brings it again and again
                log.warning("event_refused", event_id=error.event_id, reason=error.reason)
            self._refused = error.event_id
            raise
        self._taken.difference_update(event.id for event in events)
        reach("deliver.after_send_before_commit")

    def _remember(self, events: Sequence[IncidentEvent]) -> None:
        self._taken.update(event.id for event in events)
