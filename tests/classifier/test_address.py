"""Addresses out of our own sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.address import find_address


@pytest.mark.parametrize(
    ("text", "street", "house"),
    [
        ("Нет света на ул. Ленина, 5", "Ленина", "5"),
        ("улица Гагарина, д. 7, второй подъезд", "Гагарина", "7"),
        ("Прорыв трубы, Карла Маркса 172", "Карла Маркса", "172"),
        ("пр. Победы 168а", "Победы", "168а"),
        ("ул. Пушкина, д. 3 корп. 2", "Пушкина", "3корп.2"),
        ("на проспекте Ленина темно", "Ленина", None),
        ("дом на Дарвина, 12", "Дарвина", "12"),
        ("переулок Лесной, 4/1", "Лесной", "4/1"),
        ("ул. 50 лет Октября 14", "50 лет Октября", "14"),
        ("на улице гагарина 30 яма", "гагарина", "30"),
        ("во дворе на Ленина 5 в Копейске нет воды", "Ленина", "5"),
        ("ул. Мира 12 в, третий подъезд", "Мира", "12в"),
        ("ул. Мира 12 б нет света", "Мира", "12б"),
    ],
)
def test_address(text: str, street: str, house: str | None) -> None:
    found = find_address(text)
    assert found is not None
    assert (found.street, found.house) == (street, house)
    assert found.text in text


@pytest.mark.parametrize(
    "text",
    [
        "нет воды",
        "Школа 5 закрыта",
        "на улице холодно",
        "Больница 3 без врачей",
        "Маршрут 58 не ходит",
        "Всего 12 домов",
        "",
    ],
)
def test_no_address(text: str) -> None:
    assert find_address(text) is None


@given(st.text(alphabet="улд.ица 5,Л-ё\n", max_size=300))
def test_any_text(text: str) -> None:
    found = find_address(text)
    assert found is None or found.text in text
