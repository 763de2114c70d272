"""Incidents in a file: CSV for spreadsheets, JSON Lines for programs."""

import csv
import os
from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path

from otklik.exits import Exit, Failed
from schemas import Incident, rows
from store import IncidentFilter, Incidents
from text.refusal import refusal

PAGE = 500
"""Incidents read at once: some megabytes with their posts."""

RIGHTS = 0o640
"""Answers of officials stand in it: nobody else's on this machine, whatever the umask."""


def write(out: Path, incidents: Incidents, wanted: IncidentFilter, zone: tzinfo, done: Callable[[int], None]) -> int:
    """Write what fits, the newest first; how many. `done` is told how many are written so far.

    Raises:
        Failed: the file can't be written; what was there before stays.
    """
    part = out.with_name(out.name + ".part")
    count = 0
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # Spreadsheets take a file without the mark for one in a code page of their own.
        with part.open("w", encoding="utf-8-sig" if out.suffix == ".csv" else "utf-8", newline="") as file:
            os.fchmod(file.fileno(), RIGHTS)
            table = csv.writer(file, delimiter=";")  # the comma is Russia's decimal point: Excel expects a semicolon
            if out.suffix == ".csv":
                table.writerow(rows.COLUMNS)
            for count, one in enumerate(_all(incidents, wanted), start=1):
                if out.suffix == ".csv":
                    table.writerow(rows.plain(rows.row(one, zone)))
                else:
                    file.write(one.encode().decode() + "\n")
                done(count)
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Failed(f"Файл {out} не записан: {refusal(error)}.", Exit.UNREACHABLE) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return count


def _all(incidents: Incidents, wanted: IncidentFilter) -> Iterator[Incident]:
    before = None
    while page := incidents.find(wanted, before=before, limit=PAGE):
        yield from page
        before = page[-1].id
