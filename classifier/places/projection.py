"""The globe laid flat around a point (Lambert's azimuthal projection): areas are true, distances nearly so."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]

EARTH_KM = 6371.0


def flat(degrees: Floats, middle: Point) -> Floats:
    """Latitudes and longitudes to kilometres east and north of `middle`."""
    (lat, lon), (lat0, lon0) = np.radians(degrees).T, np.radians(middle)
    cos = np.sin(lat0) * np.sin(lat) + np.cos(lat0) * np.cos(lat) * np.cos(lon - lon0)
    scale = EARTH_KM * np.sqrt(2 / (1 + cos))
    east = scale * np.cos(lat) * np.sin(lon - lon0)
    north = scale * (np.cos(lat0) * np.sin(lat) - np.sin(lat0) * np.cos(lat) * np.cos(lon - lon0))
    result: Floats = np.column_stack([east, north])
    return result


def round_again(kilometres: Floats, middle: Point) -> Floats:
    """The way back: kilometres east and north of `middle` to latitudes and longitudes."""
    lat0, lon0 = np.radians(middle)
    east, north = kilometres.T
    distance = np.maximum(np.hypot(east, north), 1e-9)
    angle = 2 * np.arcsin(np.clip(distance / (2 * EARTH_KM), -1, 1))
    lat = np.arcsin(np.cos(angle) * np.sin(lat0) + north * np.sin(angle) * np.cos(lat0) / distance)
    lon = lon0 + np.arctan2(
        east * np.sin(angle),
        distance * np.cos(lat0) * np.cos(angle) - north * np.sin(lat0) * np.sin(angle),
    )
    result: Floats = np.degrees(np.column_stack([lat, lon]))
    return result
