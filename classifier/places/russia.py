"""All regions' municipalities and settlements out of the country's two files."""

import re
from collections import defaultdict
from importlib.resources import files
from pathlib import Path

from classifier.places.sources import (
    KNOWN_ELSEWHERE,
    Municipality,
    Place,
    SourceError,
    common,
    people,
    plain_name,
    point,
    rows,
)
from classifier.places.table import NEED_NOTHING, NEED_SIGN, NEED_TYPE
from text import normal

Row = dict[str, str]

TOWN_TYPES = {"г", "рп", "пгт"}
_SAME_PLACE = 0.75
"""Share of a town's people from which on a settlement of its name under another municipality is the town again."""
_A_TOWN = 4_000
"""Fewer people prove nothing: many a region has two large villages of one name."""
_CITY_DISTRICT = "р-н"
_FEDERAL = "внутригородская территория города федерального значения "
_TYPE_WORDS = re.compile(
    r"\b(?:внутригородская территория города федерального значения|муниципальный|национальный|городской|округ|район|и|"
    r"город-курорт|город-герой|город|рабочий поселок городского типа\)|рабочий поселок|поселок|поселение|ЗАТО|закрытое "
    r"административно-территориальное образование|\(|\))(?![\w-])",
    re.IGNORECASE,
)
_CENTRE_TYPE = re.compile(r"^(?:(?:[а-я/.-]+|\([а-я]+\))\s+)+(?=[А-ЯЁ0-9])")
_CODE = re.compile(r"\d{8}")
_SETTLEMENT_CODE = re.compile(r"(?:\d{8}(?:\d{3})?)?")
_WHOLE_CITIES = {"92": ("67000000", "Севастополь"), "99": ("55000000", "Байконур")}
"""Codes of Sevastopol and Baikonur as a whole, for what the source gives no code or that of another place."""


def region_rows() -> list[tuple[str, ...]]:
    """Code, slug, name, time zone and other names of each region."""
    lines = files("classifier").joinpath("data", "regions.csv").read_text().splitlines()[1:]
    return [tuple(line.split(",")) for line in lines]


def _region_codes() -> dict[str, str]:
    return {name.lower().replace(" — ", " - "): code for code, _, name, *_ in region_rows()}


def bare(name: str) -> str:
    """«Алейский» of «Алейский муниципальный район», «Алейск» of «городской округ город Алейск»."""
    return " ".join(_TYPE_WORDS.sub(" ", name).replace('"', " ").split())


def is_adjective(name: str) -> bool:
    """Whether a municipality's bare name is an adjective beside «район» or «округ»."""
    return name.rsplit("-", 1)[-1].endswith(("ский", "цкий", "ый", "ий", "ой", "ое")) and " " not in name


def country(folder: Path, skip: frozenset[str]) -> tuple[list[Municipality], list[Place]]:
    """Municipalities and names of every region but those in `skip` (which have a builder of their own).

    Raises:
        SourceError: a row has a wrong code, an unknown region or municipality, or is there twice.
    """
    regions = _region_codes()
    groups = _municipality_rows(folder / "russia_municipalities.csv.gz", regions, skip)
    settlements = _settlement_rows(folder / "russia_gazetteer.csv.gz", regions, groups)
    largest = _largest([(regions[row["region"].lower()], row) for found in settlements.values() for row in found])
    municipalities: list[Municipality] = []
    places: list[Place] = []
    for code, group in sorted(groups.items()):
        region = regions[group[0]["region"].lower()]
        if region not in skip:
            one = _municipality(code, region, group, settlements[code])
            municipalities.append(one)
            places += _districts(one)
            places += [_settlement(row, one, largest) for row in settlements[code] if not _is_city_district(row)]
    places += _missing_centres(municipalities, places)
    return municipalities, list(dict.fromkeys(_where_they_govern_themselves(municipalities, places)))


