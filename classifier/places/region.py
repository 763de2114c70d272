"""Regions and municipalities by the names people write in a configuration."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from zoneinfo import ZoneInfo

from classifier.places.settings import ExtraName, ExtraStreet
from classifier.places.streets import streets_by_key
from classifier.places.table import NEED_OTHERS, NEED_SIGN, MunicipalityInfo, RegionRow, Table, load
from text import normal


class UnknownRegion(ValueError):
    """No region of this name, slug or code; the message (Russian) lists what is near."""


_HOW_TO_NAME = "Напишите название («Пермский край»), короткое имя (perm) или код субъекта (59)."
_KIND_WORDS = (
    "муниципальный округ",
    "муниципальный район",
    "городской округ",
    "городское поселение",
    "округ",
    "район",
    "р-н",
    "мо",
    "го",
)
_TYPE_WORDS = ("город ", "г. ", "г ", "поселок ", "село ", "пос. ", "п. ", "с. ")


def _plain(name: str) -> str:
    return " ".join(normal(name).replace(",", " ").split())


def _region_names(row: RegionRow) -> set[str]:
    """«челябинская область», «челябинская», «южный урал»."""
    full = _plain(row.name.replace(" — ", " "))
    return {_plain(row.name), full, full.removesuffix(" область").removesuffix(" край"), *map(_plain, row.short)}


def _without_kind(name: str) -> tuple[str, str]:
    """(«троицкий район») to («троицкий», «район»)."""
    for kind in _KIND_WORDS:
        if name.endswith(f" {kind}"):
            return name.removesuffix(f" {kind}"), kind
        if name.startswith(f"{kind} "):
            return name.removeprefix(f"{kind} "), kind
    return name, ""


@dataclass(frozen=True)
class Region:
    """One region of Russia and its municipalities."""

    code: str
    slug: str
    name: str
    timezone: ZoneInfo
    municipalities: tuple[MunicipalityInfo, ...]
    table: Table
    streets: Mapping[str, str] = field(default_factory=dict)
    """Key of a street that the operator has listed, to OKTMO."""

    @classmethod
    def load(cls, name: str, table: Table | None = None) -> "Region":
        """By slug (`chelyabinsk`), name («Челябинская область») or code of the subject (`74`).

        Raises:
            UnknownRegion: there is none such.
        """
        table = table or load()
        wanted = _plain(str(name))
        for row in table.regions:
            if wanted in {*_region_names(row), row.slug, row.code}:
                return cls._of(row, table.near(row.code))
        meant = _region_of_town(wanted, table)
        if meant is None:
            known = {_plain(key): key for row in table.regions for key in (row.slug, row.name, *row.short)}
            near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.5)
            meant = known[near[0]] if near else None
        hint = f" Возможно, имелось в виду: {meant}." if meant else ""
        raise UnknownRegion(f"Неизвестный регион «{name}».{hint} {_HOW_TO_NAME}")

    @classmethod
    def _of(cls, row: RegionRow, table: Table) -> "Region":
        inside = tuple(info for info in table.municipalities.values() if info.region == row.code)
        return cls(row.code, row.slug, row.name, ZoneInfo(row.timezone), inside, table)

    def with_names(self, extra: Sequence[ExtraName]) -> "Region":
        """The same with names of the operator's.

        Raises:
            KeyError: a name's municipality is none of the region's.
        """
        if not extra:
            return self
        coded = [(one.name, self._code(one.municipality), NEED_OTHERS if one.ambiguous else NEED_SIGN) for one in extra]
        return replace(self, table=self.table.with_names(coded))

    def with_streets(self, extra: Sequence[ExtraStreet]) -> "Region":
        """The same with streets of the operator's.

        Raises:
            KeyError: a street's municipality is none of the region's.
        """
        listed: dict[str, list[str]] = {}
        for one in extra:
            listed.setdefault(self._code(one.municipality), []).append(one.street)
        return replace(self, streets=streets_by_key(listed))

    def _code(self, municipality: str) -> str:
        oktmo = self.municipality_by_name(municipality)
        if oktmo is None:
            raise KeyError(municipality)
        return oktmo

    @cached_property
    def oktmo_codes(self) -> frozenset[str]:
        """Codes of its municipalities."""
        return frozenset(info.oktmo for info in self.municipalities)

    @cached_property
    def _by_name(self) -> dict[str, frozenset[str]]:
        return municipality_names(self.table, self.oktmo_codes)

    def municipality_by_name(self, name: str) -> str | None:
        """OKTMO of a municipality by its name («Сосновский район»), town («Копейск») or code; None if unknown or
        ambiguous («Троицкий» is a town's and a district's)."""
        return find_municipality(self._by_name, self.oktmo_codes, name)

    def suggestions(self, name: str, limit: int = 3) -> list[str]:
        """Names of municipalities and towns that resemble `name`, best first."""
        titles = {_plain(info.name): info.name for info in self.municipalities}
        titles |= {_plain(info.centre): info.centre for info in self.municipalities}
        return [titles[key] for key in difflib.get_close_matches(_plain(name), titles, n=limit, cutoff=0.5)]


def _region_of_town(name: str, table: Table) -> str | None:
    """The region of the largest town of that name: whoever writes «Пермь» means Пермский край."""
    towns = [town for town in table.towns if _plain(town.name) == name]
    if not towns:
        return None
    largest = max(towns, key=lambda town: town.population)
    code = table.municipalities[largest.oktmo].region
    return next(row.name for row in table.regions if row.code == code)


def municipality_names(table: Table, codes: frozenset[str] | None) -> dict[str, frozenset[str]]:
    """Plain name to the codes it may mean; `codes` limits to one region.

    Towns first: «Троицк» is the town's municipality, though the district around has its centre there too.
    """
    result: dict[str, set[str]] = {}
    for info in table.municipalities.values():
        if codes is None or info.oktmo in codes:
            full = _plain(info.name)
            bare, kind = _without_kind(full)
            result.setdefault(full, set()).add(info.oktmo)
            result.setdefault(bare, set()).add(info.oktmo)
            if kind == "муниципальный округ":
                for other in ("район", "муниципальный район", "округ", "р-н"):
                    result.setdefault(f"{bare} {other}", set()).add(info.oktmo)
            else:
                result.setdefault(f"{bare} го", set()).add(info.oktmo)
    for name in table.towns:
        if codes is None or name.oktmo in codes:
            found = result.setdefault(_plain(name.name), set())
            if name.type == "г":
                found.clear()
            found.add(name.oktmo)
    return {name: frozenset(found) for name, found in result.items()}


def find_municipality(names: dict[str, frozenset[str]], codes: frozenset[str], name: str) -> str | None:
    """The one code that `name` may mean, or None."""
    wanted = _plain(name)
    if wanted in codes:
        return wanted
    for word in _TYPE_WORDS:
        wanted = wanted.removeprefix(word)
    found = names.get(wanted) or frozenset()
    if not found:
        bare, kind = _without_kind(wanted)
        found = names.get(bare, frozenset()) if kind else frozenset()
    return next(iter(found)) if len(found) == 1 else None
