"""Which regions border on which, from where their settlements lie."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.spatial import Delaunay

from classifier.places.projection import flat
from classifier.places.sources import Municipality, Place

MIN_EDGES = 3
"""So many pairs of settlements must face each other: one or two are a slip in a coordinate."""
MAX_KM = 250.0
"""Settlements further apart do not face each other: there is a sea between them, or the tundra."""
_MIDDLE = (62.0, 95.0)
"""Around this point the country is laid flat; what is not distorted there is who lies beside whom."""


def neighbours(
    regions: Sequence[tuple[str, ...]], municipalities: Sequence[Municipality], places: Sequence[Place]
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Each region with the codes of those it borders on."""
    region_of = {one.oktmo: one.region for one in municipalities}
    located = sorted({(place.at, region_of[place.oktmo]) for place in places if any(place.at)})
    codes = [code for _, code in located]
    points = flat(np.array([at for at, _ in located]), _MIDDLE)
    triangles = Delaunay(points).simplices
    edges = np.unique(
        np.sort(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]]), axis=1), axis=0
    )
    short = edges[np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1) < MAX_KM]
    facing = Counter((codes[a], codes[b]) for a, b in short.tolist() if codes[a] != codes[b])
    near: dict[str, set[str]] = {row[0]: set() for row in regions}
    for one, other in list(facing):
        if facing[one, other] + facing[other, one] >= MIN_EDGES:
            near[one].add(other)
            near[other].add(one)
    for row in regions:
        yield row, sorted(near[row[0]])
