"""Addresses in a text, by what shows that one stands there: a street's type, a house, a preposition of place."""

import re
from itertools import islice

from text.address.crossing import BEGINNINGS, read_crossing, read_slash
from text.address.form import Address
from text.address.reading import Found, Reading
from text.address.typed import read_typed
from text.address.untyped import read_framed, read_house
from text.address.words import TYPES
from text.limits import MAX_CHARS

MAX_FOUND = 50
"""Addresses of one text; what names more is a list of streets."""

MAX_HINTS = 500
"""Numbers and words that may show an address, of one text: the longest appeal has a hundred, a table of numbers ten
thousand. Bounds the time on it."""

_WORTH = re.compile(
    r"[\d/упшбнталдмУПШБНТАЛДМ](?:(?<=\d)(?<!\d\d)(?<!\d[.,:]\d)(?!\d{3}|\d{0,2}[.:]\d)|(?<=[а-яё]/)(?=[А-ЯЁ])|(?<!\w.)(?:"
    r"(?i:(?<=у)л(?:иц|\W)|(?<=п)(?:р(?:осп|-|\W|оезд)|ер(?:еул|екр|есе|\W)|л(?:ощ|\.))|(?<=ш)(?:осс|\.)|(?<=б)(?:ул|-р)"
    r"|(?<=н)аб(?:ер|\.)|(?<=т)(?:ракт|уп(?:ик|\.))|(?<=а)лле|(?<=л)ини|(?<=д)ор(?:ог|\.)|(?<=м)(?:кр|икр|-н))"
    r"|(?:(?<=[Нн])а|(?<=[Пп])о|(?<=[Уу])г(?:ол|лу)|(?<=Н)А|(?<=П)О|(?<=У)Г(?:ОЛ|ЛУ))\s+[А-ЯЁ]))",
    re.DOTALL,
)
"""Digits, beginnings of a street's type, «а/Б», «на», «по» and «угол» before a capital: without any of these there is
nothing to find. It begins with a set of characters, which the engine skips to fast, and only then looks back for the
edge of the word: 1.6 times as fast as the edge first."""

_BEFORE_HOUSE = 16
"""Characters before a number among which the word that it may follow ends: « , д. № »."""
_BETWEEN = " \t\n.,:;№#-–—(\"«»“”„'`"
_HOUSE = frozenset({"д", "Д"})

FRAMES = frozenset({"на", "по"})
_ANCHORS = TYPES.keys() | BEGINNINGS | FRAMES | {"/"}


def find_addresses(text: str) -> list[Address]:
    """All addresses of a text in their order, one for each house; time is linear in its length.

    A street without a house counts where its type stands with it, at a crossing, and — weakly — in «на Ржевского».
    Works on the first 20,000 characters.
    """
    hints = (match.start() for match in _WORTH.finditer(text, 0, MAX_CHARS))
    near = list(islice((at for at in hints if not text[at].isdecimal() or _may_be_a_house(text, at)), MAX_HINTS))
    if not near:
        return []
    reading = Reading(text, near)
    found: list[Address] = []
    for at, (_, low, kind, _, _) in enumerate(reading.tokens):
        if (kind != "d" and low not in _ANCHORS) or at < reading.floor:
            continue
        if len(found) >= MAX_FOUND:
            break
        one = _read(reading, at)
        if one:
            found += one.addresses
            reading.floor = max(one.end, at + 1)
    return found[:MAX_FOUND]


def _may_be_a_house(text: str, at: int) -> bool:
    """Whether the number at `at` follows a word of three letters, as the shortest streets have, or «д.»."""
    before = text[max(at - _BEFORE_HOUSE, 0) : at].rstrip(_BETWEEN)
    return before[-1:] in _HOUSE or (len(before) > 2 and before[-3:].isalpha())


def find_address(text: str) -> Address | None:
    """The surest address of a text, with a house if there is one; the first of equals."""
    return surest(find_addresses(text))


def surest(found: list[Address]) -> Address | None:
    """One with a house before one without, then the likeliest, then the first."""
    return max(found, key=lambda one: (one.house is not None, one.probability), default=None)


def _read(reading: Reading, at: int) -> Found | None:
    token = reading.tokens[at]
    if token.kind == "d":
        return read_house(reading, at)
    if token.text == "/":
        return read_slash(reading, at)
    if token.low in TYPES:
        return read_typed(reading, at)
    if token.low in FRAMES:
        return read_framed(reading, at)
    return read_crossing(reading, at) if token.low in BEGINNINGS else None
