"""Which changes of status are allowed, and what each needs: one table."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from schemas import EventType, Incident, IncidentStatus

NEW = IncidentStatus.NEW
CONFIRMED = IncidentStatus.CONFIRMED
ASSIGNED = IncidentStatus.ASSIGNED
WAITING = IncidentStatus.WAITING
ANSWERED = IncidentStatus.ANSWERED
SOLVED = IncidentStatus.SOLVED
CLOSED = IncidentStatus.CLOSED
REJECTED = IncidentStatus.REJECTED
REOPENED = IncidentStatus.REOPENED
MERGED = IncidentStatus.MERGED

Need = Literal["authority", "answer", "comment"]


class Action(StrEnum):
    CONFIRM = "confirm"
    ASSIGN = "assign"
    WAIT = "wait"
    ANSWER = "answer"
    SOLVE = "solve"
    CLOSE = "close"
    REJECT = "reject"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Rule:
    """From any of `sources` a person may bring an incident to `to` by `action`, saying what `needs` names."""

    action: Action
    sources: frozenset[IncidentStatus]
    to: IncidentStatus
    event: EventType
    needs: Need | None = None


def _rule(
    action: Action, sources: Iterable[IncidentStatus], to: IncidentStatus, event: EventType, needs: Need | None = None
) -> Rule:
    return Rule(action, frozenset(sources), to, event, needs)


TABLE: tuple[Rule, ...] = (
    _rule(Action.CONFIRM, (NEW, WAITING, REOPENED), CONFIRMED, "incident.confirmed"),
    # From `assigned` too: to another authority. `answered` is reopened first, so that the return is on record.
    _rule(Action.ASSIGN, (NEW, CONFIRMED, ASSIGNED, WAITING, REOPENED), ASSIGNED, "incident.assigned", "authority"),
    _rule(Action.WAIT, (CONFIRMED, ASSIGNED, REOPENED), WAITING, "incident.waiting", "comment"),
    # From `answered` too: an answer is corrected.
    _rule(Action.ANSWER, (CONFIRMED, ASSIGNED, WAITING, ANSWERED, REOPENED), ANSWERED, "incident.answered", "answer"),
    _rule(Action.SOLVE, (CONFIRMED, ASSIGNED, WAITING, ANSWERED, REOPENED), SOLVED, "incident.solved"),
    _rule(Action.CLOSE, (SOLVED,), CLOSED, "incident.closed"),
    # An answer alone solves nothing: whoever closes upon it says why.
    _rule(Action.CLOSE, (ANSWERED,), CLOSED, "incident.closed", "comment"),
    _rule(Action.REJECT, (NEW, CONFIRMED, ASSIGNED, WAITING, REOPENED), REJECTED, "incident.rejected", "comment"),
    _rule(Action.REOPEN, (ANSWERED, SOLVED, CLOSED, REJECTED), REOPENED, "incident.reopened", "comment"),
)
"""`merged` is in no row: a duplicate comes about by a merge and goes by its undoing (`incidents.desk`)."""

OPEN = frozenset({NEW, CONFIRMED, ASSIGNED, WAITING, ANSWERED, REOPENED})
"""Something is still to be done."""
DONE = frozenset({SOLVED, CLOSED})
"""A new post on the matter means that it has come again."""


def rule(action: Action, status: IncidentStatus) -> Rule | None:
    """The row for this action from this status; None: it is not allowed."""
    return next((one for one in TABLE if one.action is action and status in one.sources), None)


def allowed(status: IncidentStatus) -> list[Action]:
    """What may be done from this status, in order of the table."""
    return list(dict.fromkeys(one.action for one in TABLE if status in one.sources))


def untouched(incident: Incident) -> bool:
    """No person has decided about it: the machine routes it anew, and closes it where no posts are left."""
    return incident.status is NEW or (incident.status is ASSIGNED and incident.auto_assigned)


def weight(incident: Incident) -> int:
    """Of incidents that turn out to be one, which lives on: the heaviest. What a person has decided outlives the rest,
    and of that what is still to be done outlives what is over."""
    if incident.status is MERGED:
        return -1
    if untouched(incident):
        return 0
    return 2 if incident.status in OPEN else 1
