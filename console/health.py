"""Whether the console's two dependencies answer, and figures for Prometheus."""

import threading
from collections import Counter
from dataclasses import dataclass

from bus import Bus, BusError
from bus.metrics import exposition, gauge
from schemas import Health as SourceHealth
from schemas import IncidentStatus, Outcome, topics
from store import Fares, Incidents, Outbox, Store, StoreError

PATIENCE = 3.0
"""Seconds that a check waits for another one: probes of orchestrators give up after a few themselves."""


@dataclass(frozen=True, slots=True)
class Health:
    """Each: None where it answers, else what is wrong, in Russian."""

    store: str | None
    bus: str | None

    @property
    def is_well(self) -> bool:
        return self.store is None and self.bus is None


class Checker:
    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._one_at_a_time = threading.Lock()
        self._incidents = Incidents(store)
        self._outbox = Outbox(store)
        self._fares = Fares(store)
        self._kinds: set[str] = set()

    def health(self) -> Health:
        """Ask both."""
        store = None
        try:
            self._outbox.last_position()
        except StoreError as error:
            store = str(error)
        return Health(store, self._bus_problem())

    def _bus_problem(self) -> str | None:
        """A bus is not asked by many threads at once, nor waited for by many while it hangs."""
        if not self._one_at_a_time.acquire(timeout=PATIENCE):
            return "Шина не отвечает: прошлая проверка всё ещё ждёт её ответа."
        try:
            self._bus.ends(topics.INCIDENTS)
        except BusError as error:
            return str(error)
        finally:
            self._one_at_a_time.release()
        return None

    def metrics(self) -> bytes:
        """What the roles of this machine have counted, and what the store knows, in Prometheus' text format.

        Raises:
            StoreError: the store does not answer.
        """
        incidents = self._incidents.counts()
        for status in IncidentStatus:
            gauge("otklik_incidents", status=status.value).set(incidents.get(status, 0))
        gauge("otklik_incidents_overdue").set(self._incidents.overdue(self._store.now()))
        gauge("otklik_outbox_unsent_events").set(self._outbox.unsent())
        self._measure_sources()
        return exposition()

    def _measure_sources(self) -> None:
        fares, now = self._fares.list(), self._store.now()
        outcomes = Counter(one.outcome for one in fares)
        for outcome in Outcome:
            gauge("otklik_sources", outcome=outcome.value).set(outcomes[outcome])
        healths = Counter((one.kind, one.standing.health) for one in fares)
        self._kinds |= {one.kind for one in fares}  # a kind whose last source is gone goes back to 0
        for kind in self._kinds:
            for health in SourceHealth:
                gauge("otklik_sources_health", kind=kind, health=health.value).set(healths[kind, health])
        ages = [(now - one.standing.good).total_seconds() for one in fares if one.standing.good]
        gauge("otklik_sources_oldest_success_seconds").set(max([0.0, *ages]))
