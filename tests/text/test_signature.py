import pytest

from text import lemmas, likeness, signature, signatures
from text.signature import AT_ONCE

LEAK = "На улице Труда у дома пятнадцать прорвало трубу, вода течёт по дороге со вчерашнего вечера"


def test_a_repost_is_alike_and_another_matter_is_not():
    repost = signature(lemmas("Репост! " + LEAK))
    other = signature(lemmas("В посёлке третий день нет света, холодильники потекли, никто не отвечает"))
    assert likeness(signature(lemmas(LEAK)), repost) > 0.7
    assert likeness(signature(lemmas(LEAK)), other) < 0.2


def test_order_and_repetition_do_not_matter():
    words = lemmas(LEAK)
    assert signature(words) == signature(words[::-1] + words)


def test_signatures_are_the_same_on_every_machine():
    assert signature(["вода", "труба", "улица"])[:3] == (1340695261, 2245077051, 1904369191)


@pytest.mark.parametrize("words", [[], ["вода"], ["вода", "вода", "труба"]])
def test_too_few_words_have_no_signature(words):
    assert signature(words) == ()
    assert likeness(signature(words), signature(lemmas(LEAK))) == 0


def test_signatures_of_many_are_those_of_each():
    words = [f"слово{n}" for n in range(AT_ONCE)]
    texts = [words[:3], [], words, ["да"], words[5:50], words[:3]]
    assert signatures(texts) == [signature(text) for text in texts]
    assert signatures([]) == []
