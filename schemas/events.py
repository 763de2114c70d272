"""Incident events as CloudEvents 1.0."""

from typing import ClassVar, Literal, get_args

from schemas.base import Model, UtcDatetime
from schemas.incident import Incident, IncidentStatus

EventType = Literal[
    "incident.opened",
    "incident.updated",
    "incident.confirmed",
    "incident.assigned",
    "incident.waiting",
    "incident.answered",
    "incident.solved",
    "incident.closed",
    "incident.rejected",
    "incident.reopened",
    "incident.merged",
    "incident.split",
    "incident.moved",
    "incident.due_soon",
    "incident.overdue",
    "incident.escalated",
    "incident.redacted",
]
EVENT_TYPES: tuple[str, ...] = get_args(EventType)


class CloudEvent(Model):
    """The envelope of https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, JSON format."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    """`/otklik/<region>`."""
    type: str
    subject: str
    time: UtcDatetime
    datacontenttype: Literal["application/json"] = "application/json"


class IncidentData(Model):
    incident: Incident
    """The incident after the event."""
    posts_added: tuple[str, ...] = ()
    posts_removed: tuple[str, ...] = ()
    actor: str = "otklik"
    """Who did it: a person's login, or `otklik`."""
    comment: str | None = None
    terms: str | None = None
    """How its terms have moved, in Russian: from when to when."""
    place: str | None = None
    """How its place has moved, in Russian: from where to where."""
    merged: tuple[int, ...] = ()
    """The incidents whose posts it has taken in: they are its duplicates now."""
    before: IncidentStatus | None = None
    """The status before the event, where the event has changed it."""
    ruling: int | None = None
    """The decision by hand (merge, split, move, place) that was made or undone."""
    history: bool = False
    """Caused by a back-fill: receivers page nobody."""
    test: bool = False
    """Sent by `otklik sinks test`: no incident stands behind it."""


class IncidentEvent(CloudEvent):
    """`id` is `<incident id>.<sequence>`: stable, so a receiver can drop what it has already seen."""

    schema_name: ClassVar[str] = "incident-event/1"

    type: EventType
    data: IncidentData
