"""Streets that an operator has listed: the municipality of a post that names no place."""

import pytest
from pydantic import ValidationError

from classifier.places import Region, Resolver
from classifier.places.settings import ExtraStreet
from schemas import Geo


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    streets = [
        ExtraStreet(street="улица Ласьвинская", municipality="Пермь"),
        ExtraStreet(street="Ледяная", municipality="Кунгур"),
        ExtraStreet(street="ул. Ленина", municipality="Пермь"),
        ExtraStreet(street="улица Ленина", municipality="Кунгур"),
    ]
    return Resolver(Region.load("perm").with_streets(streets))


def test_a_listed_street_tells_the_municipality(resolver):
    text = "На Ласьвинской, 30 опять яма"
    place = resolver.resolve(text)
    assert place.municipality is not None
    assert (place.municipality.name, place.municipality.found_by, place.basis) == (
        "городской округ Пермский", "street", "street",
    )  # fmt: skip
    start, end = place.municipality.span
    assert text[start:end] == "Ласьвинской, 30"


def test_a_street_of_a_town_elsewhere_tells_nothing(resolver):
    assert resolver.resolve("Екатеринбург, Ласьвинская, 30: яма").municipality is None


@pytest.mark.parametrize(
    "text",
    [
        "На улице Ленина яма",  # two municipalities have one
        "На улице Мира яма",  # nobody has listed it
        "На Ласьвинской, 30 и на улице Ледяной, 5 ямы",  # two municipalities
        "Третий день нет воды",
    ],
)
def test_a_street_that_tells_nothing(resolver, text: str):
    assert resolver.resolve(text).municipality is None


def test_a_named_town_and_a_geotag_go_before_a_street_and_a_street_before_the_source(resolver):
    street = "На улице Ласьвинской, 30 яма"
    in_kungur = resolver.resolve(f"Кунгур. {street}")
    assert (in_kungur.municipality.name, in_kungur.municipality.found_by) == ("городской округ город Кунгур", "text")
    assert resolver.resolve(street, geo=Geo(lat=57.43, lon=56.94)).municipality.found_by == "geotag"
    assert resolver.resolve(street, hints=["Кунгур"]).municipality.found_by == "street"


def test_a_street_without_a_name():
    with pytest.raises(ValidationError, match="не видно названия улицы; напишите, например, «улица Дружбы»"):
        ExtraStreet(street="улица", municipality="Пермь")


def test_a_municipality_of_another_region():
    with pytest.raises(KeyError):
        Region.load("perm").with_streets([ExtraStreet(street="улица Мира", municipality="Копейск")])
