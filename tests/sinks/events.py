"""Incident events for the tests of sinks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import EventType, Incident, IncidentData, IncidentEvent

MORNING = datetime(2026, 3, 10, 6, 30, tzinfo=UTC)


def event(number: int = 1, sequence: int = 1, type: EventType = "incident.opened", **incident: Any) -> IncidentEvent:
    """The event `sequence` of the incident `number`, a second later than the one before."""
    moment = MORNING + timedelta(seconds=sequence)
    fields: dict[str, Any] = {
        "title": "В Касли на улице Лобашова не горят фонари",
        "municipality": "75526000",
        "municipality_name": "Каслинский муниципальный округ",
        "group": "Благоустройство",
        "topic": "★ Неисправные фонари освещения",
        "authority": "kasli",
        "opened": MORNING,
        "updated": moment,
        "first_published": MORNING,
        "last_published": MORNING,
        "posts": ("news:1",),
    }
    return IncidentEvent(
        id=f"{number}.{sequence}",
        source="/otklik/chelyabinsk",
        type=type,
        subject=str(number),
        time=moment,
        data=IncidentData(incident=Incident(id=number, sequence=sequence, **{**fields, **incident})),
    )


def story(incidents: int = 3, length: int = 4) -> list[IncidentEvent]:
    """Events of several incidents, interleaved as they would come from the bus."""
    return [
        event(number, sequence, "incident.opened" if sequence == 1 else "incident.updated")
        for sequence in range(1, length + 1)
        for number in range(1, incidents + 1)
    ]
