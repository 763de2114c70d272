"""What `otklik explain` says of the place."""

import io

import pytest
from rich.console import Console

from classifier import Classifier, Item
from classifier.explain import explain
from classifier.places import Region
from otklik.explaining import as_json, show


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(region=Region.load("chelyabinsk"))


def place_lines(classifier: Classifier, item: Item) -> list[str]:
    out = io.StringIO()
    show(explain(classifier, item), classifier, Console(file=out, width=300))
    lines = out.getvalue().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Место:"))
    end = next(i for i, line in enumerate(lines) if line.startswith("Срочность:"))
    return [line.removeprefix("Место:").strip() for line in lines[start:end]]


@pytest.mark.parametrize(
    ("item", "lines"),
    [
        (
            Item("в Капейске нет воды, везут из Перми"),
            [
                "Копейский городской округ (75728000), 0,90 — названо в тексте: «Капейске»",
                "с опечаткой в одной букве",
                "названо место вне региона: городской округ Пермский",
            ],
        ),
        (
            Item("дорога Сатка — Златоуст в ямах"),
            [
                "Саткинский муниципальный округ (75549000), 0,90 — названо в тексте: «Сатка»",
                "это имя ничего другого не значит",
                "названы также: Златоустовский городской округ",
            ],
        ),
        (Item("В Перми прорвало трубу"), ["не названо", "названо место вне региона: городской округ Пермский"]),
        (Item("прорвало трубу"), ["не названо"]),
        (
            Item("прорвало трубу", source_municipality="Копейск"),
            [
                "Копейский городской округ (75728000), 0,70 — так задано у источника или сказано в записи, на которую "
                "отвечают",
                "в тексте места нет; так задано у источника",
            ],
        ),
    ],
)
def test_on_what_the_place_rests(classifier: Classifier, item: Item, lines: list[str]) -> None:
    assert place_lines(classifier, item) == lines


def test_the_same_for_programs(classifier: Classifier) -> None:
    found = as_json(explain(classifier, Item("Пос. Роза, нет воды")), classifier)
    assert found["place"] == {"settlement": "Роза", "basis": "typed", "outside": None}
    assert found["municipality"]["words"] == "Роза"
