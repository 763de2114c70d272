"""Which words may not enter a model's vocabulary: people's names, and place names."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from classifier.words import PIECE
from text import morph, normal

_NAME = frozenset({"Name", "Surn", "Patr"})
_CYRILLIC_WORD = re.compile(r"[а-я]+(?:-[а-я]+)*")
_INNER_CAPITAL = re.compile(r"(?<=[а-яё,;] )[А-ЯЁ][а-яё]+(?:-[А-ЯЁ]?[а-яё]+)*")
_WORD = re.compile(r"[А-ЯЁа-яё]+(?:-[А-ЯЁа-яё]+)*")

MIN_TEXTS = 3
"""A token of fewer texts may point at a person; promised in the model's card and checked by a test."""
NAME_SHARE = 0.02
"""Sum of the probabilities of a word's readings as a name from which on it may be one. pymorphy3 gives 0.02 to the
rare reading of a common word («марта»), and more than 0.2 to most real names."""
COMMON_SHARE = 0.05
"""Probability of the reading as a common word which outweighs that: «роман» 0.77, «вера» 0.7."""
CAPITAL_SHARE = 0.5
"""A word that no dictionary knows and that is written with a capital in the middle of sentences this often is a
proper name: surnames like «Махонин» are taken for something else by the guesser."""


_COMMON_WORDS = frozenset(
    ["арт", "барак", "беговой", "боковой", "дождевой", "кит", "кордон", "марка", "марс", "мороз", "пол", "рой"]
)
"""Words that the dictionary takes for a name first, and that are not."""
_NAMES = frozenset(["володарский", "камала", "стелла", "чернышевский"])
"""And the other way round."""


@lru_cache(200_000)
def is_person(word: str) -> bool:
    """Whether a lemma may be a person's name, surname or patronymic, and is not a common word besides."""
    if word in _COMMON_WORDS:
        return False
    analyser = morph()
    parses = analyser.parse(word)
    if word in _NAMES or _NAME & parses[0].tag.grammemes:
        return True
    name = sum(parse.score for parse in parses if _NAME & parse.tag.grammemes)
    if name < NAME_SHARE:
        return False
    if not analyser.word_is_known(word):
        return True
    common = sum(
        parse.score
        for parse in parses
        if not _NAME & parse.tag.grammemes
        and not {"Geox", "Poss"} & parse.tag.grammemes
        and normal(parse.normal_form) == word
    )
    return bool(common < COMMON_SHARE)


def is_person_spelt(piece: str) -> bool:
    """Whether a piece of a word is a whole name by itself: «иван» in «диван»."""
    return morph().word_is_known(piece) and is_person(piece)


@lru_cache(200_000)
def is_place(word: str) -> bool:
    """Whether a lemma is first of all a place name: topics must not be learned from where people live."""
    return bool("Geox" in morph().parse(word)[0].tag)


def unknown_capitals(texts: Iterable[str]) -> frozenset[str]:
    """Words (normalised) outside the dictionary that are mostly written with a capital inside sentences."""
    capital: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for text in texts:
        capital.update(normal(word) for word in _INNER_CAPITAL.findall(text))
        total.update(normal(word) for word in _WORD.findall(text))
    return frozenset(
        word
        for word, count in capital.items()
        if count >= CAPITAL_SHARE * total[word] and not morph().word_is_known(word)
    )


def allowed_word(word: str, proper: frozenset[str] = frozenset()) -> bool:
    """Whether a lemma may be a token: Cyrillic (Latin names can't be recognised) and no name of a person or place."""
    if word == "0":
        return True
    if not _CYRILLIC_WORD.fullmatch(word) or word in proper:
        return False
    # both halves of «иванова-петрова» too
    return not any(is_person(part) or is_place(part) for part in {word, *word.split("-")})


def allowed(token: str, proper: frozenset[str] = frozenset()) -> bool:
    """Whether a token (lemma, pair of lemmas, prefix with `*`, piece with `~`) may enter a vocabulary."""
    if token.startswith(PIECE):
        return not is_person_spelt(token.strip(PIECE + "<>"))
    if token.endswith("*"):
        stem = token[:-1]
        return bool(_CYRILLIC_WORD.match(stem)) and not is_person_spelt(stem)
    return all(allowed_word(word, proper) for word in token.split(" "))
