"""The gazetteer in memory: columns of numbers as shipped, names made of them when a text holds them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier.places.columns import PlacesError, read
from classifier.places.index import Forms, Index, Lexemes
from classifier.places.inflect import words_forms
from classifier.places.spelling import Spelling
from classifier.places.strings import Groups, Strings
from text import normal

__all__ = ["Forms", "MunicipalityInfo", "Name", "PlacesError", "RegionRow", "Table", "load"]

NEED_NOTHING = 0
"""The name means nothing else: «Копейск», in any case."""
NEED_SIGN = 1
"""It wants a type word, or a capital with a preposition or inside a sentence."""
NEED_TYPE = 2
"""It is a common word or a surname: it wants a type word, or a capital and something that agrees with it."""
NEED_OTHERS = 3
"""A nickname with other meanings: something else must point to the same municipality."""

WHOLE_CITIES = frozenset({"45000000", "40000000"})
"""Moscow and Saint Petersburg as a whole, beside their districts: what «в Питере» says elsewhere."""
KINDS = ("town", "village", "area", "district", "city", "inner", "rural")
RIVER, WORD = 1, 2
"""Flags of a row: also a river or a lake; also a common word or a surname."""
MISSPELT_FROM = 3_000
"""People of a town or a centre from which on its name is looked for in misspelt words: too many smaller ones differ by
one letter."""
OWN_ROW = -1
"""In place of a row's number: the name is an operator's."""
DEGREE = 10_000
"""Coordinates are kept in ten-thousandths of a degree, some ten metres."""


@dataclass(frozen=True, slots=True)
class MunicipalityInfo:
    """`centre` is the name of its main settlement; degrees are WGS 84. `former_names` are what it was called before."""

    oktmo: str
    region: str
    name: str
    centre: str
    lat: float
    lon: float
    population: int
    former_oktmo: str
    former_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """One name of one place. `kind`: town, village, area, district and city (municipalities as adjectives), inner
    (a city's district), rural (a former rural settlement). `row` is its number in the table, `code` its own OKTMO where
    known."""

    kind: str
    oktmo: str
    name: str
    type: str
    need: int
    river: bool
    lat: float | None
    lon: float | None
    population: int
    row: int
    code: str


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A region of Russia; `code` is the constitutional number of the subject, `short` are other names of it,
    `neighbours` are codes of the regions it borders on."""

    code: str
    slug: str
    name: str
    timezone: str
    short: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Store:
    """The shipped columns, one row a name of a place; `phrases` are the distinct names as numbers of lexemes."""

    regions: tuple[RegionRow, ...]
    municipalities: dict[str, MunicipalityInfo]
    codes: tuple[str, ...]
    titles: Sequence[str]
    phrases: Groups
    first_lexemes: npt.NDArray[np.integer]
    lexemes: Lexemes
    types: Sequence[str]
    columns: Mapping[str, npt.NDArray[Any]]


class Table:
    """The gazetteer, or that part of it that matters in one region."""

    def __init__(self, store: Store, home: str | None = None, extra: Sequence[Name] = ()) -> None:
        self._store = store
        self.home = home
        self._extra = tuple(extra)
        self.regions = store.regions
        self.municipalities = store.municipalities
        self._names: dict[int, Name] = {}

    def near(self, code: str) -> "Table":
        """What may be named in one region: all of its own and its neighbours' names, towns and municipalities of the
        whole country."""
        return Table(self._store, code)

    def with_names(self, extra: Iterable[tuple[str, str, int]]) -> "Table":
        """The same with names of an operator's: title, OKTMO of the municipality, and what it needs (`NEED_SIGN`…)."""
        made = [Name("area", oktmo, title, "", need, False, None, None, 0, OWN_ROW, "") for title, oktmo, need in extra]
        return Table(self._store, self.home, [*self._extra, *made])

    @cached_property
    def region_stems(self) -> tuple[str, ...]:
        """What the names of the regions begin with: «челябинск» for «Челябинская область»."""
        rows = [row for row in self.regions if self.home in {None, row.code}]
        return tuple(normal(row.name).split()[0][:-2] for row in rows)

    @cached_property
    def _region_of_row(self) -> npt.NDArray[np.int64]:
        region = {row.code: number for number, row in enumerate(self.regions)}
        of_municipality = np.array([region[self.municipalities[code].region] for code in self._store.codes])
        result: npt.NDArray[np.int64] = of_municipality[self._store.columns["municipality"]]
        return result

    @cached_property
    def rows(self) -> npt.NDArray[np.int64]:
        """Numbers of the rows in this part of the table."""
        columns = self._store.columns
        if self.home is None:
            return np.arange(len(columns["phrase"]))
        home = next(row for row in self.regions if row.code == self.home)
        near = [number for number, row in enumerate(self.regions) if row.code in {home.code, *home.neighbours}]
        kept = np.isin(self._region_of_row, near) | np.isin(
            columns["kind"], [KINDS.index("district"), KINDS.index("city")]
        )
        kept |= (columns["kind"] == KINDS.index("town")) & (columns["type"] == self._store.types.index("г"))
        return np.flatnonzero(kept)

    @cached_property
    def index(self) -> Index[Name]:
        """First word of a form to the names that begin with it."""
        store, rows = self._store, self.rows
        phrases = store.columns["phrase"][rows]
        used = np.unique(phrases)
        return Index(
            store.lexemes,
            store.phrases,
            Groups.by_key(phrases, rows, len(store.titles)),
            Groups.by_key(store.first_lexemes[used], used, len(store.lexemes)),
            name=self.name,
            extra=[(words_forms(name.name), name) for name in self._extra],
        )

    @cached_property
    def hyphen_heads(self) -> frozenset[str]:
        """What stands before the hyphen in names: people write «усть катав»."""
        heads = (form.split("-", 1)[0] for form in self.index if "-" in form)
        return frozenset(head for head in heads if len(head) > 2 and head.isalpha())  # not «3-й»

    def is_larger(self, form: str) -> bool:
        """Whether it is a form of a place's whose name is looked for in misspelt words."""
        return form in self._spelling[1]

    @cached_property
    def _people_by_phrase(self) -> npt.NDArray[np.float32]:
        columns = self._store.columns
        left_out = np.ones(len(columns["phrase"]), dtype=bool)
        left_out[self.rows] = False
        people = np.bincount(
            columns["phrase"][left_out], columns["population"][left_out], minlength=len(self._store.phrases)
        )
        return people.astype(np.float32)

    def people_left_out(self, name: Name) -> float:
        """People of all the places of this name that this part of the table leaves out; none for an operator's own."""
        if name.row == OWN_ROW:
            return 0.0
        return float(self._people_by_phrase[self._store.columns["phrase"][name.row]])

    @cached_property
    def _larger(self) -> list[tuple[int, list[int]]]:
        """Rows of municipalities, towns and other larger places, with the lexemes of their names."""
        columns = self._store.columns
        kinds = np.isin(columns["kind"], [KINDS.index(kind) for kind in ("district", "city")])
        large = (columns["population"] >= MISSPELT_FROM) & (columns["kind"] == KINDS.index("town"))
        rows = self.rows[(kinds | large)[self.rows]]
        return [(row, self._store.phrases[columns["phrase"][row]]) for row in rows.tolist()]

    @cached_property
    def _spelling(self) -> tuple[Spelling, dict[str, list[int]]]:
        rows: dict[str, list[int]] = {}
        for row, phrase in self._larger:
            if len(phrase) == 1:
                for form in self._store.lexemes.forms(phrase[0]):
                    rows.setdefault(form, []).append(row)
        return Spelling(rows), rows

    @cached_property
    def larger_pairs(self) -> frozenset[str]:
        """The first two words of larger places' names, in every case: «верхнего уфалея»."""
        forms = self._store.lexemes.forms
        pairs = {(phrase[0], phrase[1]) for _, phrase in self._larger if len(phrase) > 1}
        return frozenset(f"{one} {other}" for first, second in pairs for one in forms(first) for other in forms(second))

    def misspelt(self, word: str) -> list[Name]:
        """Larger places of which a form is one letter away from the word."""
        spelling, rows = self._spelling
        return [self.name(row) for row in dict.fromkeys(row for form in spelling.meant(word) for row in rows[form])]

    def located(self, codes: Collection[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Rows of the settlements of these municipalities whose place is known, and their latitudes and longitudes in
        radians."""
        columns = self._store.columns
        wanted = np.array([code in codes for code in self._store.codes])
        kept = wanted[columns["municipality"]] & np.isin(columns["kind"], [KINDS.index("town"), KINDS.index("village")])
        kept &= (columns["lat"] != 0) | (columns["lon"] != 0)
        rows = self.rows[kept[self.rows]]
        return rows, np.radians(np.stack([columns["lat"][rows], columns["lon"][rows]], axis=1) / DEGREE)

    @property
    def names(self) -> Iterator[Name]:
        """All names of this part of the table, made as they are asked for."""
        return chain((self.name(row) for row in self.rows.tolist()), self._extra)

    @property
    def towns(self) -> Iterator[Name]:
        """Names of kind `town`, without making the others."""
        kept = self._store.columns["kind"][self.rows] == KINDS.index("town")
        own = (name for name in self._extra if name.kind == "town")
        return chain((self.name(row) for row in self.rows[kept].tolist()), own)

    def name(self, row: int) -> Name:
        """The name in a row, made once."""
        known = self._names.get(row)
        if known is None:
            known = self._names[row] = self._decode(row)
        return known

    def _decode(self, row: int) -> Name:
        store = self._store
        cell = {key: int(column[row]) for key, column in store.columns.items()}
        oktmo = store.codes[cell["municipality"]]
        located = cell["lat"] != 0 or cell["lon"] != 0
        return Name(
            kind=KINDS[cell["kind"]],
            oktmo=oktmo,
            name=store.titles[cell["phrase"]],
            type=store.types[cell["type"]],
            need=self._need(cell, oktmo),
            river=bool(cell["flags"] & RIVER),
            lat=cell["lat"] / DEGREE if located else None,
            lon=cell["lon"] / DEGREE if located else None,
            population=cell["population"],
            row=row,
            code=f"{cell['code']:011d}" if cell["code"] else "",
        )

    def _need(self, cell: dict[str, int], oktmo: str) -> int:
        """Towns of other regions that are words («Мирный», «Орёл») want a type; at home a sign is enough."""
        if oktmo in WHOLE_CITIES and self.municipalities[oktmo].region == self.home:
            return NEED_OTHERS  # at home the city's name says nothing of where in it
        abroad = self.home is not None and self.municipalities[oktmo].region != self.home
        if abroad and cell["flags"] & WORD:
            return max(cell["need"], NEED_TYPE)
        return cell["need"]


def load(source: Path | Traversable | None = None) -> Table:
    """The table of all Russia; without `source` the shipped one, read once.

    Raises:
        PlacesError: the file is missing or damaged.
    """
    return _shipped() if source is None else _read(source)


@cache
def _shipped() -> Table:
    return _read(files("classifier").joinpath("data", "places.npz"))


def _read(source: Path | Traversable) -> Table:
    columns = read(source)
    try:
        return Table(_store(columns))
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise PlacesError(f"Справочник мест {source} повреждён: {error}. Переустановите программу.") from error


def _lines(column: npt.NDArray[np.uint8]) -> list[str]:
    return column.tobytes().decode().split("\n")


def _store(columns: dict[str, npt.NDArray[Any]]) -> Store:
    regions = []
    for line in _lines(columns["regions"]):
        code, slug, name, timezone, short, neighbours = line.split("\t")
        regions.append(RegionRow(code, slug, name, timezone, _split(short), _split(neighbours)))
    municipalities = {}
    for line in _lines(columns["municipalities"]):
        oktmo, region, title, centre, lat, lon, population, former, former_names = line.split("\t")
        municipalities[oktmo] = MunicipalityInfo(
            oktmo, region, title, centre, float(lat), float(lon), int(population), former, _split(former_names)
        )
    bounds = np.concatenate([[0], np.cumsum(columns["phrase_lengths"], dtype=np.int64)])
    return Store(
        regions=tuple(regions),
        municipalities=municipalities,
        codes=tuple(municipalities),
        titles=Strings(columns["titles"]),
        phrases=Groups(columns["phrase_lexemes"], bounds),
        first_lexemes=columns["phrase_lexemes"][bounds[:-1]],
        lexemes=Lexemes(Strings(columns["words"]), columns["word_patterns"], _lines(columns["patterns"])),
        types=_lines(columns["types"]),
        columns={key.removeprefix("row_"): column for key, column in columns.items() if key.startswith("row_")},
    )


def _split(cell: str) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()
