"""Which regions a text names, beside its places."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from classifier.places import words
from classifier.places.around import Scan
from classifier.places.inflect import adjective_forms, name_forms
from classifier.places.table import RegionRow
from text import normal

ABROAD = ""
"""In the place of a region's code: another country, or a part of this one that the table does not know by a name."""
_KINDS = ("област", "обл", "кра", "республик", "респ", "округ", "ао")
_FEMININE = ("ая", "ой", "ую", "ою")
_PLURAL = ("ие", "их", "им", "ими", "ые", "ых", "ым", "ыми")


@dataclass(frozen=True, slots=True)
class RegionSign:
    """«Курской области»; `first` numbers its first word in the text."""

    code: str
    first: int


@lru_cache(4)
def _forms(regions: tuple[RegionRow, ...]) -> tuple[dict[str, str], dict[tuple[str, ...], str]]:
    """Adjectives that want «область» or «край» after them, and names that are complete."""
    adjectives: dict[str, str] = {}
    complete: dict[tuple[str, ...], str] = {}
    for region in regions:
        first = normal(region.name).split()[0]
        if first.endswith(("ая", "ий", "ый")):
            endings = _FEMININE + _PLURAL
            forms = [first, *(adjective_forms(first) if not first.endswith("ая") else ())]
            for form in (*forms, *(first[:-2] + ending for ending in endings)):
                adjectives[form] = region.code
        elif first == "республика":
            for name in name_forms(region.name.split(" ", 1)[1].split(" (")[0].split(" — ")[0]):
                complete[tuple(name.split())] = region.code
        for short in (one for one in region.short if not one.endswith("ский")):
            for name in name_forms(short):
                complete[tuple(name.split())] = region.code
    return adjectives, complete


def regions_named(scan: Scan, regions: tuple[RegionRow, ...]) -> list[RegionSign]:
    """Regions of Russia in the order of the text, and `ABROAD` last where other countries are named."""
    adjectives, complete = _forms(regions)
    longest = max(map(len, complete), default=0)
    found = []
    for at, form in enumerate(scan.forms):
        if form in adjectives and any(one.startswith(_KINDS) for one in scan.forms[at + 1 : at + 4]):
            found.append(RegionSign(adjectives[form], at))
            continue
        for length in range(1, longest + 1):
            code = complete.get(tuple(scan.forms[at : at + length]))
            if code and scan.tokens[at].text[0].isupper():
                found.append(RegionSign(code, at))
    if words.ABROAD.search(scan.text):
        found.append(RegionSign(ABROAD, len(scan.forms)))
    return found


def others(signs: Sequence[RegionSign], home: str | None) -> frozenset[str]:
    """Codes of the regions named, unless the region of the configuration is named as well."""
    codes = frozenset(sign.code for sign in signs)
    return frozenset() if home in codes else codes
