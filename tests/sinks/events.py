"""Events for the tests of sinks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import (
    DigestData,
    EventType,
    Health,
    Incident,
    IncidentData,
    IncidentEvent,
    Outcome,
    SourceDigest,
    SourceStatus,
)

TOPIC = "★ Неисправные фонари освещения"
MORNING = datetime(2026, 3, 10, 6, 30, tzinfo=UTC)


def event(number: int = 1, sequence: int = 1, type: EventType = "incident.opened", **incident: Any) -> IncidentEvent:
    """The event `sequence` of the incident `number`, a second later than the one before."""
    moment = MORNING + timedelta(seconds=sequence)
    fields: dict[str, Any] = {
        "title": "В Касли на улице Лобашова не горят фонари",
        "municipality": "75526000",
        "municipality_name": "Каслинский муниципальный округ",
        "group": "Благоустройство",
        "topic": TOPIC,
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


def digest(number: int = 1) -> SourceDigest:
    """The digest `number` of the sink `test`."""
    status = SourceStatus(
        source="vk-kasli",
        kind="vk",
        health=Health.FAILING,
        since=MORNING,
        outcome=Outcome.BLOCKED,
        reason="стена закрыта",
        action="Попросите владельца открыть её",
    )
    return SourceDigest(
        id=f"test.{number}",
        source="/otklik/chelyabinsk",
        subject="sources",
        time=MORNING + timedelta(hours=number),
        data=DigestData(
            summary="Не работают источники: vk-kasli.",
            changed=(status,),
            ongoing=(),
            changed_total=1,
            ongoing_total=0,
        ),
    )
