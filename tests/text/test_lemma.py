from text import lemma, lemmas, normal, tokens


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
