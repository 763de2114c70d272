"""Addresses in a text, by what shows that one stands there: a street's type, a house, a preposition of place."""

import re

from text.address.crossing import BEGINNINGS, read_crossing, read_slash
from text.address.form import Address
from text.address.reading import Found, Reading
from text.address.typed import read_typed
from text.address.untyped import read_framed, read_house
from text.address.words import TYPES
from text.clean import MAX_CHARS

MAX_FOUND = 50
"""Addresses of one text; what names more is a list of streets."""

_WORTH = re.compile(
    r"\d|\b(?i:ул(?:иц|\W)|пр(?:осп|-|\W|оезд)|пер(?:еул|екр|есе|\W)|ш(?:осс|\.)|бул|б-р|пл(?:ощ|\.)|наб(?:ер|\.)"
    r"|тракт|алле|лини|туп(?:ик|\.)|дорог|дор\.|мкр|микр|м-н)|[а-яё]/[А-ЯЁ]"
    r"|\b(?:[Нн]а|[Пп]о|[Уу]гол|[Уу]глу|НА|ПО|УГОЛ|УГЛУ)\s+[А-ЯЁ]"
)
"""Without any of these there is nothing to find; to look takes a tenth of the time of reading."""


FRAMES = frozenset({"на", "по"})
_ANCHORS = TYPES.keys() | BEGINNINGS | FRAMES | {"/"}


def find_addresses(text: str) -> list[Address]:
    """All addresses of a text in their order, one for each house; time is linear in its length.

    A street without a house counts where its type stands with it, at a crossing, and — weakly — in «на Ржевского».
    Works on the first 20,000 characters.
    """
    near = [match.start() for match in _WORTH.finditer(text, 0, MAX_CHARS)]
    if not near:
        return []
    reading = Reading(text, near)
    found: list[Address] = []
    for at, token in enumerate(reading.tokens):
        if at < reading.floor or (token.kind != "d" and token.low not in _ANCHORS):
            continue
        if len(found) >= MAX_FOUND:
            break
        one = _read(reading, at)
        if one:
            found += one.addresses
            reading.floor = max(one.end, at + 1)
    return found[:MAX_FOUND]


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
