"""Builds `classifier/data/places.npz` out of the plain CSV files of the gazetteer.

    python -m classifier.places.build ../shared/geo [OUT]

The columns are described in docs/places.md, the provenance of each fact in docs/data-sources.md.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier.places import columns
from classifier.places.chelyabinsk import CODE, chelyabinsk
from classifier.places.districts import FILE, city_districts
from classifier.places.encode import Lexeme, lexeme, name_columns, text_column
from classifier.places.federal import WHOLE, federal_cities
from classifier.places.inflect import adjective_forms, words_forms
from classifier.places.neighbours import neighbours
from classifier.places.russia import country, region_rows
from classifier.places.sources import Place
from classifier.places.table import DEGREE, KINDS, RIVER, WORD
from text import normal, tokens

OUT = Path(__file__).parent.parent / "data" / "places.npz"


def phrase(place: Place) -> tuple[Lexeme, ...]:
    """The words of a name, each with its case forms."""
    if place.fixed:
        return tuple((normal(token.text), "0|") for token in tokens(place.name))
    if place.adjective:
        return tuple(lexeme(word, adjective_forms(word)) for word in map(normal, place.name.split()))
    return tuple(lexeme(forms[0], forms) for forms in words_forms(place.name))


def build(folder: Path, out: Path = OUT, districts: Path = FILE) -> int:
    """Write the table and return the number of its rows. Same input, same bytes."""
    regions = region_rows()
    parts = [country(folder, skip=frozenset({CODE, *WHOLE})), chelyabinsk(folder), federal_cities(folder)]
    municipalities = sorted((one for own, _ in parts for one in own), key=lambda one: one.oktmo)
    found = [place for _, own in parts for place in own]
    places = sorted([*found, *city_districts(districts, municipalities, found)], key=Place.key)
    number = {one.oktmo: i for i, one in enumerate(municipalities)}
    phrases = {place: phrase(place) for place in places}
    names = sorted({(place.name, phrases[place]) for place in places})
    name_number = {name: i for i, name in enumerate(names)}
    types = sorted({place.type for place in places})

    def column(cells: Iterable[int], kind: Any) -> npt.NDArray[Any]:
        return np.array(list(cells), dtype=kind)

    result = {
        "regions": text_column(
            "\t".join([*row, "|".join(near)]) for row, near in neighbours(regions, municipalities, places)
        ),
        "municipalities": text_column(one.line() for one in municipalities),
        "types": text_column(types),
        **name_columns([title for title, _ in names], [words for _, words in names]),
        "row_phrase": column((name_number[place.name, phrases[place]] for place in places), np.uint32),
        "row_kind": column((KINDS.index(place.kind) for place in places), np.uint8),
        "row_type": column((types.index(place.type) for place in places), np.uint8),
        "row_municipality": column((number[place.oktmo] for place in places), np.uint16),
        "row_need": column((place.need for place in places), np.uint8),
        "row_flags": column((RIVER * place.river + WORD * place.word for place in places), np.uint8),
        "row_lat": column((round(place.at[0] * DEGREE) for place in places), np.int32),
        "row_lon": column((round(place.at[1] * DEGREE) for place in places), np.int32),
        "row_population": column((place.population for place in places), np.uint32),
        "row_code": column((int(place.code or 0) for place in places), np.uint64),
    }
    columns.write(out, result)
    return len(places)


if __name__ == "__main__":
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else OUT
    print(build(Path(sys.argv[1]), target), "rows", target.stat().st_size, "bytes")
