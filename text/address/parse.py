"""The normal form of what is an address as a whole: a field of a form, a line of a configuration."""

from text.address.find import find_address
from text.address.form import Address, Street, Word
from text.address.houses import read_houses
from text.address.names import read_right
from text.address.tokens import Tokens
from text.address.words import HOUSE, TYPES

MAX_CHARS = 300
"""As long as `Post.address` may be."""


def normal_address(text: str) -> Address | None:
    """The address that `text` is: as in running text if one is found there with its house, else the street that it
    begins with, in any case of letters, and the house behind. None where there is no word."""
    text = text[:MAX_CHARS]
    found = find_address(text)
    if found and found.house:
        return found
    return _whole(text) or found


def street_key(name: str) -> str:
    """The key of a street written alone («ул. Труда», «Карла Маркса»); «» where there is no name in it."""
    found = _whole(name[:MAX_CHARS])
    return found.street_key if found else ""


def _whole(text: str) -> Address | None:
    tokens = Tokens(text)
    at = next((i for i in range(len(tokens)) if tokens[i].low in TYPES), None)
    start = at + 1 if at == 0 else 0
    start = tokens.skip(start, '.,:-"«', 3)
    name = read_right(tokens, start, lower=True)
    kind = TYPES[tokens[at].low] if at is not None else None
    words, end = (name.words, name.end) if name else ((), start)
    if not words and tokens[start].kind == "d" and kind:
        words, end = (Word(tokens[start].text, "number"),), start + 1
    if not words or not any(word.kind == "number" or word.low not in HOUSE for word in words):
        return None
    adjacent = at is not None and at in {0, end}
    street = Street(words, kind if adjacent else None, before=at == end, governed=kind is not None)
    if adjacent and at == end:
        end = tokens.skip(end + 1, ".", 1)
    if not street.key:
        return None
    read = read_houses(tokens, end, typed=True)
    last = (read.shown if read else end) - 1
    return Address(street, read.houses[0] if read else None, tokens[0].start, tokens[last].end)
