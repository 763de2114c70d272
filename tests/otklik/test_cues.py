"""Tokens of relevance in words."""

import re

import pytest

from classifier import Classifier
from classifier.lexicon import CLASSES as LEXICON
from otklik.cues import CLASSES, FORMS, said

INNER = re.compile(rf"[=>/]|\b(?:{'|'.join((*CLASSES, *FORMS, 'words', 'first', 'last', 'emoji', 'quote'))})\b")


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("вода", "вода"),
        ("отопл*", "отопл…"),
        ("0 день", "(число) день"),
        ("дать/past", "дать (сделано)"),
        ("не дать/past", "не дать (сделано)"),
        ("=need", "«то, чего может не хватать»"),
        ("=need+lack", "«то, чего может не хватать» рядом с «нет»"),
        ("?=не fix/past", "«не исправить» (сделано) в вопросе"),
        ("=burden+больше не lack", "«то, что мешает» рядом с «больше не нет»"),
        ("fix/past>fail/is", "«исправить» (сделано), потом «сломаться» (делается)"),
        ("first thanks", "сначала «благодарность»"),
        ("last bad", "в конце «плохо»"),
        ("words<9", "слов меньше 9"),
        ("words>60", "слов больше 60"),
        ("price", "цена"),
        ("??", "«?!»"),
    ],
)
def test_a_token_is_told_in_words(token: str, words: str) -> None:
    assert said(token) == words


def test_every_class_and_every_cue_of_the_model_has_words() -> None:
    assert set(CLASSES) == set(LEXICON)
    tokens = Classifier.load().model.relevance.cues.listed.tokens
    assert [one for one in tokens if INNER.search(said(one))] == []
