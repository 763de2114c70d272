"""Which events a sink gets: `when:` in the YAML file."""

from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from schemas import EVENT_TYPES, IncidentEvent, IncidentStatus, Urgency
from schemas.topics import NO_MUNICIPALITY

PREFIX = "incident."
EVERY_INCIDENT = "incident.*"
ESCALATED = "incident.escalated"
REDACTED = "incident.redacted"
SOURCES = "source.*"
"""In `events`: digests of how sources fare. Only who asks for them gets them."""
STAR = "★ "
"""Marks fast-track topics; an operator need not type it."""
NOWHERE = NO_MUNICIPALITY
"""In `municipality`: incidents without a place."""

URGENCIES: tuple[str, ...] = get_args(Urgency)
STATUSES = tuple(status.value for status in IncidentStatus)


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | int) else value


def _event(value: str) -> str:
    if value in (EVERY_INCIDENT, SOURCES):
        return value
    full = value if value.startswith(PREFIX) else PREFIX + value
    if full not in EVENT_TYPES:
        allowed = ", ".join([type_.removeprefix(PREFIX) for type_ in EVENT_TYPES] + [EVERY_INCIDENT, SOURCES])
        raise ValueError(f"«{value}» — неизвестное событие; бывают: {allowed}")
    return full


def _urgency(value: str) -> str:
    if value not in URGENCIES:
        raise ValueError(f"«{value}» — неизвестная срочность; бывает: {', '.join(URGENCIES)}")
    return value


def _status(value: str) -> str:
    if value not in STATUSES:
        raise ValueError(f"«{value}» — неизвестное состояние; бывают: {', '.join(STATUSES)}")
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
Urgencies = Annotated[
    tuple[Annotated[str, AfterValidator(_urgency)], ...], BeforeValidator(_as_list), Field(min_length=1)
]
Statuses = Annotated[
    tuple[Annotated[str, AfterValidator(_status)], ...], BeforeValidator(_as_list), Field(min_length=1)
]
Events = Annotated[tuple[Annotated[str, AfterValidator(_event)], ...], BeforeValidator(_as_list), Field(min_length=1)]


class Condition(BaseModel):
    """Every key that is written must hold; within a key any of its values does."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    municipality: Names | None = None
    """OKTMO codes, or `none`. Names are compared too, as they stand; the region's file puts codes in their place."""
    group: Names | None = None
    topic: Names | None = None
    urgency: Urgencies | None = None
    authority: Names | None = None
    """Ids of authorities: that answers, or to which the event is an escalation."""
    status: Statuses | None = None
    """Of the incident after the event."""
    needs_review: bool | None = None
    posts: int | None = Field(default=None, ge=1)
    """At least so many."""
    events: Events | None = None
    """`incident.opened` or `opened`; `incident.*`; `source.*`."""

    def holds(self, event: IncidentEvent) -> bool:
        """Whether the incident, as it is after the event, and the event's type fit."""
        incident = event.data.incident
        places = (incident.municipality or NOWHERE, incident.municipality_name)
        told = incident.escalated_to if event.type == ESCALATED else None
        return (
            _any(self.municipality, *places)
            and _any(self.group, incident.group)
            and _any(self.topic, incident.topic)
            and _any(self.urgency, incident.urgency)
            and _any(self.authority, incident.authority, told)
            and _any(self.status, incident.status)
            and self.needs_review in (None, incident.needs_review)
            and len(incident.posts) >= (self.posts or 0)
            and _any(self.events, event.type, EVERY_INCIDENT)
        )


class When(Condition):
    """Which events a sink gets: those for which the condition holds. Nothing written: all but history."""

    history: bool = False
    """Events of back-filled incidents as well: their matters are old, and nobody is to be paged for them unasked."""
    without: Condition | None = None
    """Of those, not the ones for which this holds."""

    @field_validator("without")
    @classmethod
    def _leaves_something(cls, value: Condition | None) -> Condition | None:
        if value == Condition():
            raise ValueError("пустое without исключило бы всё: напишите условие или уберите ключ")
        return value

    @property
    def wants_sources(self) -> bool:
        """Whether digests of sources are asked for. The other keys speak of incidents."""
        return SOURCES in (self.events or ())

    def matches(self, event: IncidentEvent) -> bool:
        """Whether the sink gets this event. Word of an erasure goes to whoever may have been told of the incident."""
        if event.data.history and not self.history:
            return False
        if event.type == REDACTED:
            return self._hears_of_erasures(event)
        return self.holds(event) and not (self.without and self.without.holds(event))

    def _hears_of_erasures(self, event: IncidentEvent) -> bool:
        """Whether earlier events of any incident may have come through: all of it changes in its life, its place and
        its authority too. Who had none loses nothing by the word."""
        if self.events is not None and set(self.events) == {SOURCES}:
            return False
        without = self.without
        return not (without and without == Condition(events=without.events) and without.holds(event))


def _any(wanted: tuple[str, ...] | None, *found: str | None) -> bool:
    if wanted is None:
        return True
    values = {_key(value) for value in found if value is not None}
    return any(_key(value) in values for value in wanted)


def _key(value: str) -> str:
    return value.strip().removeprefix(STAR).casefold().replace("ё", "е")
