"""Which incidents' deadlines call for a word now. The mark `incidents.alarm` says what was told already."""

from collections.abc import Collection
from datetime import datetime
from enum import IntEnum

from sqlalchemy import Connection, select, update

from store.incident_tables import WITH_CLOCK, incidents


class Alarm(IntEnum):
    """What was told last, in order: each once for each `answer_due`."""

    NONE = 0
    DUE_SOON = 1
    OVERDUE = 2
    ESCALATED = 3


def ringing(conn: Connection, told: Collection[Alarm], due_by: datetime, limit: int) -> list[int]:
    """Ids of unanswered incidents of which at most this was told, due by then; their rows are locked.

    Rows that another worker holds are left to it. The earliest due first.
    """
    c = incidents.c
    query = select(c.id).where(WITH_CLOCK, c.alarm.in_(sorted(told)), c.answer_due <= due_by)
    query = query.order_by(c.answer_due, c.id).limit(limit).with_for_update(skip_locked=True)
    return list(conn.execute(query).scalars())


def mark(conn: Connection, ids: Collection[int], told: Alarm) -> None:
    conn.execute(update(incidents).where(incidents.c.id.in_(sorted(ids))).values(alarm=int(told)))
