"""The event by which an operator sees that a receiver really gets what Otklik sends."""

from datetime import datetime

from schemas import Incident, IncidentData, IncidentEvent

NUMBER = 2**53 - 1
"""No incident will ever have it, and JavaScript can still hold it."""


def probe(region: str, now: datetime) -> IncidentEvent:
    """Marked by `data.test` and by its title. Its `sequence` is the time in seconds: a later one counts as newer;
    `region` is the short name."""
    sequence = int(now.timestamp())
    incident = Incident(
        id=NUMBER,
        sequence=sequence,
        title="Проверка связи: это не обращение",
        group="Проверка",
        topic="Проверка",
        opened=now,
        updated=now,
        first_published=now,
        last_published=now,
        posts=(),
    )
    return IncidentEvent(
        id=f"{NUMBER}.{sequence}",
        source=f"/otklik/{region}",
        type="incident.opened",
        subject=str(NUMBER),
        time=now,
        data=IncidentData(incident=incident, test=True),
    )
