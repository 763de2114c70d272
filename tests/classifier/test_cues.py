"""Cues: what they tell apart, and that no text makes them slow."""

import pytest

from classifier.cues import MAX_WORDS, Reading, read
from classifier.lexicon import CLASSES
from text import cut


def _read(text: str) -> Reading:
    return read(cut(text))


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
    assert cue in _read(trouble).cues
    assert cue not in _read(none).cues


@pytest.mark.parametrize(
    ("drawn_out", "spelt"), [("Нееееет водыыыы", "Нет воды"), ("когдаааа ввввключат?", "когда включат?")]
)
def test_drawn_out_letters_change_nothing(drawn_out: str, spelt: str) -> None:
    assert _read(drawn_out) == _read(spelt)


def test_no_longer_is_no_plain_negation() -> None:
    assert "больше не течь/is" in _read("Больше не течёт").cues
    assert "=больше не lack" in _read("очередей больше нет").cues


def test_words_are_lemmas_prefixes_and_one_number() -> None:
    assert _read("Отопления на Мира 17 нет").words == ["отопление", "отопл*", "на", "мир", "0", "нет"]


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
    assert name in _read(text).cues


@pytest.mark.parametrize("text", ["", "👍", "...", "\n\n", "1", "𗀀", "hello", "水"])
def test_hardly_anything_to_read(text: str) -> None:
    assert "words<4" in _read(text).cues


def test_a_pause_parts_what_it_stands_between() -> None:
    assert "=need+lack" not in _read("вода. нет").cues
    assert "?" in _read("?! нет воды").cues


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    kept = "вода. " * MAX_WORDS
    assert _read(kept + "нет?") == _read(kept + "не дали! " * 100)


@pytest.mark.parametrize("text", ["нет ", "1", "вода не дана ", "?! ", "1 ", "вода нет свет беда "])
def test_work_grows_with_the_text(text: str) -> None:
    short, long = _read(text * 100), _read(text * 200)
    assert len(long.words) + len(long.cues) <= 2 * (len(short.words) + len(short.cues)) + 10


def test_a_class_repeats_no_word() -> None:
    for name, members in CLASSES.items():
        words = members.split()
        assert len(words) == len(set(words)), name
        assert all("ё" not in word for word in words), name
