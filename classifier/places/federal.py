"""Moscow and Saint Petersburg: districts as municipalities, and what lies in them, out of `data/federal_cities.csv`.

The country's file joins the districts of the two cities to codes of other places, so only their population is taken
from it. OKTMO has no codes for the districts (it goes straight to municipal units inside), so they bear their codes of
OKATO, the older classifier: no code of OKTMO is equal to one of them.
"""

from collections import defaultdict
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from classifier.places.sources import Municipality, Place, common, people, point, rows
from classifier.places.table import NEED_NOTHING, NEED_OTHERS, NEED_SIGN, NEED_TYPE

WHOLE = {"77": ("45000000", "Москва", (55.7539, 37.6203)), "78": ("40000000", "Санкт-Петербург", (59.9392, 30.3158))}
"""Code, name and centre of each city as a whole: what «в Питере» says elsewhere."""
_KINDS = {"77": "административный округ", "78": "район"}
_OTHER_NAMES = {"77": ("Мск",), "78": ("Петербург", "Питер", "СПб", "Ленинград")}
_REGION_NAMES = {"Москва": "77", "Санкт-Петербург": "78"}


def federal_cities(folder: Path) -> tuple[list[Municipality], list[Place]]:
    """Municipalities and names of the two cities."""
    population: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows(folder / "russia_gazetteer.csv.gz"):
        if row["region"] in _REGION_NAMES:
            population[_REGION_NAMES[row["region"]], row["municipality_inid"]] += people(row["population"])
    municipalities: list[Municipality] = []
    places: list[Place] = []
    with_units = rows(Path(str(files("classifier").joinpath("data", "federal_cities.csv"))))
    for row in with_units:
        if not row["unit"]:
            district, at = row["district"], point(row)
            name = f"{district} {_KINDS[row['region']]}"
            count = population[row["region"], district]
            centre = _centre(row, with_units)
            municipalities.append(Municipality(row["code"], row["region"], name, centre, *at, count))
            places.append(Place("district", row["code"], district, NEED_TYPE, at=at, population=count, adjective=True))
        elif not row["unit"].startswith("№"):  # «муниципальный округ № 7»: nobody names it in a complaint
            places.append(_unit(row))
    for region, (code, name, at) in WHOLE.items():
        count = sum(found for (where, _), found in population.items() if where == region)
        municipalities.append(Municipality(code, region, name, name, *at, count))
        places += _whole(region, code, name, at, count)
    return municipalities, places


def _centre(district: dict[str, str], units: list[dict[str, str]]) -> str:
    """The district's town, where it has one; else the city."""
    towns = [row["unit"] for row in units if row["code"] == district["code"] and row["type"] == "г"]
    return towns[0] if towns else WHOLE[district["region"]][1]


def _unit(row: dict[str, str]) -> Place:
    name, type_ = row["unit"], row["type"]
    word = " " not in name and common(name)
    if type_ in {"г", "п"}:
        need = NEED_SIGN if word or type_ == "п" else NEED_NOTHING
        return Place("town", row["code"], name, need, type=type_, at=point(row), word=word)
    if name.endswith(("ий", "ый", "ой", "ское")):  # «Измайловское», «Народный»: only beside «округ»
        return Place("inner", row["code"], name, NEED_OTHERS, type="округ", at=point(row), adjective=True)
    need = NEED_OTHERS if word else NEED_SIGN
    return Place("area", row["code"], name, need, type=type_, at=point(row), word=word)


def _whole(region: str, code: str, name: str, at: tuple[float, float], count: int) -> Iterator[Place]:
    yield Place("town", code, name, NEED_NOTHING, type="г", at=at, population=count)
    for other in _OTHER_NAMES[region]:
        fixed = other in {"Мск", "СПб"}
        yield Place("town", code, other, NEED_SIGN, type="г", at=at, population=count, fixed=fixed)
