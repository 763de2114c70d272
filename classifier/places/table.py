"""The gazetteer in memory."""

import gzip
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from text import normal

NEED_NOTHING = 0
"""The name means nothing else: «Копейск», in any case."""
NEED_SIGN = 1
"""It wants a type word, or a capital with a preposition or inside a sentence."""
NEED_TYPE = 2
"""It is a common word or a surname: it wants a type word, or a capital and something that agrees with it."""
NEED_OTHERS = 3
"""A nickname with other meanings: something else must point to the same municipality."""

Forms = tuple[str, ...]


class PlacesError(Exception):
    """The gazetteer can't be read; the message is in Russian."""


@dataclass(frozen=True, slots=True)
class MunicipalityInfo:
    """`centre` is the name of its main settlement; degrees are WGS 84."""

    oktmo: str
    region: str
    name: str
    centre: str
    lat: float
    lon: float
    population: int
    former_oktmo: str


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """One name of one place. `kind`: town, village, area, district and city (municipalities as adjectives), inner
    (a city's district), rural (a former rural settlement)."""

    kind: str
    oktmo: str
    name: str
    type: str
    need: int
    river: bool
    lat: float | None
    lon: float | None
    population: int
    forms: Forms


@dataclass(frozen=True, slots=True)
class RegionRow:
    code: str
    slug: str
    name: str
    timezone: str


@dataclass(frozen=True)
class Table:
    regions: tuple[RegionRow, ...]
    municipalities: dict[str, MunicipalityInfo]
    names: tuple[Name, ...]

    @cached_property
    def region_stems(self) -> tuple[str, ...]:
        """What the names of the regions begin with: «челябинск» for «Челябинская область»."""
        return tuple(normal(region.name).split()[0][:-2] for region in self.regions)

    @cached_property
    def index(self) -> dict[str, list[tuple[Forms, Name]]]:
        """First word of a form to the remaining words and the name, longest forms first."""
        result: dict[str, list[tuple[Forms, Name]]] = defaultdict(list)
        for name in self.names:
            for form in name.forms:
                first, *rest = form.split(" ")
                result[first].append((tuple(rest), name))
        for entries in result.values():
            entries.sort(key=lambda entry: -len(entry[0]))
        return dict(result)


def parse(content: str) -> Table:
    """Table from its text form (see build.py).

    Raises:
        PlacesError: a line is not of the expected form.
    """
    regions: list[RegionRow] = []
    municipalities: dict[str, MunicipalityInfo] = {}
    names: list[Name] = []
    for number, line in enumerate(content.splitlines(), 1):
        mark, *cells = line.split("\t")
        try:
            if mark == "R":
                regions.append(RegionRow(*cells))
            elif mark == "M":
                oktmo, region, title, centre, lat, lon, population, former = cells
                municipalities[oktmo] = MunicipalityInfo(
                    oktmo, region, title, centre, float(lat), float(lon), int(float(population)), former
                )
            else:
                names.append(_name(cells))
        except (ValueError, TypeError) as error:
            raise PlacesError(
                f"Справочник мест повреждён в строке {number}: {error}. Переустановите программу."
            ) from error
    return Table(tuple(regions), municipalities, tuple(names))


def _name(cells: list[str]) -> Name:
    kind, oktmo, title, type_, need, flags, lat, lon, population, forms = cells
    return Name(
        kind=kind,
        oktmo=oktmo,
        name=title,
        type=type_,
        need=int(need),
        river="r" in flags,
        lat=float(lat) if lat else None,
        lon=float(lon) if lon else None,
        population=int(float(population)),
        forms=tuple(forms.split("|")),
    )


def load(source: Path | Traversable | None = None) -> Table:
    """The table; without `source` the shipped one, read once.

    Raises:
        PlacesError: the file is missing or damaged.
    """
    return _shipped() if source is None else _read(source)


@cache
def _shipped() -> Table:
    return _read(files("classifier").joinpath("data", "places.tsv.gz"))


def _read(source: Path | Traversable) -> Table:
    try:
        content = gzip.decompress(source.read_bytes()).decode()
    except (OSError, EOFError, ValueError) as error:
        raise PlacesError(f"Справочник мест {source} не читается: {error}. Переустановите программу.") from error
    return parse(content)
