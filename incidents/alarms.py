"""The clock's step: reminders before a deadline, word of its passing, escalation after it."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bus.crashpoints import reach
from incidents.changes import Change
from incidents.config import Alarms
from incidents.describe import remarked
from schemas import EventType, Incident
from store import Incidents, Store, StoreError
from store.alarms import Alarm, mark, ringing

log = structlog.get_logger()

PAUSE = 10.0
"""Seconds between two looks: nobody acts on a deadline within them, and a look is three reads of an index."""
BATCH = 100
"""Incidents per transaction: their rows are locked for some tens of milliseconds."""


class AlarmStep:
    """Tells of deadlines, each once for each term: the mark is stored in the transaction that stores the event.

    So restarts, a clock that jumps back and several workers do not tell again. After an outage of ours the last word
    alone is told (overdue without due_soon), not what has become untrue meanwhile.
    """

    def __init__(self, store: Store, region: str, settings: Alarms, now: Callable[[], datetime]) -> None:
        self._store = store
        self._source = f"/otklik/{region}"
        self._settings = settings
        self._now = now
        self._incidents = Incidents(store)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Return from `run` after what is being told at the moment."""
        self._stopping.set()

    def run(self) -> None:
        """Tell until stopped. A store that does not answer is asked again."""
        while not self._stopping.is_set():
            try:
                told = self.step()
            except StoreError as error:
                log.warning("alarms_failed", problem=str(error))
                told = 0
            if not told:
                self._stopping.wait(PAUSE)

    def step(self) -> int:
        """Tell what is to be told now, BATCH of a kind at most; how many events that were.

        Raises:
            StoreError
        """
        now, settings = self._now(), self._settings
        told = 0
        while some := self._tell(Alarm.OVERDUE, (Alarm.NONE, Alarm.DUE_SOON), now, now):
            told += some  # all of them first: of what is overdue nobody says that it is due soon
        told += self._tell(Alarm.DUE_SOON, (Alarm.NONE,), now + settings.remind, now)
        if settings.escalate_to is not None:
            told += self._tell(Alarm.ESCALATED, (Alarm.OVERDUE,), now - settings.escalate_after, now)
        return told

    def _tell(self, alarm: Alarm, after: tuple[Alarm, ...], due_by: datetime, now: datetime) -> int:
        with self._store.transaction() as conn:
            ids = ringing(conn, after, due_by, BATCH)
            if not ids:
                return 0
            found = [self._change(one, alarm, now) for one in self._incidents.take(conn, ids).values()]
            self._incidents.update(conn, [change.incident for change in found])
            mark(conn, ids, alarm)
            self._incidents.record(conn, [change.event(self._source) for change in found])
            reach("alarms.after_outbox_before_commit")
        reach("alarms.after_commit")
        return len(found)

    def _change(self, before: Incident, alarm: Alarm, now: datetime) -> Change:
        update: dict[str, object] = {"sequence": before.sequence + 1, "updated": max(now, before.updated)}
        comment = None
        type_: EventType
        if alarm is Alarm.DUE_SOON:
            type_ = "incident.due_soon"
            update |= {"due_soon": True}
        elif alarm is Alarm.OVERDUE:
            type_ = "incident.overdue"
            update |= {"due_soon": True, "overdue": True}
        else:
            type_ = "incident.escalated"
            update |= {"escalated_to": self._settings.escalate_to}
            comment = f"просрочено больше чем на {_said(self._settings.escalate_after)}: {self._settings.escalate_to}"
        return Change(type_, remarked(before.model_copy(update=update)), comment=comment)


def _said(time: timedelta) -> str:
    minutes = time // timedelta(minutes=1)
    return f"{minutes // 60} ч" if minutes % 60 == 0 else f"{minutes} мин"
