"""Shapes of a region's municipalities, computed from where its settlements lie.

Every place takes the ground that is nearer to it than to any other (Voronoi cells); the cells of a municipality are
merged, cut off some way beyond the outermost settlements, and simplified together, so that neighbours keep sharing
their borders. Good enough to colour a map; the true borders are an operator's to supply.
"""

from collections import Counter
from typing import Any

import numpy as np
import orjson
import shapely
from scipy.spatial import cKDTree

from classifier.places.projection import Floats, flat, round_again
from classifier.places.region import Region
from classifier.places.table import WHOLE_CITIES

MAX_BYTES = 150_000
"""Of a region's GeoJSON: a console loads it at once."""
CONCAVITY = 0.25
"""How closely the outline follows the outermost settlements (0 closest, 1 the convex hull): at this much it has no
holes in the taiga and still leaves the sea out."""
MARGIN_KM = 10.0
"""Beyond the outermost settlements."""
TOLERANCE_KM = 0.5
"""Border lines may move by this; it is doubled until the file is small enough."""
DECIMALS = 4
"""Of a degree: some ten metres."""
NEAREST = 10
"""A settlement of whose so many neighbours none is of its municipality lies where a slip in a coordinate put it."""


def boundaries(region: Region) -> dict[str, Any]:
    """A GeoJSON FeatureCollection with a feature per municipality, in the order of codes: `oktmo`, `name`, `region`.

    Municipalities do not overlap. Under `MAX_BYTES` when written without spaces.
    """
    owners, degrees = _seeds(region)
    middle = (float(degrees[:, 0].mean()), _middle_longitude(degrees[:, 1]))
    points = flat(degrees, middle)
    kept = _plausible(owners, points)
    owners, points = [owner for owner, keep in zip(owners, kept, strict=True) if keep], points[kept]
    outline = shapely.concave_hull(shapely.MultiPoint(points), ratio=CONCAVITY, allow_holes=False).buffer(MARGIN_KM)
    abroad = _others(region, middle, outline, points)
    cells = shapely.voronoi_polygons(
        shapely.MultiPoint(np.vstack([points, abroad])), extend_to=outline.buffer(MARGIN_KM), ordered=True
    )
    codes = sorted(set(owners))
    own = np.array(owners)
    pieces = shapely.get_parts(cells)[: len(points)]
    merged = [shapely.intersection(shapely.union_all(pieces[own == code]), outline) for code in codes]
    tolerance = TOLERANCE_KM
    while True:
        found = _features(region, codes, shapely.coverage_simplify(merged, tolerance), middle)
        if len(orjson.dumps(found)) <= MAX_BYTES:
            return found
        tolerance *= 2


def _middle_longitude(lons: Floats) -> float:
    """Chukotka lies on both sides of the 180th meridian."""
    angles = np.radians(lons)
    return float(np.degrees(np.arctan2(np.sin(angles).mean(), np.cos(angles).mean())))


def _seeds(region: Region) -> tuple[list[str], Floats]:
    """Codes of municipalities and the distinct points that lie in them; every municipality has one at least."""
    codes = region.oktmo_codes - WHOLE_CITIES
    located = [
        (name.oktmo, name.lat, name.lon)
        for name in region.table.names
        if name.oktmo in codes and name.kind in {"town", "village", "area", "inner"}
        if name.lat is not None and name.lon is not None
    ]
    seen = {oktmo for oktmo, _, _ in located}
    located += [(info.oktmo, info.lat, info.lon) for info in region.municipalities if info.oktmo in codes - seen]
    count = Counter(oktmo for oktmo, _, _ in located)
    at: dict[tuple[float, float], str] = {}
    for oktmo, lat, lon in sorted(located, key=lambda one: (count[one[0]], one)):
        at.setdefault((lat, lon), oktmo)  # of two in one spot the one whose municipality has less to lose
    return list(at.values()), np.array(list(at))


def _plausible(owners: list[str], points: Floats) -> Any:
    """Which points lie among others of their municipality; the only one or two of a municipality always do."""
    count = Counter(owners)
    near = cKDTree(points).query(points, k=min(NEAREST + 1, len(points)))[1].reshape(len(points), -1)
    return np.array(
        [
            count[owner] < 3 or any(owners[other] == owner for other in others if other != number)
            for number, (owner, others) in enumerate(zip(owners, near.tolist(), strict=True))
        ]
    )


def _others(region: Region, middle: tuple[float, float], outline: Any, own: Floats) -> Floats:
    """Settlements of other regions inside the outline: they keep their ground."""
    located = {
        (name.lat, name.lon)
        for name in region.table.names
        if name.oktmo not in region.oktmo_codes and name.kind in {"town", "village"}
        if name.lat is not None and name.lon is not None
    }
    if not located:
        return np.empty((0, 2))
    points = flat(np.array(sorted(located)), middle)
    inside = shapely.contains_xy(outline, points[:, 0], points[:, 1])
    apart = cKDTree(own).query(points)[0] > 0.01  # not the same spot
    result: Floats = points[inside & apart]
    return result


def _features(region: Region, codes: list[str], shapes: Any, middle: tuple[float, float]) -> dict[str, Any]:
    def degrees(points: Floats) -> Floats:
        result: Floats = np.round(round_again(points, middle)[:, ::-1], DECIMALS)
        return result

    names = region.table.municipalities
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"oktmo": code, "name": names[code].name, "region": region.code},
                "geometry": shapely.geometry.mapping(shapely.transform(shape, degrees)),
            }
            for code, shape in zip(codes, shapes, strict=True)
        ],
    }
