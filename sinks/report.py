"""A table for people, on a schedule: CSV or a workbook of Excel with the incidents that have changed."""

import csv
import io
import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from pydantic import AfterValidator

from schemas import CloudEvent, Incident, rows
from sinks.base import DeliveryFailed, SinkSettings
from sinks.message import happened, latest, line
from sinks.schedule import EVERY_MORNING, Schedule

COLUMNS = (*rows.COLUMNS, "изменение", "что произошло")


def _path(value: str) -> str:
    try:
        name = value.format(date="2026-01-01", time="0800")
    except (KeyError, IndexError, ValueError, AttributeError):
        raise ValueError(f"«{value}»: в пути подставляются только {{date}} и {{time}}") from None
    if not name.endswith((".csv", ".xlsx")):
        raise ValueError(f"«{value}»: имя файла кончается на .csv или .xlsx")
    return value


class ReportSettings(SinkSettings):
    path: Annotated[str, AfterValidator(_path)]
    """`{date}` and `{time}` (0800) are those of the writing, by the region's clock."""
    schedule: Schedule = EVERY_MORNING
    delimiter: Literal[";", ",", "\t"] = ";"
    """Of CSV: Russian spreadsheets expect a semicolon."""


class ReportSink:
    """A batch is one new file with a row per incident, in its last state. A file that is there stays as it is."""

    def __init__(
        self,
        settings: ReportSettings,
        id: str,
        zone: ZoneInfo,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._id = id
        self._zone = zone
        self._now = now

    def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Write the table. Digests of sources have no place in it.

        Raises:
            DeliveryFailed: the disk is full, the folder can't be written to.
        """
        table = [_row(incident, types, self._zone) for incident, types in latest(events)]
        if not table:
            return
        path = self._path()
        content = _xlsx(table) if path.suffix == ".xlsx" else _csv(table, self._settings.delimiter)
        try:
            _write_new(path, content)
        except OSError as error:
            raise DeliveryFailed(self._explain(path, error)) from error

    def check(self) -> str | None:
        """Makes the folder, and writes and removes a file in it."""
        path = self._path()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".otklik-check-") as probe:
                probe.write(b"\n")
                probe.flush()
                os.fsync(probe.fileno())
        except OSError as error:
            return self._explain(path, error)
        return None

    def close(self) -> None:
        """Nothing is kept open."""

    def _path(self) -> Path:
        moment = self._now().astimezone(self._zone)
        return Path(self._settings.path.format(date=f"{moment:%Y-%m-%d}", time=f"{moment:%H%M}"))

    def _explain(self, path: Path, error: OSError) -> str:
        return (
            f"получатель «{self._id}»: не записать таблицу {path}: {error.strerror}. "
            "Освободите место или исправьте права и путь; события дождутся."
        )


def _row(incident: Incident, types: Sequence[str], zone: ZoneInfo) -> list[rows.Cell]:
    cells = [line(cell) if isinstance(cell, str) else cell for cell in rows.row(incident, zone)]
    return [*cells, incident.sequence, happened(types)]


def _csv(table: Sequence[Sequence[rows.Cell]], delimiter: str) -> bytes:
    """In UTF-8 with a mark, by which Excel knows it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(COLUMNS)
    writer.writerows(map(rows.plain, table))
    return text.getvalue().encode("utf-8-sig")


def _xlsx(table: Sequence[Sequence[rows.Cell]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Инциденты")
    sheet.freeze_panes = "A2"
    heads = []
    for number, name in enumerate(COLUMNS):
        head = WriteOnlyCell(sheet, value=name)
        head.font = Font(bold=True)
        heads.append(head)
        sheet.column_dimensions[chr(ord("A") + number)].width = max(12, len(name) + 2)
    sheet.append(heads)
    for row in table:
        sheet.append([_cell(sheet, value) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    """Text stays text, whatever it begins with; control characters, which XML does not know, are dropped."""
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value="")
    cell.value = line(value)
    cell.data_type = "s"
    return cell


def _write_new(path: Path, content: bytes) -> None:
    """Whole or not at all, under the name or, where that is taken, under `name-2`, `name-3`…

    Raises:
        OSError: it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".otklik-", delete=False) as draft:
        try:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).chmod(0o640)
            _publish(Path(draft.name), path)
        finally:
            Path(draft.name).unlink(missing_ok=True)


def _publish(draft: Path, path: Path) -> None:
    number = 1
    while True:
        name = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        try:
            name.hardlink_to(draft)
        except FileExistsError:
            number += 1
            continue
        return