def _where_they_govern_themselves(municipalities: list[Municipality], places: list[Place]) -> list[Place]:
    """Without the rows of towns under the district around them, where the town is a municipality of its own (Джанкой):
    the source has some under both, of another type even (Арамиль)."""
    region_of = {one.oktmo: one.region for one in municipalities}
    towns = {(place.oktmo, place.name): place for place in places if place.kind == "town"}
    own = {
        (one.region, one.centre): towns[one.oktmo, one.centre]
        for one in municipalities
        if "городской округ" in one.name and (one.oktmo, one.centre) in towns
    }

    def again(place: Place) -> bool:
        town = own.get((region_of[place.oktmo], place.name), place)
        return (
            place.kind in {"town", "village"}
            and town.oktmo != place.oktmo
            and (place.type == town.type == "г" or place.population > _SAME_PLACE * max(town.population, _A_TOWN))
        )

    return [place for place in places if not again(place)]


def _missing_centres(municipalities: list[Municipality], places: list[Place]) -> list[Place]:
    """Centres that no settlement of their region is called after (имени Полины Осипенко): the source lacks them."""
    region_of = {one.oktmo: one.region for one in municipalities}
    known = {(region_of[place.oktmo], normal(place.name)) for place in places if place.kind in {"town", "village"}}
    return [
        Place("town", one.oktmo, one.centre, NEED_SIGN, type=one.centre_type, at=(one.lat, one.lon))
        for one in municipalities
        if (one.region, normal(one.centre)) not in known
    ]


def _municipality_rows(path: Path, regions: dict[str, str], skip: frozenset[str]) -> dict[str, list[Row]]:
    """Rows by the code of 2026; several rows of one code have become one municipality."""
    groups: dict[str, list[Row]] = defaultdict(list)
    seen: dict[tuple[str, str], int] = {}
    for line, row in enumerate(rows(path), 2):
        region = regions.get(row["region"].lower())
        name = row["region"], row["municipality_inid"]
        code = row["oktmo_2026"] or row["oktmo_2024"] or row["oktmo_2021"]
        if region is None:
            raise SourceError(path, line, f"unknown region {row['region']!r}")
        if name in seen:
            raise SourceError(path, line, f"{row['municipality_inid']!r} is in line {seen[name]} already")
        seen[name] = line
        if region in skip:  # its rows only say which settlements are not ours
            code = f"skipped {region}"
        elif region in _WHOLE_CITIES and (not code or row["municipality_inid"].startswith("город ")):
            code = _WHOLE_CITIES[region][0]
        elif not _CODE.fullmatch(code):
            raise SourceError(path, line, f"wrong code {code!r} of {row['municipality_inid']!r}")
        groups[code].append(row)
    return groups


