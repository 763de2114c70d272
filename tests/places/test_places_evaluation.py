"""The figures of the section on texts whose answers are known."""

import csv
import gzip
from pathlib import Path

import pytest

from classifier.evaluation import places
from classifier.places import Resolver

TEXTS = ["В Копейске нет воды", "Миасс, яма", "нет воды", "В Перми нет света"]


def test_claims_are_false_unless_they_were_looked_at(resolver: Resolver) -> None:
    looked_at = {places.hashed(TEXTS[0]): "75728000", places.hashed(TEXTS[1]): "75728000"}
    figures = places.figures_of_claims(resolver, TEXTS, looked_at)
    assert figures == {"texts": 4, "claims": 2, "false": 1, "share": 0.25}


def test_labels_count_right_wrong_and_silence(resolver: Resolver) -> None:
    known = dict(zip(map(places.hashed, TEXTS), ["75728000", "75701000", "", ""], strict=True))
    figures = places.figures_of_labels(resolver, [*TEXTS, "Златоуст без ярлыка", TEXTS[0]], known)
    assert figures["named"] == {"share": 0.5, "texts": 2}
    assert figures["silence"] == {"share": 1.0, "texts": 2}
    assert figures["wrong"] == 0.5
    assert figures["lost"] == 0


def test_a_label_stays_with_its_text_however_that_is_masked(resolver: Resolver) -> None:
    text = "В Копейске, на Мира 5, кв. 12 нет воды. Тел. 8 912 345-67-89"
    assert places.ready(text) != text
    figures = places.figures_of_labels(resolver, [text], {places.hashed(text): "75728000", places.hashed("нет"): ""})
    assert (figures["named"], figures["lost"]) == ({"share": 1.0, "texts": 1}, 1)
    assert places.figures_of_claims(resolver, [text], {places.hashed(text): "75728000"})["false"] == 0


def test_districts_are_compared_with_the_address(tmp_path: Path) -> None:
    path = tmp_path / "spb.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("district", "text"))
        writer.writerow(("Невский", "Администрация Невского района молчит"))
        writer.writerow(("Невский", "Администрация Калининского района молчит"))
        writer.writerow(("Колпинский", "Колпино в снегу"))
        writer.writerow(("Калининский", "Лифт стоит"))
    figures = places.figures_of_districts(path)
    assert figures["district"] == {"texts": 2, "answered": 1.0, "right of answered": 0.5}
    assert figures["town"] == {"texts": 1, "answered": 1.0, "right of answered": 1.0}


def test_every_kind_of_case_is_in_the_table(resolver: Resolver) -> None:
    case = {"text": TEXTS[0], "oktmo": "75728000", "kind": "inflected", "written": "before"}
    answers = [places.answer(resolver, case)]
    assert places.figures_of_cases([case], answers)["kinds"] == {"inflected": {"share": 1.0, "texts": 1}}
    assert places.figures_of_bases([case], answers)["plain"] == {
        "share": 1.0,
        "texts": 1,
        "probability": pytest.approx(0.98),
    }
