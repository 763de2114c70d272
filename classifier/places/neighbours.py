"""Which regions border on which, from where their settlements lie."""

from collections.abc import Iterator, Sequence

import numpy as np

from classifier.places.sources import Municipality, Place

BORDER_KM = 12.0
"""Settlements of two regions that lie closer than this face each other across a border: in settled country villages are
2 to 5 km apart."""


def neighbours(
    regions: Sequence[tuple[str, ...]], municipalities: Sequence[Municipality], places: Sequence[Place]
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Each region with the codes of those it borders on."""
    region_of = {one.oktmo: one.region for one in municipalities}
    located = [place for place in places if place.kind in {"town", "village"} and place.lat]
    degrees = np.array([(place.lat, place.lon) for place in located])
    codes = np.array([region_of[place.oktmo] for place in located])
    near: dict[str, set[str]] = {row[0]: set() for row in regions}
    lat, lon = np.radians(degrees).T
    points = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]) * 6371.0
    cells: dict[tuple[int, ...], list[int]] = {}
    for number, cell in enumerate(map(tuple, np.floor(points / BORDER_KM).astype(int).tolist())):
        cells.setdefault(cell, []).append(number)
    regions_in = {cell: set(codes[members].tolist()) for cell, members in cells.items()}
    for cell, members in cells.items():
        for step in np.ndindex(3, 3, 3):
            other = tuple(a + b - 1 for a, b in zip(cell, step, strict=True))
            if other not in cells or len(regions_in[other] | regions_in[cell]) < 2:
                continue
            theirs = cells[other]
            distance = np.linalg.norm(points[members][:, None] - points[theirs][None], axis=2)
            for i, j in zip(*np.nonzero(distance < BORDER_KM), strict=True):
                one, two = codes[members[i]], codes[theirs[j]]
                if one != two:
                    near[one].add(str(two))
                    near[two].add(str(one))
    for row in regions:
        yield row, sorted(near[row[0]])
