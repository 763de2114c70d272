"""Chelyabinsk region, of which more is known: codes of 2026, inner districts, former rural settlements, nicknames."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from classifier.places.sources import KNOWN_ELSEWHERE, Municipality, Place, common, people, plain_name, point, rows
from classifier.places.table import NEED_NOTHING, NEED_OTHERS, NEED_SIGN, NEED_TYPE
from text import normal

CODE, REGION = "74", "Челябинская область"

_WORD_TOWNS = {"аша", "сим", "куса", "пласт", "увельский", "локомотивный"}
"""Centres and towns whose forms are words too: сим-карта, кусы, пласт. The others are nothing else, though many are
rare surnames as well («Златоуст», «Карабаш»): an author who means the town is a thousand times likelier."""
_OWN_DISTRICTS = {"Металлургический", "Тракторозаводский", "Курчатовский"}
"""City districts that say by themselves which city it is; half the country has a Ленинский or a Центральный."""
_RIVERS = {"миасс", "сим", "юрюзань", "куса", "сатка", "аша", "увелька", "уй", "ай", "чебаркуль", "кисегач", "еткуль"}
"""Names that are also rivers and lakes: «на Миассе», «мост через Сим»."""
_TOWN_TYPES = {"г", "рп", "пгт"}
_PLAIN_NICKNAMES = {"челяба", "северок", "чурилово", "новосинеглазово"}
"""Words that mean nothing else, in any case."""
_CITY = "75701000"
_TYPE_SUFFIX = re.compile(r"\s*(?:муниципальный округ|муниципальный район|городской округ)\s*", re.I)


def chelyabinsk(folder: Path) -> tuple[list[Municipality], list[Place]]:
    """Municipalities and names of the region."""
    found = [*_districts(folder), *_settlements(folder), *_nicknames(folder)]
    return list(_municipalities(folder)), list(dict.fromkeys(found))


def _municipalities(folder: Path) -> Iterator[Municipality]:
    for row in rows(folder / "chelyabinsk_municipalities.csv"):
        changed = row["name_2021"] != row["name"]
        yield Municipality(
            oktmo=row["oktmo"],
            region=CODE,
            name=row["name"],
            centre=row["centre"].split(" ", 1)[1],
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            population=people(row["population_census2020"]),
            former_oktmo=row["oktmo_2021"] if row["oktmo_2021"] != row["oktmo"] else "",
            former_names=(row["name_2021"],) if changed else (),
        )


def _districts(folder: Path) -> Iterator[Place]:
    """Municipalities and city districts as adjectives: «Сосновский», followed by «район» or «округ»."""
    for row in rows(folder / "chelyabinsk_municipalities.csv"):
        name = _TYPE_SUFFIX.sub("", row["name"])
        kind = "city" if row["type"] == "городской округ" else "district"
        yield Place(kind, row["oktmo"], name, NEED_TYPE, adjective=True, at=point(row))
    for row in rows(folder / "chelyabinsk_gazetteer.csv"):
        if row["settlement_type"] == "внутригородской район":
            name = row["settlement"].removesuffix(" район")
            need = NEED_TYPE if name in _OWN_DISTRICTS else NEED_OTHERS
            yield Place("inner", row["municipality_oktmo"], name, need, type="район", adjective=True, at=point(row))
    for row in rows(folder / "chelyabinsk_settlement_municipalities_2021.csv"):
        if row["kind"] == "сельское":
            name = row["settlement_municipality"].removesuffix(" сельское поселение")
            yield Place("rural", row["municipality_oktmo"], name, NEED_TYPE, adjective=True)


def _settlements(folder: Path) -> Iterator[Place]:
    words = {
        row["name"]
        for row in rows(folder / "chelyabinsk_name_ambiguity.csv")
        if "common" in row["word_classes"] or "surname" in row["word_classes"] or "first-name" in row["word_classes"]
    }
    centres = {(r["oktmo"], r["centre"].split(" ", 1)[1]) for r in rows(folder / "chelyabinsk_municipalities.csv")}
    larger = _larger_elsewhere(folder)
    for row in rows(folder / "chelyabinsk_gazetteer.csv"):
        if row["settlement_type"] == "внутригородской район":
            continue
        name = plain_name(row["settlement"])
        lower = normal(name)
        type_ = row["settlement_type"]
        big = type_ == "г" or (row["municipality_oktmo"], row["settlement"]) in centres
        numbered = not re.search(r"[а-я]{2}", lower) or bool(re.search(r"\d", lower))  # «Разъезд 5», «11-й км»
        word = lower in words or (" " not in lower and common(lower)) or numbered
        if lower in KNOWN_ELSEWHERE or lower in larger:
            need = NEED_TYPE
        elif big:
            need = NEED_SIGN if lower in _WORD_TOWNS or lower.endswith("ое") else NEED_NOTHING
        else:
            need = NEED_TYPE if word or len(lower) <= 3 else NEED_SIGN
        yield Place(
            kind="town" if type_ in _TOWN_TYPES or big else "village",
            oktmo=row["municipality_oktmo"],
            name=name,
            need=need,
            type=type_,
            population=people(row["population"]),
            code=row["settlement_oktmo_2021"] if row["settlement_oktmo_reliable"] == "1" else "",
            river=lower in _RIVERS,
            word=word and need != NEED_NOTHING,
            at=point(row),
        )


def _larger_elsewhere(folder: Path) -> set[str]:
    """Names of the region's villages that larger places of the country bear too (Балашиха, Мурино)."""
    population: dict[str, int] = defaultdict(int)
    for row in rows(folder / "russia_gazetteer.csv.gz"):
        if row["region"] != REGION:
            lower = normal(row["settlement"])
            population[lower] = max(population[lower], people(row["population"]))
    return {
        name
        for row in rows(folder / "chelyabinsk_gazetteer.csv")
        if (name := normal(row["settlement"])) in population
        and population[name] > max(10 * people(row["population"]), 5_000)
    }


def _nicknames(folder: Path) -> Iterator[Place]:
    """Nicknames and city areas that were seen in use; the ambiguous ones only with something else in their favour."""
    known = set()
    for row in rows(folder / "chelyabinsk_colloquial.csv"):
        if not row["status"].startswith("seen"):
            continue
        surface = row["surface"]
        known.add(normal(surface))
        doubtful = any(sign in row["status"] for sign in ("ambiguous", "common", "elsewhere")) or common(surface)
        doubtful = doubtful or "work settlement" in row["meaning"]
        need = NEED_OTHERS if doubtful else NEED_NOTHING if normal(surface) in _PLAIN_NICKNAMES else NEED_SIGN
        yield Place("area", row["municipality_oktmo"], surface, need, fixed=surface.isupper())
    for row in rows(folder / "chelyabinsk_city_areas.csv"):
        if normal(row["area"]) not in known and not re.search(r"\d", row["area"]):
            yield Place("area", _CITY, row["area"], NEED_OTHERS, at=point(row))
