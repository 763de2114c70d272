"""Which regions a text names, beside its places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from classifier.places import words
from classifier.places.around import Scan
from classifier.places.inflect import name_forms
from classifier.places.mention import Mention
from classifier.places.table import Name, Table
from text import normal
from text.kept import Kept

ABROAD = ""
"""In the place of a region's code: another country, or a part of this one that the table does not know by a name."""
_KINDS = ("област", "обл", "кра", "республик", "респ", "округ", "ао")
_ENDINGS = (
    "ая",
    "ой",
    "ую",
    "ою",
    "ий",
    "ого",
    "ому",
    "им",
    "ом",
    "ое",
    "ие",
    "их",
    "ими",
    "ый",
    "ым",
    "ые",
    "ых",
    "ыми",
)


_TELLS_ABROAD = Kept(lambda form: words.ABROAD.search(form) is not None)
_SETTLEMENT = frozenset(word for word in words.TOWN | words.VILLAGE if len(word) > 2)
"""«в белгородском селе»."""


@dataclass(frozen=True, slots=True)
class RegionSign:
    """«Курской области»; `first` numbers its first word in the text."""

    code: str
    first: int


@lru_cache(4)
def _forms(table: Table) -> tuple[dict[str, str], dict[str, list[tuple[tuple[str, ...], str]]]]:
    """Adjectives that want «область» or «край» after them, and names that are complete."""
    adjectives: dict[str, str] = {}
    complete: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for region in table.regions:
        first = normal(region.name).split()[0]
        if first.endswith(("ая", "ий", "ый")):
            for ending in _ENDINGS:
                adjectives[first[:-2] + ending] = region.code
        elif first == "республика":
            for name in name_forms(region.name.split(" ", 1)[1].split(" (")[0].split(" — ")[0]):
                _add(complete, name, region.code)
        for short in (one for one in region.short if not one.endswith("ский")):
            for name in name_forms(short):
                _add(complete, name, region.code)
    return adjectives, complete


def _add(complete: dict[str, list[tuple[tuple[str, ...], str]]], name: str, code: str) -> None:
    first, *rest = name.split()
    complete.setdefault(first, []).append((tuple(rest), code))


def regions_named(scan: Scan, table: Table) -> list[RegionSign]:
    """Regions of Russia in the order of the text, and `ABROAD` last where other countries are named."""
    adjectives, complete = _forms(table)
    found = []
    for at, form in enumerate(scan.forms):
        if form in adjectives and any(
            one.startswith(_KINDS) or one in _SETTLEMENT for one in scan.forms[at + 1 : at + 4]
        ):
            found.append(RegionSign(adjectives[form], at))
        elif form in complete and scan.words[at][0].isupper():
            for rest, code in complete[form]:
                if tuple(scan.forms[at + 1 : at + 1 + len(rest)]) == rest:
                    found.append(RegionSign(code, at))
    new_moscow = "новой" in scan.forms and words.NEW_MOSCOW.search(scan.text)
    if new_moscow or any(map(_TELLS_ABROAD.__getitem__, scan.forms)):
        found.append(RegionSign(ABROAD, len(scan.forms)))
    return found


def others(signs: Sequence[RegionSign], home: str | None) -> frozenset[str]:
    """Codes of the regions named, unless the region of the configuration is named as well."""
    codes = frozenset(sign.code for sign in signs)
    return frozenset() if home in codes else codes


def in_its_region(
    mentions: Sequence[Mention], signs: Sequence[RegionSign], region_of: Callable[[Name], str]
) -> list[Mention]:
    """Mentions right before a region («в Троицке Московской области») are of places of that region, or of none."""
    code_at = {sign.first: sign.code for sign in signs}
    result = []
    for mention in mentions:
        code = code_at.get(mention.last + 1)
        kept = mention.names if code is None else tuple(n for n in mention.names if region_of(n) == code)
        if kept:
            result.append(mention if len(kept) == len(mention.names) else mention.only(kept))
    return result
