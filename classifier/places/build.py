"""Builds `classifier/data/places.tsv.gz` out of the plain CSV files of the gazetteer.

    python -m classifier.places.build ../shared/geo

Every line of the table is one of
    R  code, slug, name, time zone                                             a region
    M  OKTMO, region code, name, centre, lat, lon, population, former code     a municipality
    N  kind, OKTMO, name, type, need, flags, lat, lon, population, forms       a name, forms separated by |
The provenance of each fact is in docs/data-sources.md.
"""

import csv
import gzip
import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from classifier.places.inflect import adjective_forms, name_forms
from classifier.places.table import NEED_NOTHING, NEED_OTHERS, NEED_SIGN, NEED_TYPE
from text import morph, normal

OUT = Path(__file__).parent.parent / "data" / "places.tsv.gz"
CHELYABINSK = ("74", "chelyabinsk", "Челябинская область", "Asia/Yekaterinburg")
OTHER_REGIONS = "00"
"""Municipalities of other regions are known by their largest towns only, to recognise what is elsewhere."""
TOWN_POPULATION = 50_000
"""Towns of other regions from this size on: smaller ones share their names with half the country."""

_ELSEWHERE = {"париж", "берлин", "лейпциг", "варна", "чесма", "порт-артур", "балканы", "кассель", "куликовский", "урал"}
"""Names of the region whose bearers elsewhere are better known."""
_WORD_TOWNS = {"аша", "сим", "куса", "пласт", "увельский", "локомотивный"}
"""Centres and towns whose forms are words too: сим-карта, кусы, пласт. The others are nothing else, though many are
rare surnames as well («Златоуст», «Карабаш»): an author who means the town is a thousand times likelier."""
_OWN_DISTRICTS = {"Металлургический", "Тракторозаводский", "Курчатовский"}
"""City districts that say by themselves which city it is; half the country has a Ленинский or a Центральный."""
_RIVERS = {"миасс", "сим", "юрюзань", "куса", "сатка", "аша", "увелька", "уй", "ай", "чебаркуль", "кисегач", "еткуль"}
"""Names that are also rivers and lakes: «на Миассе», «мост через Сим»."""
_TOWN_TYPES = {"г", "рп", "пгт"}
_TYPE_SUFFIX = re.compile(r"\s*(?:муниципальный округ|муниципальный район|городской округ)\s*", re.I)
_PARENTHESES = re.compile(r"\s*\(.*?\)")

Line = tuple[object, ...]


