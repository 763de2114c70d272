"""Names misspelt by one letter."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from classifier.places.spelling import SHORTEST, Spelling, one_mistake

LETTERS = "абвгдежиклмнопрстуыья"
WORDS = st.text(LETTERS, min_size=SHORTEST, max_size=14)


@pytest.mark.parametrize(
    ("word", "form", "is_one"),
    [
        ("капейск", "копейск", True),
        ("копеск", "копейск", True),
        ("копейскк", "копейск", True),
        ("копйеск", "копейск", True),
        ("копейск", "копейск", False),
        ("капийск", "копейск", False),
        ("копеск", "копейскк", False),
        ("", "а", True),
        ("", "аб", False),
    ],
)
def test_one_mistake(word: str, form: str, is_one: bool) -> None:
    assert one_mistake(word, form) is is_one
    assert one_mistake(form, word) is is_one


@given(WORDS, st.data())
def test_every_form_is_found_with_a_letter_changed_added_or_left_out(form: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(form) - 1))
    letter = data.draw(st.sampled_from(LETTERS))
    spelling = Spelling([form])
    for word in (form[:at] + letter + form[at + 1 :], form[:at] + letter + form[at:], form[:at] + form[at + 1 :]):
        assert spelling.meant(word) == ([] if word == form else [form])


@given(WORDS, st.data())
def test_swapped_neighbours_are_found_but_in_the_very_middle(form: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(form) - 2))
    assume(at + 1 != len(form) // 2)
    word = form[:at] + form[at + 1] + form[at] + form[at + 2 :]
    assert Spelling([form]).meant(word) == ([] if word == form else [form])


@given(st.lists(WORDS, max_size=30), WORDS)
def test_only_forms_one_mistake_away_are_found(forms: list[str], word: str) -> None:
    found = Spelling(forms).meant(word)
    assert set(found) == {form for form in forms if one_mistake(word, form) and not _swapped_in_the_middle(word, form)}


def _swapped_in_the_middle(word: str, form: str) -> bool:
    half = len(form) // 2
    return len(word) == len(form) and word[:half] != form[:half] and word[half:] != form[half:]


def test_short_words_mean_nothing_else() -> None:
    assert Spelling(["сатка", "аша"]).meant("сатек") == []
