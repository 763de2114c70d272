import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planted import FLATS
from text import clean, mask
from text.address import find_address


@pytest.mark.parametrize(
    ("raw", "masked"),
    [
        ("кв. 15", "кв. [квартира]"),
        ("ул. Мира 5, кв.15 нет воды", "ул. Мира 5, кв.[квартира] нет воды"),
        ("Мира 5 кв 15", "Мира 5 кв [квартира]"),
        ("КВ. № 15а", "КВ. № [квартира]"),
        ("д.5кв15", "д.5кв[квартира]"),
        ("в квартире 15 холодно", "в квартире [квартира] холодно"),
        ("в квартирах 15 и 16.", "в квартирах [квартира]."),
        ("кв. 5, 7 и 9", "кв. [квартира]"),
        ("кв. 5, 3 дня нет воды", "кв. [квартира], 3 дня нет воды"),
        ("кв.15-16", "кв.[квартира]"),
        ("в 15 квартире", "в [квартира] квартире"),
        ("21-я квартира", "[квартира] квартира"),
        ("дом 6 квартира 7", "дом 6 квартира [квартира]"),
        ("Мира 5-12", "Мира 5-[квартира]"),
        ("ул. Мира, д. 5 - 12, нет воды", "ул. Мира, д. 5 - [квартира], нет воды"),
        ("Пушкина 5а–12", "Пушкина 5а–[квартира]"),
        ("Ленина 45/2-117", "Ленина 45/2-[квартира]"),
        ("проспект Ленина, 15 корп. 2 - 33", "проспект Ленина, 15 корп. 2 - [квартира]"),
        ("Мира 5-12 и Ленина 7-3", "Мира 5-[квартира] и Ленина 7-[квартира]"),
    ],
)
def test_a_flat_is_masked_and_its_house_stays(raw: str, masked: str) -> None:
    assert mask(raw) == masked
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "в 3 кв. 2026 года",
        "в 4 кв. 26 г.",
        "площадь 45 кв. м",
        "кв. 45 м",
        "ВЛ 110 кВ 15",
        "в квартире 15 градусов",
        "температура в квартире 15-18 градусов",
        "в квартире 16°",
        "в квартире 4 человека",
        "квартира 2-комнатная",
        "в квартире 35 квадратов",
        "в доме 21 квартира",
        "22 квартиры без тепла",
        "дом на 15 квартир",
        "квартал 15",
        "Мира 5, 12",
        "дома 5-12 по улице Мира",
        "улица Мира, дома 5-12",
        "на Мира 5-й подъезд",
        "Мира 5-12 этаж",
        "на улице Мира 5 - 12 июня отключат воду",
        "на Мира 10-18 часов нет света",
        "школа 5, дом 12 по улице Мира",
        "с 5-12 мая",
    ],
)
def test_what_is_no_flat_stays(text: str) -> None:
    assert mask(text) == text


def test_the_house_is_still_found() -> None:
    found = find_address(mask("На ул. Мира, 5-12 нет воды"))
    assert found is not None
    assert found.key == "мира, 5"


@pytest.mark.parametrize("flat", FLATS)
def test_a_planted_flat_is_gone_in_any_text(flat: str) -> None:
    for text in (flat, f"Нет воды, {flat}.", f"Адрес: {flat}; вторые сутки"):
        assert flat not in mask(clean(text))


WORDS = "кв кв. квартира квартире ул. Мира Ленина дома д. корп № и я м г. - – , . / 5 12 45 2026 7а [квартира]"
PARTS = st.sampled_from([*WORDS.split(" "), " ", " ", "\n"])


@given(st.lists(PARTS, max_size=20).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(st.lists(PARTS, max_size=12).map("".join), st.integers(1, 1899))
def test_a_named_flat_is_gone_whatever_stands_before_it(before: str, number: int) -> None:
    assert f"кв. {number}" not in mask(f"{before} кв. {number}")


@pytest.mark.parametrize("unit", ["кв. 5, ", "Мира 5-12 ", "5-", "кв 5-", "15 квартир"])
def test_the_time_is_linear(unit: str) -> None:
    start = time.process_time()
    mask(unit * (20_000 // len(unit)))
    assert time.process_time() - start < 2
