"""Moves events from an outbox to its topic."""

import random
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from bus import Bus, BusError, Record
from bus.crashpoints import reach
from schemas import CloudEvent, headers, topics
from store import StoreError

log = structlog.get_logger()

LIMIT = 500
"""Events in one go: with some 2 KB each a megabyte, and one round of acknowledgements."""
PAUSE = 0.05
"""Seconds between two looks at an outbox that was empty: an event is out well within 200 ms, and twenty looks at an
empty index a second cost nothing to speak of."""
FIRST_WAIT, LONGEST_WAIT = 0.2, 30.0
"""Seconds after a failure, doubling, with full jitter: as the worker waits."""


class Box(Protocol):
    """`store.Outbox`, `store.SourceEvents`."""

    def relay(
        self, publish: Callable[[Sequence[CloudEvent]], None], limit: int, after_publish: Callable[[], None]
    ) -> int: ...


class Relay:
    """`run` until `stop`, which may be called from a signal handler or another thread.

    Several relays may run: one works, the others stand by. `sleep` and `chance` are there for tests.
    """

    def __init__(
        self,
        outbox: Box,
        bus: Bus,
        *,
        topic: str = topics.INCIDENTS,
        limit: int = LIMIT,
        pause: float = PAUSE,
        sleep: Callable[[float], object] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._bus = bus
        self._topic = topic
        self._limit = limit
        self._pause = pause
        self._stopping = threading.Event()
        self._sleep = sleep or self._stopping.wait
        self._chance = chance

    def stop(self) -> None:
        """Relay what is in the outbox at the moment, and return from `run`."""
        self._stopping.set()

    def run(self) -> None:
        """Relay until stopped. A store or bus that does not answer is waited for; nothing is lost meanwhile."""
        bound = FIRST_WAIT
        while True:
            stopping = self._stopping.is_set()
            try:
                moved = self.drain()
            except (BusError, StoreError) as error:
                log.warning("relay_failed", problem=str(error))
                if stopping:
                    return
                self._sleep(self._chance() * bound)
                bound = min(bound * 2, LONGEST_WAIT)
                continue
            bound = FIRST_WAIT
            if stopping:
                return
            if not moved:
                self._sleep(self._pause)

    def drain(self) -> int:
        """Relay until the outbox is empty; how many events that were. 0 too where another relay is at work.

        Raises:
            BusError, StoreError: not all were relayed; the rest stays in the outbox.
        """
        total = 0
        while moved := self._outbox.relay(self._publish, self._limit, lambda: reach("relay.after_send_before_mark")):
            total += moved
        return total

    def _publish(self, events: Sequence[CloudEvent]) -> None:
        records = [Record(event.subject, event.encode(), event.time, headers(event)) for event in events]
        self._bus.publish(self._topic, records)
