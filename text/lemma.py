"""Tokens, normal and dictionary forms of Russian words.

`normal_words` is the one normalisation of everything that is learned or matched: training and prediction, rules and
corrections read its words or their lemmas. Texts are stored as people wrote them (`text.clean`).
"""

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

import pymorphy3

from text.kept import CACHED_WORDS, Kept

TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|\d+")
"""A word (with inner hyphens) or a number."""
_CYRILLIC = re.compile(r"[а-яё]")
_LATIN = re.compile(r"[a-z]")
_LOOK_ALIKES = str.maketrans("aceopxykmhtb", "асеорхукмнтв")
_LINK = re.compile(r"(?:https?://|www\.)\S+")
# Stress marks and other combining marks, what takes no room, full-width and mathematical letters: rare in a text.
_ODD = re.compile(
    r"[\u00ad\u0300-\u036f\u0483-\u0489\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\uffef\U0001d400-\U0001d7ff]"
)
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_MARKS = re.compile(r"[\u0300-\u036f\u0483-\u0489]")
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
MAX_DRAWN_OUT = 3
"""Runs in one word for which doubled and single letters are tried against the dictionary: 2**3 look-ups at most."""


class Token(NamedTuple):
    """A word or a number as written, with its place in the text in characters."""

    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Words (with inner hyphens) and runs of digits, in order."""
    return [Token(m.group(), m.start(), m.end()) for m in TOKEN.finditer(text)]


def normal(word: str) -> str:
    """Lower case, ё as е, Latin look-alikes inside a Cyrillic word as Cyrillic: «Cвёт» is «свет»."""
    word = word.lower()
    if _LATIN.search(word) and _CYRILLIC.search(word):
        word = word.translate(_LOOK_ALIKES)
    return word.replace("ё", "е")


@cache
def morph() -> pymorphy3.MorphAnalyzer:
    """The one analyser of the process; its dictionary takes about 15 MB and 0.1 s to load."""
    return pymorphy3.MorphAnalyzer(lang="ru")


class Parsed(NamedTuple):
    """The likeliest reading of a word."""

    lemma: str
    grammemes: frozenset[str]


@lru_cache(CACHED_WORDS)
def parsed(word: str) -> Parsed:
    """Of a word with Cyrillic letters that `normal` has been through: other words make the analyser raise."""
    best = morph().parse(word)[0]
    return Parsed(best.normal_form.replace("ё", "е"), best.tag.grammemes)


def lemma(word: str) -> str:
    """The dictionary form of a word that `normal` has been through; digits and Latin words stay as they are."""
    return parsed(word).lemma if _CYRILLIC.search(word) else word


def is_guessed(word: str) -> bool:
    """Whether no dictionary holds this normal word, so that its lemma is a guess by its ending."""
    return bool(_CYRILLIC.search(word)) and not morph().word_is_known(word)


def _squeezed(word: str) -> str:
    """A drawn-out word as it is spelt: «помогиииите» is «помогите», «ваннна» is «ванна», «длинношеее» stays."""
    if not _DRAWN_OUT.search(word) or not _CYRILLIC.search(word) or morph().word_is_known(word):
        return word
    runs = _DRAWN_OUT.findall(word)
    if len(runs) <= MAX_DRAWN_OUT:
        for times in product((2, 1), repeat=len(runs)):
            count = iter(times)
            tried = _DRAWN_OUT.sub(lambda run: run[1] * next(count), word)  # noqa: B023  (used at once)
            if morph().word_is_known(tried):
                return tried
    return _DRAWN_OUT.sub(r"\1", word)


@lru_cache(CACHED_WORDS)
def normal_word(word: str) -> str:
    """`normal`, and no drawn-out letters."""
    return _squeezed(normal(word))


_LEMMAS: Kept[str] = Kept(lambda word: sys.intern(lemma(normal_word(word))))
"""Of words as written. Interned, so that dictionaries of lemmas see at a glance that they have them."""


def plain(text: str) -> bool:
    """Whether the words of a text are what `TOKEN` finds: there are no links, stress marks and the like."""
    return "http" not in text and "www." not in text and not _ODD.search(text)


def _written_words(text: str) -> list[str]:
    """Words and numbers as written, without links, stress marks and what takes no room."""
    if "http" in text or "www." in text:
        text = _LINK.sub(" ", text)
    if _ODD.search(text):  # й and ё are put together before the marks go
        text = _MARKS.sub("", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)))
    return TOKEN.findall(text)


def normal_words(text: str) -> list[str]:
    """Normal forms of the words and numbers of a text, in order: lower case, е for ё, Cyrillic for look-alikes, no
    drawn-out letters, stress marks, links, emoji and punctuation."""
    return list(map(normal_word, _written_words(text)))


def lemmas(text: str) -> list[str]:
    """Dictionary forms of `normal_words(text)`."""
    return lemmas_of(_written_words(text))


def lemmas_of(words: Iterable[str]) -> list[str]:
    """The same of words as written."""
    return list(map(_LEMMAS.__getitem__, words))