def _rows(path: Path) -> list[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _dictionary_words(folder: Path) -> set[str]:
    return {
        row["name"]
        for row in _rows(folder / "chelyabinsk_name_ambiguity.csv")
        if "common" in row["word_classes"] or "surname" in row["word_classes"] or "first-name" in row["word_classes"]
    }


def _common(word: str) -> bool:
    return any(p.is_known and "Geox" not in p.tag and p.score > 0.01 for p in morph().parse(normal(word)))


def municipalities(folder: Path) -> Iterator[Line]:
    """Lines M of the region."""
    for row in _rows(folder / "chelyabinsk_municipalities.csv"):
        centre = row["centre"].split(" ", 1)[1]
        population = row["population_census2020"]
        yield (
            "M",
            row["oktmo"],
            CHELYABINSK[0],
            row["name"],
            centre,
            row["lat"],
            row["lon"],
            population,
            row["oktmo_2021"],
        )


def districts(folder: Path) -> Iterator[Line]:
    """Names of municipalities and of city districts as adjectives: «Сосновский», followed by «район» or «округ»."""
    for row in _rows(folder / "chelyabinsk_municipalities.csv"):
        adjective = _TYPE_SUFFIX.sub("", row["name"])
        kind = "city" if row["type"] == "городской округ" else "district"
        yield _name(kind, row["oktmo"], adjective, need=NEED_TYPE, forms=adjective_forms(adjective), row=row)
    for row in _rows(folder / "chelyabinsk_gazetteer.csv"):
        if row["settlement_type"] == "внутригородской район":
            adjective = row["settlement"].removesuffix(" район")
            need = NEED_TYPE if adjective in _OWN_DISTRICTS else NEED_OTHERS
            yield _name(
                "inner", row["municipality_oktmo"], adjective, need=need, forms=adjective_forms(adjective), row=row
            )
    for row in _rows(folder / "chelyabinsk_settlement_municipalities_2021.csv"):
        if row["kind"] == "сельское":
            adjective = row["settlement_municipality"].removesuffix(" сельское поселение")
            forms = adjective_forms(adjective)
            yield _name("rural", row["municipality_oktmo"], adjective, need=NEED_TYPE, forms=forms)


def _name(
    kind: str,
    oktmo: str,
    name: str,
    *,
    need: int,
    forms: Iterable[str],
    type_: str = "",
    flags: str = "",
    row: dict[str, str] | None = None,
) -> Line:
    row = row or {}
    place = (row.get("lat", ""), row.get("lon", ""), row.get("population", "") or "0")
    return "N", kind, oktmo, name, type_, need, flags, *place, "|".join(forms)


def settlements(folder: Path) -> Iterator[Line]:
    """Lines N of towns, villages and other settlements of the region."""
    words = _dictionary_words(folder)
    centres = {(r["oktmo"], r["centre"].split(" ", 1)[1]) for r in _rows(folder / "chelyabinsk_municipalities.csv")}
    larger = _larger_elsewhere(folder)
    for row in _rows(folder / "chelyabinsk_gazetteer.csv"):
        if row["settlement_type"] == "внутригородской район":
            continue
        name = _PARENTHESES.sub("", row["settlement"]).strip()
        lower = normal(name)
        if not re.search(r"[а-я]{2}", lower) or re.search(r"\d", lower):
            continue  # «Разъезд 5», «11-й км»: found by number only, and numbers are anything
        type_ = row["settlement_type"]
        big = type_ == "г" or (row["municipality_oktmo"], row["settlement"]) in centres
        is_word = lower in words or (" " not in lower and _common(lower))
        if lower in _ELSEWHERE or lower in larger:
            need = NEED_TYPE
        elif big:
            need = NEED_SIGN if lower in _WORD_TOWNS or lower.endswith("ое") else NEED_NOTHING
        else:
            need = NEED_TYPE if is_word or len(lower) <= 3 else NEED_SIGN
        flags = "r" if lower in _RIVERS else ""
        kind = "town" if type_ in _TOWN_TYPES or big else "village"
        yield _name(
            kind, row["municipality_oktmo"], name, need=need, forms=name_forms(name), type_=type_, flags=flags, row=row
        )


def _larger_elsewhere(folder: Path) -> set[str]:
    """Names of the region's villages that larger places of the country bear too (Балашиха, Мурино)."""
    population: dict[str, int] = defaultdict(int)
    for row in _rows(folder / "russia_gazetteer.csv.gz"):
        if row["region"] != CHELYABINSK[2]:
            lower = normal(row["settlement"])
            population[lower] = max(population[lower], int(float(row["population"] or 0)))
    return {
        name
        for row in _rows(folder / "chelyabinsk_gazetteer.csv")
        if (name := normal(row["settlement"])) in population
        and population[name] > max(10 * int(float(row["population"] or 0)), 5_000)
    }


def nicknames(folder: Path) -> Iterator[Line]:
    """Nicknames and city areas that were seen in use; the ambiguous ones only with something else in their favour."""
    known = set()
    for row in _rows(folder / "chelyabinsk_colloquial.csv"):
        if not row["status"].startswith("seen"):
            continue
        surface = row["surface"]
        known.add(normal(surface))
        doubtful = any(sign in row["status"] for sign in ("ambiguous", "common", "elsewhere")) or _common(surface)
        doubtful = doubtful or "work settlement" in row["meaning"]
        need = NEED_OTHERS if doubtful else NEED_NOTHING if normal(surface) in _PLAIN_NICKNAMES else NEED_SIGN
        forms = [normal(surface)] if surface.isupper() else name_forms(surface)
        yield _name("area", row["municipality_oktmo"], surface, need=need, forms=forms)
    for row in _rows(folder / "chelyabinsk_city_areas.csv"):
        if normal(row["area"]) not in known and not re.search(r"\d", row["area"]):
            forms = name_forms(row["area"])
            yield _name("area", "75701000", row["area"], need=NEED_OTHERS, forms=forms, row=row)


_PLAIN_NICKNAMES = {"челяба", "северок", "чурилово", "новосинеглазово"}
"""Words that mean nothing else, in any case."""


def elsewhere(folder: Path) -> Iterator[Line]:
    """Larger towns of other regions."""
    inside = {normal(row["settlement"]) for row in _rows(folder / "chelyabinsk_gazetteer.csv")}
    seen = set()
    for row in _rows(folder / "russia_gazetteer.csv.gz"):
        population = int(float(row["population"] or 0))
        name = row["settlement"]
        lower = normal(name)
        town = row["settlement_type"] == "г" and population >= TOWN_POPULATION
        if not town or row["region"] == CHELYABINSK[2] or lower in inside or lower in seen:
            continue
        seen.add(lower)
        oktmo = row["municipality_oktmo_2026"] or row["municipality_oktmo"]
        if not oktmo:
            continue
        # «Орёл», «Киров», «Владимир», «Советск», «Мирный»
        is_word = " " not in lower and (_common(lower) or len(lower) <= 3)
        need = NEED_TYPE if is_word else NEED_NOTHING
        place = (row["lat"], row["lon"])
        title = f"{row['municipality']} ({row['region']})"
        yield "M", oktmo, OTHER_REGIONS, title, name, *place, population, row["municipality_oktmo_2021"]
        yield _name("town", oktmo, name, need=need, forms=name_forms(name), type_="г", row=row)


def lines(folder: Path) -> Iterator[Line]:
    """The whole table."""
    yield "R", *CHELYABINSK
    yield from municipalities(folder)
    yield from districts(folder)
    yield from settlements(folder)
    yield from nicknames(folder)
    yield from elsewhere(folder)


def build(folder: Path, out: Path = OUT) -> int:
    """Write the table and return the number of its lines. Same input, same bytes."""
    buffer = io.StringIO()
    count = 0
    for line in lines(folder):
        buffer.write("\t".join(map(str, line)) + "\n")
        count += 1
    out.write_bytes(gzip.compress(buffer.getvalue().encode(), compresslevel=9, mtime=0))
    return count


if __name__ == "__main__":
    print(build(Path(sys.argv[1])), "lines", OUT.stat().st_size, "bytes")
