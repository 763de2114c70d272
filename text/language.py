"""Whether a text is in Bashkir, Tatar, Kazakh or Ukrainian: what the models, which know Russian only, can't judge."""

import re
from collections.abc import Sequence
from typing import Literal

from text.lemma import lemma, normal

Language = Literal["ru", "ba", "tt", "kk", "uk"]
"""ISO 639-1. `ru` is also the answer where nothing speaks for another."""

SHARE = 0.2
"""Of the words must have a letter of the language, or be a function word of it: a Russian text with a name or two
(«посёлок Йәштәр») stays Russian, a mixed one goes to somebody who reads both."""
MIN_WORDS = 2
"""One word is a name or a slip, unless the text has no other."""

_LETTERS = re.compile(r"[әөүңһҗғҡҙҫқіұӨӘҮҢҺҖҒҠҘҪҚІҰїєґЇЄҐ]")
_OWN = (  # letters that only this one of the four has
    ("ba", frozenset("ҡҙҫ")),
    ("kk", frozenset("құ")),
    ("tt", frozenset("җ")),
    ("uk", frozenset("їєґ")),
)
_SHARED = frozenset("әөүңһғ")
# As people write them on a Russian keyboard, with э, у, о, н, х for the letters that are missing there. None is a
# Russian word: «бар», «бит», «кем» and «ул» would be.
_WORDS = {
    "tt": "юк нигэ нишлэп кайчан булмый безгэ сезгэ миндэ бэлки рэхмэт исэнмесез хэзер кирэк дип узе безнен шулай"
    " тугел эйтегез зинхар яхшы авылда урамда хэм белэн очен эле инде бик кебек озак",
    "ba": "юк нинэ кайсан булмай беззен беззе хеззен рэхмэт хаумыхыгыз кэрэк тип улар хыу ауылда урамда менэн осон"
    " эле инде бик хэзер ниндэй зинхар кулдэр",
    "kk": "жок керек неге кашан болады болмайды бизге сизге рахмет жане ушин саламатсыз суранамын бизде ауылда кошеде"
    " калай жолда кайда дейин туралы отинемин",
}
_FUNCTION = {name: frozenset(lemma(normal(word)) for word in words.split()) for name, words in _WORDS.items()}
_ANY_FUNCTION = frozenset().union(*_FUNCTION.values())


def language(text: str, lemmas: Sequence[str]) -> Language:
    """The language of a text with these lemmas."""
    if not _LETTERS.search(text) and len(_ANY_FUNCTION.intersection(lemmas)) < MIN_WORDS:
        return "ru"
    words = [word for word in lemmas if not word.isdecimal()]
    marked = [word for word in words if _LETTERS.search(word)]
    telling = len(marked) + sum(word in _ANY_FUNCTION for word in words if word not in marked)
    if telling < min(MIN_WORDS, len(words)) or telling < SHARE * len(words):
        return "ru"
    return _which("".join(marked), words)


def _which(letters: str, words: Sequence[str]) -> Language:
    counts = {name: sum(letters.count(letter) for letter in own) for name, own in _OWN}
    best = max(counts, key=lambda name: counts[name])
    if counts[best]:
        return best  # type: ignore[return-value]
    known = {name: sum(word in function for word in words) for name, function in _FUNCTION.items()}
    likely = max(known, key=lambda name: known[name])
    if not known[likely] and "і" in letters:
        return "kk" if _SHARED & set(letters) else "uk"
    return likely  # type: ignore[return-value]
