"""An incident as a row of a table: the same columns in files, in feeds and in what is sent out."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from schemas.incident import Incident
from schemas.words import STATUSES, URGENCY

Cell = str | int | datetime | None
COLUMNS = (
    "номер", "состояние", "что и где", "муниципалитет", "ОКТМО", "группа", "тема", "срочность", "очередь", "кому",
    "открыт", "ответить до", "решить до", "в состоянии с", "вернулась", "публикаций", "ответ", "ссылки",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""


def row(incident: Incident, zone: tzinfo) -> list[Cell]:
    """A cell for each of `COLUMNS`. Times are by the clock of `zone`, without one: spreadsheets know no zones."""

    def at(moment: datetime | None) -> datetime | None:
        return moment and moment.astimezone(zone).replace(tzinfo=None, microsecond=0)

    return [
        incident.id,
        STATUSES.get(incident.status, incident.status),
        incident.title,
        incident.municipality_name,
        incident.municipality,
        incident.group,
        incident.topic,
        URGENCY[incident.urgency],
        incident.priority,
        incident.authority_name,
        at(incident.opened),
        at(incident.answer_due),
        at(incident.solution_due),
        at(incident.status_since),
        "да" if incident.recurring else None,
        len(incident.posts),
        incident.answer,
        " ".join(incident.urls),
    ]


def plain(cells: Sequence[Cell]) -> list[str | int | None]:
    """For CSV: times as text, and nothing that a spreadsheet would take for a formula."""
    return [_plain(cell) for cell in cells]


def _plain(cell: Cell) -> str | int | None:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