def _settlement_rows(path: Path, regions: dict[str, str], groups: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Rows by the code of their municipality, those alike once."""
    code_of = {(row["region"], row["municipality_inid"]): code for code, group in groups.items() for row in group}
    found: dict[str, dict[tuple[str, ...], Row]] = {code: {} for code in groups}
    for line, row in enumerate(rows(path), 2):
        if row["region"].lower() not in regions:
            raise SourceError(path, line, f"unknown region {row['region']!r}")
        code = code_of.get((row["region"], row["municipality_inid"]))
        if code is None:
            raise SourceError(path, line, f"unknown municipality {row['municipality_inid']!r}")
        if not _SETTLEMENT_CODE.fullmatch(row["settlement_oktmo_2021"]):
            raise SourceError(path, line, f"wrong code {row['settlement_oktmo_2021']!r} of {row['settlement']!r}")
        key = (row["settlement"], row["settlement_type"], row["lat"], row["lon"])
        found[code].setdefault(key, row)
    return {code: list(own.values()) for code, own in found.items()}


def _largest(everyone: list[tuple[str, Row]]) -> dict[str, list[tuple[int, str]]]:
    """The two regions with the largest bearers of each name."""
    best: dict[str, dict[str, int]] = defaultdict(dict)
    for region, row in everyone:
        name = normal(plain_name(row["settlement"]))
        best[name][region] = max(best[name].get(region, 0), people(row["population"]))
    return {
        name: sorted(((count, region) for region, count in found.items()), reverse=True)[:2]
        for name, found in best.items()
    }


def _municipality(code: str, region: str, group: list[Row], own: list[Row]) -> Municipality:
    head = max(group, key=lambda row: (bool(row["center"]), row["municipality_inid"]))
    title = (head["name_2024"] or head["name_2021"] or head["municipality_inid"]).removeprefix(_FEDERAL)
    former = [row["name_2021"].removeprefix(_FEDERAL) for row in group if row["name_2021"]]
    if code[2] == "5" and "муниципальный район" in title:  # its code says that it has become an okrug
        former.append(title)
        title = title.replace("муниципальный район", "муниципальный округ")
    former += [row["municipality_inid"] for row in group] if len(group) > 1 else []
    if region in _WHOLE_CITIES and code == _WHOLE_CITIES[region][0]:
        title, former, head = _WHOLE_CITIES[region][1], [], {**head, "center": "", "oktmo_2021": ""}
    biggest = max(own, key=lambda row: (people(row["population"]), row["settlement"]))
    centre = _CENTRE_TYPE.sub("", head["center"]) or biggest["settlement"]
    lat, lon = point({"lat": head["center_lat"], "lon": head["center_lon"]})
    if not head["center"] or not lat:
        lat, lon = point(biggest)
    return Municipality(
        oktmo=code,
        region=region,
        name=title,
        centre=centre,
        lat=round(lat, 5),
        lon=round(lon, 5),
        population=sum(people(row["population"]) for row in own),
        centre_type="г" if head["center"].startswith("г ") else "",
        former_oktmo=head["oktmo_2021"] if head["oktmo_2021"] != code else "",
        former_names=tuple(name for name in dict.fromkeys(former) if name != title),
    )


def _districts(one: Municipality) -> list[Place]:
    """The municipality by its own and its former names, without their type words."""
    result: dict[str, Place] = {}
    for title in (one.name, *one.former_names):
        name = bare(title)
        if len(name) < 3:
            continue
        kind = "city" if "городской округ" in title and "муниципальный" not in title else "district"
        place = Place(
            kind, one.oktmo, name, NEED_TYPE, at=(one.lat, one.lon), population=one.population,
            adjective=is_adjective(name),
        )  # fmt: skip
        result.setdefault(name, place)
    return list(result.values())


def _is_city_district(row: Row) -> bool:
    """Of Ufa, Astrakhan and Makhachkala: `districts.py` has those of all cities. Талнах of the same type is a place."""
    return row["settlement_type"] == _CITY_DISTRICT and is_adjective(row["settlement"].removesuffix(" район"))


def _settlement(row: Row, one: Municipality, largest: dict[str, list[tuple[int, str]]]) -> Place:
    name = plain_name(row["settlement"])
    lower = normal(name)
    type_, count = row["settlement_type"], people(row["population"])
    big = type_ == "г" or lower == normal(one.centre)
    elsewhere = next((found for found, region in largest[lower] if region != one.region), 0)
    word = (" " not in lower and common(lower)) or len(lower) <= 3 or not lower[0].isalpha()
    if lower in KNOWN_ELSEWHERE or elsewhere > max(10 * count, 5_000):
        need = NEED_TYPE  # better known elsewhere
    elif big:
        need = NEED_SIGN if word or lower.endswith("ое") else NEED_NOTHING
    else:
        need = NEED_TYPE if word else NEED_SIGN
    return Place(
        kind="town" if type_ in TOWN_TYPES or big else "village",
        oktmo=one.oktmo,
        name=name,
        need=need,
        type=type_,
        at=point(row),
        population=count,
        code=row["settlement_oktmo_2021"] if row["settlement_oktmo_reliable"] == "1" else "",
        word=word,
    )
