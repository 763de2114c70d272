"""Places by what a person types: a name in any case form, its beginning, a former name, a code."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from classifier.places.region import Region
from classifier.places.table import MunicipalityInfo, Name, RegionRow, Table
from text import normal, tokens

MIN_PREFIX = 3
"""Letters from which on the beginning of a name is enough; shorter ones begin half the country."""
CLOSE = 0.7
"""Share of letters that must agree for a guess: «Капейск» is 0.86 of «Копейск», unrelated names stay below 0.6."""
GUESSES = 3
_KIND = re.compile(r"район\w{0,3}|округ\w{0,3}|муниципальн\w{2,3}|городск\w{2,3}")
"""What makes «Сосновский» a municipality, in any case form."""
_SETTLEMENT = ("town", "village", "area", "inner")


@dataclass(frozen=True, slots=True)
class Found:
    """A municipality, or a place in one; `former` is the old name or code by which it was found."""

    municipality: MunicipalityInfo
    region: RegionRow
    name: Name | None = None
    former: str = ""

    @property
    def title(self) -> str:
        return self.name.name if self.name else self.municipality.name

    @property
    def kind(self) -> str:
        """`municipality`, or the kind of the name."""
        return self.name.kind if self.name else "municipality"

    @property
    def population(self) -> int:
        return self.name.population if self.name else self.municipality.population


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is known of a municipality. `bounds` are south, west, north, east in degrees."""

    found: Found
    settlements: int
    largest: tuple[Name, ...]
    parts: tuple[Name, ...]
    """City districts and areas."""
    rural: tuple[Name, ...]
    """Former rural settlements."""
    bounds: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, best first; if nothing was, what may have been meant."""

    found: tuple[Found, ...]
    total: int
    guesses: tuple[str, ...] = field(default=())


class Search:
    """Looks through the whole country, or one region."""

    def __init__(self, table: Table, region: Region | None = None) -> None:
        self._table = table
        self._codes = region.oktmo_codes if region else frozenset(table.municipalities)
        self._regions = {row.code: row for row in table.regions}
        self._named: dict[str, list[Found]] = defaultdict(list)
        for info in self._municipalities():
            self._named[_plain(info.name)].append(self._found(info.oktmo))
            for former in info.former_names:
                self._named[_plain(former)].append(self._found(info.oktmo, former=former))

    def find(self, query: str, limit: int = 20) -> Answer:
        """Places whose name, former name or code is `query` (in any case form), else those whose name begins so."""
        words = [normal(token.text) for token in tokens(query)]
        wanted = " ".join(words)
        if not words:
            return Answer((), 0)
        found = list(self._by_name(words)) or list(self._by_code(query.strip()))
        if not found and len(wanted) >= MIN_PREFIX:
            found = list(self._by_prefix(wanted))
        found = list(dict.fromkeys(found))
        found.sort(key=lambda one: (one.name is not None, -one.population, one.municipality.oktmo, one.title))
        guesses = () if found else tuple(self._guesses(wanted))
        return Answer(tuple(found[:limit]), len(found), guesses)

    def _found(self, oktmo: str, name: Name | None = None, former: str = "") -> Found:
        info = self._table.municipalities[oktmo]
        return Found(info, self._regions[info.region], name, former)

    def _by_name(self, words: list[str]) -> Iterator[Found]:
        wanted = " ".join(words)
        yield from self._named.get(wanted, ())
        bare = [word for word in words if not _KIND.fullmatch(word)]
        length, named = self._table.index.longest(bare, 0) if bare else (0, [])
        if length == len(bare):
            typed = len(bare) < len(words)
            yield from self._of_names(one for one in named if not typed or one.kind in {"district", "city", "inner"})

    def _of_names(self, names: Iterable[Name]) -> Iterator[Found]:
        for name in names:
            if name.oktmo not in self._codes:
                continue
            if name.kind in {"district", "city"}:  # «Сосновский»: the municipality itself
                yield self._found(name.oktmo)
            else:
                yield self._found(name.oktmo, name)

    def _by_code(self, code: str) -> Iterator[Found]:
        for info in self._municipalities():
            if code == info.oktmo:
                yield self._found(info.oktmo)
            elif code == info.former_oktmo:
                yield self._found(info.oktmo, former=code)
        if len(code) == len("75603407106") and code.isdecimal():
            yield from self._of_names(name for name in self._table.names if name.code == code)

    def _by_prefix(self, beginning: str) -> Iterator[Found]:
        for info in self._municipalities():
            if _plain(info.name).startswith(beginning):
                yield self._found(info.oktmo)
        yield from self._of_names(
            name for name in self._table.names if name.kind in _SETTLEMENT and _plain(name.name).startswith(beginning)
        )

    def _guesses(self, wanted: str) -> Iterator[str]:
        """Names that differ by a letter or two: of the same first or last letters, the larger places first."""
        near: dict[str, tuple[int, str]] = {}
        for name in self._table.names:
            plain = _plain(name.name)
            alike = plain[:1] == wanted[:1] or plain[-3:] == wanted[-3:]
            if name.oktmo in self._codes and alike and abs(len(plain) - len(wanted)) < 3:
                near[plain] = max(near.get(plain, (-1, "")), (name.population, name.name))
        for plain in difflib.get_close_matches(wanted, near, n=GUESSES, cutoff=CLOSE):
            yield near[plain][1]

    def _municipalities(self) -> Iterator[MunicipalityInfo]:
        return (info for info in self._table.municipalities.values() if info.oktmo in self._codes)

    def show(self, code: str) -> Shown | None:
        """All about the municipality of a code of eight digits: its own, or its former one; None if there is none."""
        found = next(self._by_code(code), None)
        if found is None:
            return None
        own = [name for name in self._table.names if name.oktmo == found.municipality.oktmo]
        settlements = [name for name in own if name.kind in {"town", "village"}]
        located = [(n.lat, n.lon) for n in settlements if n.lat is not None and n.lon is not None]
        bounds = None
        if located:
            lats, lons = zip(*located, strict=True)
            bounds = (min(lats), min(lons), max(lats), max(lons))
        return Shown(
            found,
            len(settlements),
            tuple(sorted(settlements, key=lambda name: -name.population)[:5]),
            tuple(name for name in own if name.kind in {"inner", "area"}),
            tuple(name for name in own if name.kind == "rural"),
            bounds,
        )


def _plain(name: str) -> str:
    return " ".join(normal(token.text) for token in tokens(name))
