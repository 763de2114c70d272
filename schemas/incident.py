"""One matter in one place, with an authority, deadlines and a status."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.base import Model, UtcDatetime
from schemas.tags import Urgency


class IncidentStatus(StrEnum):
    NEW = "new"
    CONFIRMED = "confirmed"
    ASSIGNED = "assigned"
    WAITING = "waiting"
    ANSWERED = "answered"
    SOLVED = "solved"
    CLOSED = "closed"
    REJECTED = "rejected"
    REOPENED = "reopened"
    """Solved, closed, answered or rejected once, and there again: somebody has to look at it anew."""
    MERGED = "merged"
    """Its posts live on in `merged_into`."""


class Pause(Model):
    """A time of waiting for the citizen: deadlines stand still. The last one may be going on."""

    since: UtcDatetime
    until: UtcDatetime | None = None


class Incident(Model):
    """A snapshot. `sequence` rises by one with each event, so two snapshots can be put in order."""

    schema_name: ClassVar[str] = "incident/1"

    id: int = Field(ge=1)
    sequence: int = Field(ge=1)
    status: IncidentStatus = IncidentStatus.NEW
    status_since: UtcDatetime | None = None
    """When it came into its status; None in snapshots older than this field."""
    title: str
    municipality: str | None = None
    """OKTMO code; None where no post names a place."""
    municipality_name: str | None = None
    address: str | None = None
    """Street and perhaps house, where a person has said them; never a flat."""
    group: str
    topic: str
    urgency: Urgency = "normal"
    needs_review: bool = False
    authority: str | None = None
    """Id of the answerable authority in the YAML file."""
    authority_name: str | None = None
    authority_reason: str | None = None
    """Why this one is proposed, in Russian."""
    auto_assigned: bool = False
    """The rules have assigned it, and nobody has decided about it since: it is still the machine's."""
    opened: UtcDatetime
    """Registration: deadlines count from here, or from `reopened`."""
    reopened: UtcDatetime | None = None
    """When it was last opened again: a clock of its own."""
    recurring: bool = False
    """Somebody wrote of the same matter after it had been solved or closed."""
    updated: UtcDatetime
    first_published: UtcDatetime
    last_published: UtcDatetime
    answer_due: UtcDatetime | None = None
    answer: str | None = None
    """What was answered, or a link to it; personal numbers masked."""
    solution_due: UtcDatetime | None = None
    """Never before `answer_due`; None where the term has none."""
    pauses: tuple[Pause, ...] = ()
    due_soon: bool = False
    """`incident.due_soon` has been told for this `answer_due`."""
    overdue: bool = False
    """`incident.overdue` has been told for this `answer_due`."""
    escalated_to: str | None = None
    """Id of the authority that was told of the delay; the one that answers is still `authority`."""
    priority: int = 0
    """The greater, the sooner an operator should look."""
    priority_reasons: tuple[str, ...] = ()
    posts: tuple[str, ...]
    """Ids of its posts, in order of event time."""
    urls: tuple[str, ...] = ()
    history: bool = False
    """All its posts were collected late on purpose."""
    merged_into: int | None = None
