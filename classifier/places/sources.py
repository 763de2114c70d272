"""What the build reads out of the CSV files, before it becomes columns."""

import csv
import gzip
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from text import morph, normal

_PARENTHESES = re.compile(r"\s*\(.*?\)")
_DATE = re.compile(r"(\d\d)\.(0[1-9]|1[0-2])\.\d{4}")
_MONTHS = (
    *("Января", "Февраля", "Марта", "Апреля", "Мая", "Июня"),
    *("Июля", "Августа", "Сентября", "Октября", "Ноября", "Декабря"),
)
KNOWN_ELSEWHERE = {
    "париж",
    "берлин",
    "лейпциг",
    "варна",
    "чесма",
    "порт-артур",
    "балканы",
    "кассель",
    "куликовский",
    "урал",
}
"""Names of villages whose bearers elsewhere are better known."""


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality of 2026 and what it was called before."""

    oktmo: str
    region: str
    name: str
    centre: str
    lat: float
    lon: float
    population: int
    centre_type: str = ""
    """Not in the table: the centre's row there has it."""
    former_oktmo: str = ""
    former_names: tuple[str, ...] = ()

    def line(self) -> str:
        """Its line in the table."""
        cells = (self.oktmo, self.region, self.name, self.centre, self.lat, self.lon, self.population)
        return "\t".join([*map(str, cells), self.former_oktmo, "|".join(self.former_names)])


@dataclass(frozen=True, slots=True)
class Place:
    """A name of a place; `fixed` names have no case forms, `adjective` ones are «Сосновский», followed by «район»;
    `at` is latitude and longitude in degrees."""

    kind: str
    oktmo: str
    name: str
    need: int
    type: str = ""
    at: tuple[float, float] = (0.0, 0.0)
    population: int = 0
    code: str = ""
    river: bool = False
    word: bool = False
    fixed: bool = False
    adjective: bool = False

    def key(self) -> tuple[object, ...]:
        """The order of rows: those of one municipality together, which compresses well."""
        return (self.oktmo, self.kind, self.name, self.type, self.code, self.at, self.population, self.need)


class SourceError(Exception):
    """A row of a source can't be used; the message names its file and line."""

    def __init__(self, path: Path, line: int, what: str) -> None:
        super().__init__(f"{path}:{line}: {what}")


def rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, gzipped or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def people(cell: str) -> int:
    """A number of residents; none is 0."""
    return int(float(cell or 0))


def point(row: dict[str, str]) -> tuple[float, float]:
    """Latitude and longitude of a row; (0, 0), unknown, where it has none or one outside of Russia: the source has
    twenty places of Chukotka in the Atlantic."""
    lat, lon = float(row["lat"] or 0), float(row["lon"] or 0)
    inside = 41 < lat < 82 and (19 < lon <= 180 or lon < -168)
    return (lat, lon) if inside else (0.0, 0.0)


def plain_name(name: str) -> str:
    """Without what stands in parentheses; «08.03.2021», which a spreadsheet has made of a name, is «8 Марта» again."""
    if date := _DATE.fullmatch(name):
        return f"{int(date[1])} {_MONTHS[int(date[2]) - 1]}"
    return _PARENTHESES.sub("", name).strip()


@cache
def common(word: str) -> bool:
    """Whether the dictionary knows the word as something else than a place: a common word, a surname, a first name."""
    return any(p.is_known and "Geox" not in p.tag and p.score > 0.01 for p in morph().parse(normal(word)))
