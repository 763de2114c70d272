"""The quality gate, and the figures it rests on."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from classifier import Model
from classifier.evaluation import measures
from classifier.evaluation.__main__ import main
from classifier.evaluation.addresses import same, truth
from classifier.evaluation.crossval import out_of_fold
from classifier.evaluation.gate import breaches, figure, lowered, pinned
from classifier.evaluation.places import gazetteer_digest
from classifier.evaluation.report import report
from classifier.evaluation.sections import sections
from classifier.evaluation.topics import figures
from classifier.training.data import Row, perm
from classifier.training.folds import clusters, folds
from classifier.training.topics import labelled
from otklik.evaluation.grouping import SECTION
from text.address import find_addresses

SECTIONS = [*sections(), SECTION]
DOCS = Path(__file__).parents[2] / "docs"
PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


@given(PAIRS)
def test_f1_equals_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, answer = (np.array(column) for column in zip(*pairs, strict=True))
    for average, ours in (("weighted", measures.weighted_f1), ("macro", measures.macro_f1)):
        assert ours(truth, answer, 5) == pytest.approx(f1_score(truth, answer, average=average, zero_division=0))


def test_calibration_error() -> None:
    probability = np.array([0.95, 0.95, 0.95, 0.95, 0.35, 0.35])
    right = np.array([True, True, True, False, True, False])
    assert measures.calibration_error(probability, right) == pytest.approx((4 * 0.2 + 2 * 0.15) / 6)


def test_coverage_takes_the_surest_first() -> None:
    probability, right = np.array([0.2, 0.9, 0.8, 0.5]), np.array([False, True, True, False])
    assert measures.coverage(probability, right, (1.0, 0.5)) == [(1.0, 0.2, 0.5), (0.5, 0.8, 1.0)]


def test_the_interval_holds_the_figure_and_repeats_are_no_evidence() -> None:
    chance = np.random.default_rng(1)
    truth = chance.integers(3, size=300)
    answer = np.where(chance.random(300) < 0.7, truth, (truth + 1) % 3)
    apart = measures.bootstrap_f1(truth, answer, 3, np.arange(300), 1)
    assert apart.low < apart.value < apart.high
    twice = [np.concatenate([one, one]) for one in (truth, answer, np.arange(300))]
    together = measures.bootstrap_f1(twice[0], twice[1], 3, twice[2], 1)
    assert (together.low, together.high) == pytest.approx((apart.low, apart.high))


def test_the_most_frequent_mistakes() -> None:
    truth, answer = np.array([0, 0, 0, 1, 1]), np.array([1, 1, 0, 0, 1])
    assert measures.confusions(truth, answer, ("а", "б"), 5) == [("а", "б", 2, 3), ("б", "а", 1, 2)]


def _measured(rows: list[Row]) -> dict[str, object]:
    cluster = clusters([row.lemmas for row in rows])
    return {"topics": figures(rows, cluster, out_of_fold(labelled(rows), rows, folds(cluster, 5, 1), lambda _: None))}


def test_the_gate_fails_on_shuffled_labels(small_data: Path) -> None:
    # the calibration error of a hundred texts is noise
    floors = {"topics": {path: limit for path, limit in pinned()["topics"].items() if not path.endswith("ece")}}
    rows = perm(small_data)
    assert breaches(_measured(rows), floors) == []
    labels = [(row.group, row.topic) for row in rows]
    random.Random(1).shuffle(labels)
    shuffled = [replace(row, group=group, topic=topic) for row, (group, topic) in zip(rows, labels, strict=True)]
    failed = {breach.path for breach in breaches(_measured(shuffled), floors)}
    assert {"group.value", "topic.value", "group.surest_80"} <= failed


def test_a_breach_says_what_and_how_far() -> None:
    floors = {"topics": {"group.value": {"least": 0.8}, "group.ece": {"most": 0.03}}, "absent": {"a": {"least": 1.0}}}
    found = breaches({"topics": {"group": {"value": 0.79, "ece": 0.02}}}, floors)
    assert [str(breach) for breach in found] == ["topics.group.value: 0.7900, не меньше 0.8"]
    # a figure that is no longer measured passes nothing
    assert [breach.path for breach in breaches({"topics": {}}, floors)] == ["group.value", "group.ece"]


def test_a_floor_is_lowered_by_a_smaller_least_a_larger_most_or_its_absence() -> None:
    earlier = {"a": {"x": {"least": 0.5}, "y": {"most": 2.0}, "z": {"least": 0.1}}}
    assert lowered({"a": {"x": {"least": 0.6}, "y": {"most": 1.0}, "z": {"least": 0.1}}}, earlier) == []
    assert lowered({"a": {"x": {"least": 0.4}, "y": {"most": 3.0}}}, earlier) == ["a.x", "a.y", "a.z"]


def test_lowered_floors_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier = {"floors": {"topics": {"group.value": {"least": 0.99}}}}
    (tmp_path / "evaluation.json").write_text(json.dumps(earlier))
    assert main([str(tmp_path), "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "Пороги понижены: topics.group.value. Если так и надо: --lower-floors.\n"


def test_without_data_it_says_how_to_get_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none"), "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"Нет данных для проверки: {tmp_path / 'none'}. Положите туда perm.csv.gz, kursk.csv.gz, spb.csv.gz и "
        "telegram.csv.gz (что это и откуда — docs/model-card.md) и укажите папку: OTKLIK_DATA=ПАПКА make eval.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_the_report_is_that_of_the_shipped_model_and_above_its_floors() -> None:
    found = json.loads((DOCS / "evaluation.json").read_text())
    assert found["model_sha256"] == Model.load().header["sha256"]
    assert found["sections"]["places"]["gazetteer_sha256"] == gazetteer_digest()
    assert found["floors"] == pinned()
    assert set(found["sections"]) == {section.name for section in SECTIONS}
    assert breaches(found["sections"], pinned()) == []
    assert (DOCS / "evaluation.md").read_text() == report(found, SECTIONS)


def test_every_floor_is_of_something_measured() -> None:
    found = json.loads((DOCS / "evaluation.json").read_text())["sections"]
    for section, wanted in pinned().items():
        for path in wanted:
            assert not np.isnan(figure(found[section], path)), (section, path)


@pytest.mark.parametrize(
    ("address", "text", "said", "right"),
    [
        ("г.Энск, улица Академика Сухова, дом 5, корпус 2, литера А", "Сухова 5 к2, лифт", True, True),
        ("г.Энск, Верхняя Садовая улица, дом 12/3", "На Садовой, 12 яма", False, False),  # the longest word is missing
        ("г.Энск, проспект Космонавтов, дом 7", "Нет света: 7 квартир на пр. Космонавтов, 9", True, False),
        ("г.Энск, проспект Космонавтов, дом 7", "пр. Космонавтов, 17", False, False),
    ],
)
def test_a_true_address_and_whether_it_is_found(address: str, text: str, said: bool, right: bool) -> None:
    true = truth(address, text)
    assert true is not None
    assert (true.said, any(same(found, true) for found in find_addresses(text))) == (said, right)


@pytest.mark.parametrize("address", ["", "г.Энск, Летний сад", "г.Энск, 5-я линия В.О., дом 3", "дом 5"])
def test_addresses_that_nothing_can_be_measured_with(address: str) -> None:
    assert truth(address, "текст") is None
