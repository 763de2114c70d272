import pytest
from hypothesis import given
from hypothesis import strategies as st

from text import lemma, lemmas, normal, normal_words, tokens


def test_tokens_keep_their_places():
    text = "ул. Труда, 15-а: нет воды"
    assert [text[t.start : t.end] for t in tokens(text)] == ["ул", "Труда", "15", "а", "нет", "воды"]
    assert [t.text for t in tokens("кое-где Wi-Fi")] == ["кое-где", "Wi-Fi"]


def test_lemmas_are_dictionary_forms_without_yo():
    assert lemmas("В Копейске нет воды вторые сутки!") == ["в", "копейск", "нет", "вода", "второй", "сутки"]
    assert lemmas("ещё ёлки") == ["еще", "елка"]
    assert lemmas("") == []


def test_latin_look_alikes_inside_a_russian_word_are_russian():
    assert normal("Cвет") == "свет"
    assert lemma(normal("вoдa")) == lemma("вода")
    assert normal("VKontakte") == "vkontakte"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Cвет oтключили", ["свет", "отключили"]),
        ("ЁЛКА упала", ["елка", "упала"]),
        ("е\u0308лка", ["елка"]),
        ("помогиииите!!!", ["помогите"]),
        ("Нееет воооды", ["нет", "воды"]),
        ("ваннна и кассса", ["ванна", "и", "касса"]),
        ("длинношеее", ["длинношеее"]),
        ("бррррбрррр", ["брбр"]),
        ("ООО Аааaaa", ["ооо", "аа"]),
        ("сто\u0301ит, доро\u0301га", ["стоит", "дорога"]),
        ("нуль\u200b\u00ad ши\u2060рины", ["нуль", "ширины"]),
        ("\uff33\uff2f\uff33 𝐧𝐞𝐭", ["sos", "net"]),
        ("см. https://example.org/нет-воды и www.example.org", ["см", "и"]),
        ("яма 👍🏽🔥 №5", ["яма", "5"]),
        ("кто-то", ["кто-то"]),
        ("HTTP и wwww", ["http", "и", "wwww"]),
    ],
)
def test_normal_words(written: str, words: list[str]) -> None:
    assert normal_words(written) == words


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_normal_words_are_normal_and_lemmas_go_with_them(written: str) -> None:
    words = normal_words(written)
    assert len(lemmas(written)) == len(words)
    for word in words:
        assert word
        assert "ё" not in word
        assert not any(mark in word for mark in "\u0301\u200b\u00ad ")


@given(st.text("абвеонСВЕТcaeo ёЁ!.,-\u0301\u200b5", max_size=80))
def test_normal_words_of_normal_words_are_the_same(written: str) -> None:
    words = normal_words(written)
    assert normal_words(" ".join(words)) == words
