"""The loop that tells one sink how the sources fare: seldom, all at once, and until it has been taken."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog

from bus import metrics
from bus.crashpoints import reach
from schemas import SourceDigest
from sinks.base import DeliveryFailed, EventRefused, Sink
from sinks.digest import due, news
from store import Digest, Digests, Fares, SourceEvents, Store, StoreError

log = structlog.get_logger()

LOOK = 5.0
"""Seconds between two looks at how the sources fare. It costs a query of some 10 ms per thousand sources, and a digest
waits a minute for others anyway."""
TERM = timedelta(minutes=5)
"""For which a process may be busy with one delivery: several time-outs of the slowest receiver. After a crash another
one goes on."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds after a failed delivery, doubling, with jitter: as the worker of the incidents waits, only lazier."""


class Alerts:
    """`run` until `stop`, which may be called from another thread. Needs no bus: news of an outage must not wait for
    what may be a part of it.

    `sleep` and `chance` are there for tests.
    """

    def __init__(
        self,
        store: Store,
        sink: Sink,
        id: str,
        *,
        region: str,
        zone: ZoneInfo,
        every: timedelta,
        look: float = LOOK,
        sleep: Callable[[float], object] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._sink = sink
        self._id = id
        self._source = f"/otklik/{region}"
        self._zone = zone
        self._every = every
        self._look = look
        self._stopping = threading.Event()
        self._sleep = sleep or self._stopping.wait
        self._chance = chance
        self._opened = False
        self._digests = Digests(store)
        self._fares = Fares(store)
        self._events = SourceEvents(store, region)

    def stop(self) -> None:
        """Return from `run` after the delivery in hand."""
        self._stopping.set()

    def run(self) -> None:
        """Look, tell, and wait; a store that does not answer is tried again.

        Raises:
            StoreError: its schema is not this program's.
        """
        bound = FIRST_WAIT
        while not self._stopping.is_set():
            pause = self._look
            try:
                self.turn()
                bound = FIRST_WAIT
            except DeliveryFailed as error:
                log.warning("digest_not_delivered", sink=self._id, reason=str(error))
                pause = error.retry_after or self._chance() * bound
                bound = min(bound * 2, LONGEST_WAIT)
            except StoreError as error:
                if not error.transient:
                    raise
                log.warning("digest_waits", sink=self._id, reason=str(error))
            self._sleep(pause)

    def turn(self) -> SourceDigest | None:
        """Deliver the digest that is due, or that is still on its way; None where there is none.

        Raises:
            DeliveryFailed: it was not taken now; it stays pending.
            StoreError: the store does not answer.
        """
        if not self._opened:
            self._store.open()
            self._opened = True
        seen = self._digests.of(self._id)
        pending = seen.pending
        if pending is not None:
            if not self._digests.take(seen, TERM):
                return None
        else:
            pending = self._planned(seen)
        if pending is None:
            return None
        try:
            self._sink.deliver([pending])
        except DeliveryFailed:
            self._digests.release(seen)
            raise
        except EventRefused as error:
            log.error("digest_refused", sink=self._id, event_id=pending.id, reason=error.reason)  # noqa: TRY400
            metrics.counter("otklik_digests_total", sink=self._id, result="refused").inc()
            self._digests.refused(seen)
            return None
        reach("deliver.after_digest_before_mark")
        self._digests.delivered(seen)
        metrics.counter("otklik_digests_total", sink=self._id, result="delivered").inc()
        return pending

    def _planned(self, seen: Digest) -> SourceDigest | None:
        now = self._store.now()
        # Before the sources: what changes meanwhile is told again, not never.
        events = self._events.after(seen.position)
        found = news(self._fares.list(), [event for _, event in events], seen.named, self._zone)
        if found is None or not due(found.since, seen.sent, self._every, now):
            return None
        event = SourceDigest(
            id=f"{self._id}.{seen.number + 1}", source=self._source, subject="sources", time=now, data=found.data
        )
        position = max([seen.position, *(place for place, _ in events)])
        return event if self._digests.plan(seen, event, position, found.named, TERM) else None
