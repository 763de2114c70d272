"""A text is cut once, and everybody reads the same words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text import cut, lemmas, tokens
from text.cut import MAX_GUESSED


@given(st.text(alphabet="аяёйЖ-хtw1٣².?!…;\n ,:/\u0301\u200b🙂"))
def test_words_and_lemmas_are_those_of_the_whole_text(text: str) -> None:
    found = cut(text)
    assert found.words == [token.text for token in tokens(text)]
    assert found.words == [word for sentence in found.sentences for word in sentence.words]
    assert found.lemmas == lemmas(text)


@pytest.mark.parametrize("text", ["См. https://vk.com/вода и www.site.ru", "нет во\u0301ды", "не\u200bт"])
def test_links_and_marks_are_no_lemmas(text: str) -> None:
    assert cut(text).lemmas == lemmas(text)


def test_sentences() -> None:
    found = cut("Нет воды!? ул.Мира, 12.5; всё")
    assert [(sentence.words, sentence.end) for sentence in found.sentences] == [
        (["Нет", "воды"], "!?"),
        (["ул"], "."),
        (["Мира", "12"], "."),
        (["5"], ";"),
        (["всё"], ""),
    ]
    assert cut("").sentences == [([], "")]


def test_no_more_is_read_than_may_be_guessed() -> None:
    invented = [f"бубу{first}{second}гыр" for first in "абвгдежзиклмнопрстуф" for second in "абвгдежзиклмнопрстуф"]
    assert len(invented) > MAX_GUESSED
    text = "Нет воды. " + " ".join(invented) + " беда!"
    found = cut(text)
    assert found.readable == text[: text.index(invented[MAX_GUESSED])]
    assert found.lemmas == lemmas(found.readable)
    assert [word for sentence in found.sentences for word in sentence.words] == ["Нет", "воды", *invented[:MAX_GUESSED]]
    assert len(found.words) == len(invented) + 3  # places are looked for in all of them
    assert cut("Нет воды. " + "бубугыр " * 2_000 + "беда!").readable.endswith("беда!")
