"""Deletes what has been kept long enough: one thread of the role `incidents`."""

import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

import structlog

from bus import Bus, BusError
from incidents.workflow import OPEN
from otklik.config.model import Retention
from store import Audit, Fares, Outbox, SourceEvents, Sources, Store, StoreError, Versions, Words

log = structlog.get_logger()

EVERY = timedelta(hours=1)
"""Each time a little: a day's worth at once would hold SQLite's one write lock for seconds."""


class Housekeeper:
    """`run` until `stop`, which may be called from another thread.

    `readers`: the topics to tidy, each with the groups that its records wait for, however old these are.
    """

    def __init__(
        self,
        retention: Retention,
        bus: Bus,
        store: Store,
        now: Callable[[], datetime],
        readers: Mapping[str, Collection[str]],
    ) -> None:
        self._retention = retention
        self._topics = readers
        self._bus = bus
        self._store = store
        self._now = now
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Return from `run` after what is being deleted at the moment."""
        self._stopping.set()

    def run(self) -> None:
        """Tidy now and every hour. A store or bus that does not answer is tried again the next time."""
        while not self._stopping.is_set():
            try:
                self.tidy()
            except (BusError, StoreError) as error:
                log.warning("not_tidied", reason=str(error))
            self._stopping.wait(EVERY.total_seconds())

    def tidy(self) -> dict[str, int]:
        """Delete what is over its term; how much of what.

        Raises:
            BusError, StoreError: not all was deleted.
        """
        keep, now = self._retention, self._now()
        words = Words(self._store, [status.value for status in OPEN])
        deleted = {
            "runs": Sources(self._store).prune_runs(now - timedelta(days=keep.runs)),
            "versions": Versions(self._store).prune(now - timedelta(days=keep.versions)),
            "outbox": Outbox(self._store).prune(now - timedelta(days=keep.outbox)),
            "source_events": SourceEvents(self._store).prune(now - timedelta(days=keep.outbox)),
            "source_hours": Fares(self._store).prune_hours(now),
            "texts": words.prune_posts(now - timedelta(days=keep.texts)),
            "comments": words.prune_comments(now - timedelta(days=keep.texts)),
            "audit": Audit(self._store).prune(now - timedelta(days=keep.audit)),
        }
        for topic, readers in self._topics.items():
            deleted[topic] = self._bus.prune(topic, now - timedelta(days=keep.topics), readers)
        if any(deleted.values()):
            log.info("tidied", **deleted)
        return deleted
