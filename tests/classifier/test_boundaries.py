"""Shapes of municipalities, of the whole country and of invented lands."""

import numpy as np
import orjson
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from classifier.places import Region, load
from classifier.places.boundaries import MAX_BYTES, boundaries
from classifier.places.projection import flat, round_again
from classifier.places.table import WHOLE_CITIES


@pytest.mark.parametrize("slug", [row.slug for row in load().regions])
def test_every_municipality_of_every_region_has_its_own_ground(slug: str) -> None:
    region = Region.load(slug)
    drawn = boundaries(region)
    assert len(orjson.dumps(drawn)) <= MAX_BYTES
    features = drawn["features"]
    codes = [feature["properties"]["oktmo"] for feature in features]
    assert codes == sorted(region.oktmo_codes - WHOLE_CITIES)
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    assert all(shape.is_valid and shape.area > 0 for shape in shapes)
    together = shapely.union_all(shapes)
    overlap = sum(shape.area for shape in shapes) - together.area
    assert abs(overlap) < 1e-4 * together.area  # what rounding the coordinates leaves
    for feature in features:
        name = region.table.municipalities[feature["properties"]["oktmo"]].name
        assert feature["properties"] == {"oktmo": feature["properties"]["oktmo"], "name": name, "region": region.code}


def test_most_settlements_lie_in_the_shape_of_their_municipality() -> None:
    region = Region.load("chelyabinsk")
    shapes = {
        feature["properties"]["oktmo"]: shapely.geometry.shape(feature["geometry"])
        for feature in boundaries(region)["features"]
    }
    places = [n for n in region.table.names if n.oktmo in shapes and n.kind in {"town", "village"} and n.lat and n.lon]
    inside = [shapely.contains_xy(shapes[name.oktmo], name.lon, name.lat) for name in places]
    assert np.mean(inside) > 0.97  # the rest: spots of two municipalities at once, and slips in coordinates


@settings(max_examples=200, deadline=None)
@given(
    arrays.arrays(np.float64, (5, 2), elements=st.floats(-5, 5)),
    st.tuples(st.floats(42, 75), st.floats(20, 180)),
)
def test_the_projection_has_a_way_back(steps: np.ndarray, middle: tuple[float, float]) -> None:
    degrees = np.array(middle) + steps
    back = round_again(flat(degrees, middle), middle)
    assert np.allclose(back, degrees, atol=1e-5)
