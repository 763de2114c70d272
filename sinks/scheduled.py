"""Sinks that want everything since the last time at once: a letter in the morning, a table at the end of the week."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog

from bus import Bus, BusError, Received, dead_letters
from bus.base import Consumer, TopicPartition
from bus.crashpoints import reach
from schemas import IncidentEvent, decode
from schemas.topics import INCIDENTS, dead
from sinks.base import DeliveryFailed, EventRefused, Sink
from sinks.filter import When
from sinks.schedule import last_due

log = structlog.get_logger()

MOST = 20_000
"""Events held in memory: a month of a region, some 100 MB. What is beyond comes in the next batch, at once."""
POLL = 256
LOOK = 1.0
"""Seconds between two looks at the clock."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds after a failed delivery, doubling, with jitter."""


@dataclass(frozen=True, slots=True)
class _Held:
    received: Received
    event: IncidentEvent | None
    """None where this sink doesn't want it."""


class Scheduled:
    """Gathers events and, at each moment of the schedule, hands all of them to a sink in one batch.

    What waits is committed only when it is delivered, so it is the bus that remembers: after a restart the events come
    again, and a letter that was missed goes out as soon as its oldest event is older than the last moment due.

    `run` until `stop`, which may be called from another thread. `now`, `sleep` and `chance` are there for tests.
    """

    def __init__(
        self,
        bus: Bus,
        group: str,
        sink: Sink,
        when: When,
        *,
        schedule: str,
        zone: ZoneInfo,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], object] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._bus = bus
        self._group = group
        self._sink = sink
        self._when = when
        self._schedule = schedule
        self._zone = zone
        self._now = now
        self._stopping = threading.Event()
        self._sleep = sleep or self._stopping.wait
        self._chance = chance
        self._held: list[_Held] = []
        self._begun = 0
        self._lost = False

    def stop(self) -> None:
        """Return from `run` after the delivery in hand."""
        self._stopping.set()

    def run(self) -> None:
        """Gather, deliver, and wait; a bus that does not answer is tried again."""
        while not self._stopping.is_set():
            try:
                self._bus.ensure_topics({dead(INCIDENTS): 1})
                consumer = self._bus.consume([INCIDENTS], self._group, on_revoked=self._revoked)
            except BusError as error:
                log.warning("bus_failed", worker=self._group, problem=str(error))
                self._sleep(LOOK)
                continue
            try:
                self._gather(consumer)
            finally:
                self._held.clear()
                self._begun = 0
                self._lost = False
                consumer.close()

    def _gather(self, consumer: Consumer) -> None:
        """Until a partition goes to another process: what is held of it is that one's now, and all begin anew."""
        bound = FIRST_WAIT
        while not self._stopping.is_set() and not self._lost:
            pause = 0.0
            try:
                room = min(POLL, MOST - len(self._held))
                polled = consumer.poll(room, LOOK if room else 0)
                self._held += [self._opened(one) for one in polled]
                if self._lost:
                    return
                if len(polled) < POLL:  # all that there is now, or all that there is room for
                    self.turn(consumer)
                    bound = FIRST_WAIT
                    pause = 0.0 if room else LOOK
            except DeliveryFailed as error:
                log.warning("delivery_failed", waiting=len(self._held), reason=str(error))
                pause = error.retry_after or self._chance() * bound
                bound = min(bound * 2, LONGEST_WAIT)
            except BusError as error:
                log.warning("bus_failed", worker=self._group, problem=str(error))
                self._sleep(LOOK)
                return  # begin anew: of what was polled, some may not be held
            if pause:
                self._wait(consumer, pause)

    def turn(self, consumer: Consumer) -> int:
        """Deliver what is held, if it is due; how many events went out.

        What was tried once is tried again as it was, so that a receiver that took some of it can tell; what came
        meanwhile is for the next time.

        Raises:
            DeliveryFailed: they were not taken; they stay.
            BusError: they were taken, but the bus could not note it; they may go out again.
        """
        if not self._begun:
            moment = last_due(self._schedule, self._now(), self._zone)
            if moment is None or not any(one.received.record.time < moment for one in self._held):
                return 0
            self._begun = len(self._held)
        batch = self._held[: self._begun]
        events = [one.event for one in batch if one.event is not None]
        if events:
            try:
                self._sink.deliver(events)
            except EventRefused as error:
                raise DeliveryFailed(error.reason) from error  # of a batch that is one letter, nothing can be set aside
        reach("deliver.after_scheduled_before_commit")
        consumer.commit({one.received.at: one.received.offset + 1 for one in batch})
        del self._held[: self._begun]
        self._begun = 0
        return len(events)

    def _opened(self, received: Received) -> "_Held":
        """With the event, where it is wanted. A record that is no event goes to the dead letters.

        Raises:
            BusError: it could not be put there.
        """
        if not dead_letters.is_for(received.record, self._group):
            return _Held(received, None)
        try:
            event = decode(IncidentEvent, received.record.value, received.record.headers)
        except ValueError as error:
            self._bus.publish(dead(INCIDENTS), [dead_letters.letter(received, self._group, error, self._now())])
            log.error("record_set_aside", worker=self._group, offset=received.offset)  # noqa: TRY400
            return _Held(received, None)
        return _Held(received, event if self._when.matches(event) else None)

    def _wait(self, consumer: Consumer, seconds: float) -> None:
        """Stay in the group meanwhile."""
        left = seconds
        while left > 0 and not self._stopping.is_set() and not self._lost:
            self._sleep(min(left, LOOK))
            left -= LOOK
            try:
                consumer.poll(0, 0)
            except BusError as error:
                log.warning("bus_failed", worker=self._group, problem=str(error))

    def _revoked(self, partitions: frozenset[TopicPartition]) -> None:
        self._lost = self._lost or any(one.received.at in partitions for one in self._held)
