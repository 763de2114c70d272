"""Urgency of our own sentences."""

import time
from collections import Counter
from pathlib import Path

import pytest

from classifier.features import judged_lemmas
from classifier.urgency import TOPIC_SURE, urgency
from classifier.urgency_rules import table

LINES = (Path(__file__).parent / "urgency_cases.txt").read_text(encoding="utf-8").splitlines()
CASES = [line.split("|") for line in LINES if line and not line.startswith("#")]


def judged(text: str, **given):
    return urgency(text, judged_lemmas(text), **given)


@pytest.mark.parametrize(("expected", "month", "text"), CASES, ids=[case[2] for case in CASES])
def test_words_decide(expected: str, month: str, text: str) -> None:
    assert judged(text, month=int(month) if month else None).urgency == expected


def test_there_are_enough_sentences_of_every_kind() -> None:
    kinds = Counter(case[0] for case in CASES)
    assert len(CASES) >= 200
    assert min(kinds.values()) >= 40


def test_every_rule_decides_some_sentence() -> None:
    decided = {judged(text, month=int(month) if month else None).rule for _, month, text in CASES}
    assert {rule.id for rule in table().rules} - decided == set()


@pytest.mark.parametrize(
    ("topic", "probability", "expected"),
    [
        ("now", 0.9, "now"),
        ("now", TOPIC_SURE - 0.01, "normal"),
        ("soon", TOPIC_SURE, "soon"),
        ("normal", 0.9, "normal"),
    ],
)
def test_a_sure_topic_decides_where_words_do_not(topic, probability, expected) -> None:
    assert judged("примите меры", topic=topic, probability=probability).urgency == expected


def test_words_of_danger_stand_above_the_topic_and_other_words_do_not() -> None:
    assert judged("Пахнет газом", topic="soon", probability=1.0).rule == "gas"
    assert judged("Лифт не работает", topic="now", probability=1.0).rule == "topic"


def test_a_verdict_says_which_rule_and_which_words() -> None:
    found = judged("Вчера во дворе провод оборвало")
    assert (found.rule, found.because, found.words) == ("wires", "оборван или висит провод", ("провод", "оборвало"))
    assert judged("Скорая так и не приехала").words == ("скорая", "не приехала")
    assert judged("Добрый день").because == "ни одно правило не подошло"


def test_rules_are_ordered_so_that_the_first_that_fits_is_the_most_urgent() -> None:
    order = [rule.urgency for rule in table().rules]
    assert order == sorted(order, key=("now", "soon", "normal").index)
    assert len({rule.id for rule in table().rules}) == len(order)


@pytest.mark.parametrize(
    "text", ["", "не", "не не не", "газ " * 5_000, "запах " * 2_500 + "газ " * 2_500, "!" * 20_000]
)
def test_any_text_takes_bounded_time(text: str) -> None:
    started = time.process_time()
    judged(text)
    assert time.process_time() - started < 1  # some 20 ms; the bound only catches the quadratic
