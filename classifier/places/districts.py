"""Districts of cities out of `data/city_districts.csv`: the settlement table has those of Ufa and Astrakhan only."""

from collections import defaultdict
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from classifier.places.sources import Municipality, Place, SourceError, rows
from classifier.places.table import NEED_OTHERS, NEED_TYPE

FILE = Path(str(files("classifier").joinpath("data", "city_districts.csv")))


def city_districts(path: Path, municipalities: Sequence[Municipality], places: Sequence[Place]) -> list[Place]:
    """A name for each district of the file, which stands for its city's municipality.

    «Ленинский» says by itself which city it is if no other municipality of the region has a district of that name,
    nor bears it: else it needs its city.

    Raises:
        SourceError: a row's code is not that of its city.
    """
    of_code = {one.oktmo: one for one in municipalities}
    bearers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for place in places:
        if place.kind in {"district", "inner"}:
            bearers[of_code[place.oktmo].region, place.name].add(place.oktmo)
    listed = rows(path)
    for line, row in enumerate(listed, 2):
        city = of_code.get(row["oktmo"])
        if city is None or city.centre != row["city"]:
            raise SourceError(path, line, f"{row['oktmo']} is not the code of {row['city']}")
        bearers[city.region, row["district"]].add(city.oktmo)
    return [
        Place(
            "inner",
            row["oktmo"],
            row["district"],
            NEED_OTHERS if len(bearers[of_code[row["oktmo"]].region, row["district"]]) > 1 else NEED_TYPE,
            type=row["kind"],
            adjective=True,
        )
        for row in listed
    ]
