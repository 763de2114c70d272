"""What people read of an event: pure functions from events to Russian text."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from schemas import CloudEvent, Incident, IncidentData, IncidentEvent, SourceDigest
from schemas.words import EVENTS, URGENCY

MACHINE = IncidentData.model_fields["actor"].default
"""Who speaks in comments that nobody wrote."""
URLS = 3
"""Links to posts in one message: enough to see what it is about."""


def _link(value: str) -> str:
    if "{id}" not in value or not value.startswith(("https://", "http://")):
        raise ValueError(f"«{value}» не подходит: это адрес с {{id}} на месте номера инцидента")
    return value


Link = Annotated[str, AfterValidator(_link)]
"""Where people look at an incident: a URL with `{id}` for its number."""


def text(event: CloudEvent, zone: ZoneInfo, link: str | None = None, *, comments: bool = False) -> str:
    """A few lines for a messenger. No words of posts are in it, and with `comments` alone those of people."""
    if isinstance(event, SourceDigest):
        return f"{event.data.summary}\nСводка {event.id}"
    if not isinstance(event, IncidentEvent):
        return f"{event.type}\nСобытие {event.id}"
    incident = event.data.incident
    lines = [f"{_capital(EVENTS.get(event.type, event.type))}: {line(incident.title)}", about(incident, zone)]
    if event.data.comment and (comments or event.data.actor == MACHINE):
        lines.append(line(event.data.comment))
    if event.data.place:
        lines.append(line(event.data.place))
    if event.data.terms:
        lines.append(line(event.data.terms))
    lines += incident.urls[:URLS]
    if link:
        lines.append(link.format(id=incident.id))
    lines.append(f"№{event.id}")
    return "\n".join(lines)


def line(words: str) -> str:
    """The words on one line, without characters that nobody sees."""
    return " ".join("".join(c for c in words if c.isprintable() or c.isspace()).split())


def about(incident: Incident, zone: ZoneInfo) -> str:
    """Urgency, posts, authority and term in one line."""
    parts = [f"Срочность: {URGENCY[incident.urgency]}", f"публикаций: {len(incident.posts)}"]
    if incident.authority_name:
        parts.append(f"отвечает: {incident.authority_name}")
    if incident.answer_due:
        parts.append(f"ответить до {local(incident.answer_due, zone)}")
    if incident.needs_review:
        parts.append("нужен взгляд человека")
    return ", ".join(parts)


def local(moment: datetime, zone: ZoneInfo) -> str:
    """By the region's clock: 10.03.2026 11:30."""
    return f"{moment.astimezone(zone):%d.%m.%Y %H:%M}"


def latest(events: Iterable[CloudEvent]) -> list[tuple[Incident, list[str]]]:
    """Each incident in its last state, with the types of its events in order; the most pressing first."""
    last: dict[int, Incident] = {}
    types: dict[int, list[str]] = {}
    for event in events:
        if isinstance(event, IncidentEvent):
            incident = event.data.incident
            types.setdefault(incident.id, []).append(event.type)
            if incident.id not in last or incident.sequence >= last[incident.id].sequence:
                last[incident.id] = incident
    order = sorted(last.values(), key=lambda one: (_pressing(types[one.id], one), one.id))
    return [(one, types[one.id]) for one in order]


def _pressing(types: Sequence[str], incident: Incident) -> tuple[bool, bool, int, int]:
    urgency = list(URGENCY).index(incident.urgency)
    return "incident.escalated" not in types, "incident.overdue" not in types, urgency, -len(incident.posts)


def counted(found: Sequence[tuple[Incident, list[str]]]) -> str:
    """«новых 12, просрочено 3, всего 45»: what a subject line says."""
    parts = []
    for name, type_ in (
        ("новых", "incident.opened"),
        ("просрочено", "incident.overdue"),
        ("решено", "incident.solved"),
    ):
        count = sum(type_ in types for _, types in found)
        if count:
            parts.append(f"{name} {count}")
    return ", ".join([*parts, f"всего {len(found)}"])


def happened(types: Iterable[str]) -> str:
    """What happened to one incident: «Открыт, передан»."""
    return _capital(", ".join(EVENTS.get(type_, type_) for type_ in dict.fromkeys(types)))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
