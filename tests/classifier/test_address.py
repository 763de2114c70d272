"""The address of a post."""

import pytest

from classifier.address import MAX_OTHERS, address_of
from classifier.places.streets import municipality_by_street, streets_by_key
from schemas import Address
from text.address import find_addresses

KOPEYSK, MIASS = "75728000", "75742000"


def test_all_that_is_told() -> None:
    assert address_of("Затопило дома 3, 5 к2 и 7 по Пушкинской улице и Кирова 12") == Address(
        street="Пушкинская",
        street_type="улица",
        house="3",
        text="дома 3, 5 к2 и 7 по Пушкинской улице",
        key="пушкинская, 3",
        street_key="пушкинская",
        probability=0.93,
        others=("пушкинская, 5/2", "пушкинская, 7", "кирова, 12"),
    )


def test_a_street_alone() -> None:
    found = address_of("нет света на Ржевского")
    assert found == Address(
        street="Ржевского", text="Ржевского", key="ржевского", street_key="ржевского", probability=0.5
    )


def test_what_the_source_gives_goes_first() -> None:
    given = address_of("На ул. Полевой, 3 яма", "Копейск, ул. Садовая, 5")
    assert given is not None
    assert (given.key, given.text) == ("садовая, 5", "ул. Садовая, 5")


@pytest.mark.parametrize(
    ("given", "key"), [("садовая 5", "садовая, 5"), ("Копейск", "полевая, 3"), (None, "полевая, 3")]
)
def test_a_field_may_be_in_small_letters_and_may_hold_no_street(given: str | None, key: str) -> None:
    found = address_of("На ул. Полевой, 3 яма", given)
    assert found is not None
    assert found.key == key


def test_no_address() -> None:
    assert address_of("Нет воды второй день", "") is None


def test_a_list_of_streets_is_cut() -> None:
    found = address_of("; ".join(f"ул. Мира, {number}" for number in range(1, 100)))
    assert found is not None
    assert len(found.others) == MAX_OTHERS


def test_an_address_of_before_there_were_keys_is_read() -> None:
    old = Address.model_validate({"street": "Ленина", "house": "5", "text": "ул. Ленина, 5"})
    assert (old.key, old.street_key, old.others) == (None, None, ())


def test_a_listed_street_gives_its_municipality() -> None:
    streets = streets_by_key({KOPEYSK: ["ул. Сутягина", "проспект Победы"], MIASS: ["пр-т Автозаводцев", "Победы", ""]})
    assert streets == {"сутягина": KOPEYSK, "автозаводцев": MIASS}
    found = municipality_by_street(find_addresses("На Сутягина, 12 и на ул. Мира нет воды"), streets)
    assert found is not None
    assert (found[0], found[1].key) == (KOPEYSK, "сутягина, 12")


@pytest.mark.parametrize("text", ["ул. Мира, 5", "ул. Сутягина, 5, пр. Автозаводцев, 7", "нет воды"])
def test_unlisted_streets_and_streets_of_two_municipalities_give_none(text: str) -> None:
    streets = streets_by_key({KOPEYSK: ["Сутягина"], MIASS: ["Автозаводцев"]})
    assert municipality_by_street(find_addresses(text), streets) is None
