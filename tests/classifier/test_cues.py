"""Cues: what they tell apart, and that no text makes them slow."""

import time

import pytest

from classifier.cues import MAX_WORDS, read
from classifier.lexicon import CLASSES


@pytest.mark.parametrize(
    ("trouble", "none", "cue"),
    [
        ("воды нет", "вода есть", "=need+lack"),
        ("так и не починили", "наконец починили", "не починить/past"),
        ("почините лифт", "починили лифт", "починить/do"),
        ("когда включат?", "когда включили, обрадовались", "?=fix/will"),
        ("крыша течёт", "крыша больше не течёт", "=fail/is"),
        ("починили и снова встал", "стоял, но починили", "fix/past>fail/past"),
        ("мусор не вывозят", "мусор вывозят", "не вывозить/is"),
    ],
)
def test_what_lemmas_do_not_tell(trouble: str, none: str, cue: str) -> None:
    assert cue in read(trouble).cues
    assert cue not in read(none).cues


def test_no_longer_is_no_plain_negation() -> None:
    assert "больше не течь/is" in read("Больше не течёт").cues
    assert "=больше не lack" in read("очередей больше нет").cues


def test_words_are_lemmas_prefixes_and_one_number() -> None:
    assert read("Отопления на Мира 17 нет").words == ["отопление", "отопл*", "на", "мир", "0", "нет"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Продам за 8 тыс", "price"),
        ("Звоните [телефон]", "phone"),
        ("https://example.org", "link"),
        ("#вода", "hashtag"),
        ("где вода???", "??"),
        ("скидка 50 %", "percent"),
        ("с 9:00", "time"),
        ("спасибо 👍", "emoji"),
        ("смешно )))", "smile"),
    ],
)
def test_layout(text: str, name: str) -> None:
    assert name in read(text).cues


@pytest.mark.parametrize("text", ["", "👍", "...", "\n\n", "1", "𗀀", "hello", "水"])
def test_hardly_anything_to_read(text: str) -> None:
    assert "words<4" in read(text).cues


@pytest.mark.parametrize("text", ["нет " * 5_000, "1" * 20_000, "вода не дана " * 1_600, "?! " * 6_000, "1 " * 10_000])
def test_long_texts_take_linear_time(text: str) -> None:
    start = time.perf_counter()
    assert read(text).length <= MAX_WORDS
    assert time.perf_counter() - start < 2  # typically 0.02 s; the bound only catches the quadratic


def test_a_class_repeats_no_word() -> None:
    for name, members in CLASSES.items():
        words = members.split()
        assert len(words) == len(set(words)), name
        assert all("ё" not in word for word in words), name
