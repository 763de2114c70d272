"""What a word is by the morphological dictionary, told once and kept."""

import re
from functools import lru_cache

from text import morph, normal
from text.kept import Kept

CACHED_WORDS = 200_000
"""As many as text.lemma keeps: a region's posts of a month hold some 150,000 word forms."""
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|\d+")
"""As text.tokens cuts them."""

plain = Kept(normal, CACHED_WORDS).__getitem__
"""`normal`, kept."""


@lru_cache(CACHED_WORDS)
def is_first_name(word: str) -> bool:
    """Whether the word is a first name or a patronymic before all else."""
    return len(word) > 2 and any(("Name" in p.tag or "Patr" in p.tag) and p.score > 0.3 for p in morph().parse(word))


@lru_cache(CACHED_WORDS)
def in_dictionary(word: str) -> bool:
    """Whether the morphological dictionary holds the word."""
    return bool(morph().word_is_known(word))


@lru_cache(CACHED_WORDS)
def is_common(word: str) -> bool:
    """Whether the word means something besides a place."""
    # to guess at an unknown word takes ten times as long as to look it up, and a guess is no word of the language
    return in_dictionary(word) and any("Geox" not in p.tag and p.score > 0.01 for p in morph().parse(word))


@lru_cache(CACHED_WORDS)
def may_name(word: str) -> bool:
    """Whether the word may be a name at all: «они» and «были» are villages too, and never meant."""
    if not in_dictionary(word):
        return True
    best = morph().parse(word)[0]
    return best.tag.POS in {"NOUN", "ADJF", "PRTF", None} or "Geox" in best.tag


@lru_cache(CACHED_WORDS)
def is_thing(word: str) -> bool:
    """Whether the word is a noun that is no name: «маяке», against «фролах»."""
    names = {"Name", "Surn", "Patr", "Geox"}
    return in_dictionary(word) and any(
        p.score > 0.05 and p.tag.POS not in {None, "ADJS"} and not names & p.tag.grammemes for p in morph().parse(word)
    )


_CASES = {
    "ый": ("nomn", "masc"),
    "ий": ("nomn", "masc"),
    "ой": ("gent datv ablt loct", "femn"),
    "ей": ("gent datv ablt loct", "femn"),
    "ое": ("nomn accs", "neut"),
    "ее": ("nomn accs", "neut"),
    "ая": ("nomn", "femn"),
    "яя": ("nomn", "femn"),
    "ую": ("accs", "femn"),
    "юю": ("accs", "femn"),
    "ого": ("gent", "masc neut"),
    "его": ("gent", "masc neut"),
    "ому": ("datv", "masc neut"),
    "ему": ("datv", "masc neut"),
    "ым": ("ablt", "masc neut"),
    "им": ("ablt", "masc neut"),
    "ом": ("loct", "masc neut"),
    "ем": ("loct", "masc neut"),
    "ые": ("nomn accs", "plur"),
    "ие": ("nomn accs", "plur"),
    "ых": ("gent loct", "plur"),
    "их": ("gent loct", "plur"),
}
"""Cases and genders of an adjective by its ending."""
_STRESSED = {"ой": ("nomn", "masc")}
"""The same of those stressed there: «Лесной массив»."""


def looks_like_adjective(form: str) -> bool:
    """By its ending, in any case."""
    return form[-3:] in _CASES or form[-2:] in _CASES


@lru_cache(CACHED_WORDS)
def agrees(form: str, noun: str) -> bool:
    """Whether a form that ends like an adjective fits the noun or the adjective after it: «Ленинском проспекте»."""
    found = [_CASES.get(form[-3:]) or _CASES.get(form[-2:]), _STRESSED.get(form[-2:])]
    return len(noun) >= 3 and any(_is(noun, *one) for one in found if one)


def _is(noun: str, of_cases: str, of_genders: str) -> bool:
    """Whether a noun or an adjective may stand in one of these cases and genders."""
    cases, genders = of_cases.split(), of_genders.split()
    return any(
        p.is_known
        and p.score > 0.02
        and ("NOUN" in p.tag or "ADJF" in p.tag)
        and (p.tag.case in cases or (p.tag.case in {"loc2", "gen2"} and p.tag.case[:2] in {c[:2] for c in cases}))
        and ((p.tag.number == "plur") if "plur" in genders else (p.tag.number == "sing" and p.tag.gender in genders))
        for p in morph().parse(noun)
    )
