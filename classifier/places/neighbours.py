"""Which regions border on which, from where their settlements lie."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay

from classifier.places.sources import Municipality, Place

Floats = npt.NDArray[np.float64]

MIN_EDGES = 3
"""So many pairs of settlements must face each other: one or two are a slip in a coordinate."""
MAX_KM = 250.0
"""Settlements further apart do not face each other: there is a sea between them, or the tundra."""
_EARTH_KM = 6371.0
_MIDDLE = (62.0, 95.0)
"""Around this point the country is laid flat; what is not distorted there is who lies beside whom."""


def flat(degrees: Floats, middle: tuple[float, float]) -> Floats:
    """Latitudes and longitudes to kilometres east and north of `middle` (Lambert's azimuthal projection)."""
    (lat, lon), (lat0, lon0) = np.radians(degrees).T, np.radians(middle)
    cos = np.sin(lat0) * np.sin(lat) + np.cos(lat0) * np.cos(lat) * np.cos(lon - lon0)
    scale = _EARTH_KM * np.sqrt(2 / (1 + cos))
    east = scale * np.cos(lat) * np.sin(lon - lon0)
    north = scale * (np.cos(lat0) * np.sin(lat) - np.sin(lat0) * np.cos(lat) * np.cos(lon - lon0))
    result: Floats = np.column_stack([east, north])
    return result


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
