"""Streets that are known by the word for a street: «ул. Пушкина, 3», «Комсомольский проспект»."""

from text.address.crossing import second_street
from text.address.form import Street, Word, adjective, tags
from text.address.houses import read_houses
from text.address.names import (
    Name,
    agrees_with_type,
    like_a_surname,
    ordinal_left,
    read_left,
    read_right,
    streetlike,
    unlike_a_street,
    velar,
)
from text.address.reading import TYPED, TYPED_HOUSE, Found, Reading, joined
from text.address.tokens import Tokens
from text.address.words import (
    BEFORE_ONLY,
    COUNTED,
    CUT,
    DOTTED,
    GENITIVE,
    HOUSE,
    LOWER_NOT_STREETS,
    NUMBERED,
    SEVERAL,
    TYPES,
    StreetType,
    forms,
)

_COMMON = ("больш", "средн", "нов", "стар", "перв", "втор", "трет")
"""How streets begin too that are everyday words: «Большой проспект», «Средний проспект»."""
_NO_NAMES = ("эт", "наш", "друг", "сво", "кажд")
_WATERS = forms("р реки канала")


def read_typed(reading: Reading, at: int) -> Found | None:
    """The street whose type stands at `at`."""
    tokens = reading.tokens
    token = tokens[at]
    kind = TYPES[token.low]
    name, before = _name(reading, at, kind)
    if name is None:
        return None
    street = Street(name.words, kind, genitive=token.low in GENITIVE, before=before, governed=True)
    start, end = min(at, name.start), name.end
    if before:
        end = tokens.skip(at + 1, "." if _is_cut(token.low) else "", 1)
    read = read_houses(tokens, end, typed=True)
    if read:
        return reading.found(street, start, read.end, read, TYPED_HOUSE)
    capital = any(tokens[i].capital for i in range(name.start, name.end))
    if not capital and not _likely_in_lower(name, kind) and not reading.before(start):
        return None
    if token.low in SEVERAL and (not capital or any("Geox" in tag for tag in tags(name.last.low))):
        return None  # «улицы Москвы», «улицы дагестанских городов»
    return joined(reading.with_house_before(street, start, end, TYPED), second_street(reading, end))


def _name(reading: Reading, at: int, kind: StreetType) -> tuple[Name | None, bool]:
    """The name, and whether it stands before the type."""
    tokens = reading.tokens
    token, behind = tokens[at], tokens[at + 1]
    if token.low == "пр" and tokens[at - 1].low == "и":  # «и пр.»
        return None, False
    left = _left_name(reading, at, kind)
    telling = len(token.low) >= 3 and (behind.capital or behind.low in _WATERS)
    if token.low in DOTTED and behind.text != "." and not left and not telling:
        return None, False
    right = None if kind.name in BEFORE_ONLY else _right_name(tokens, at, kind)
    if left and not (right and tokens.starts_sentence(left.start) and len(left.words) == 1):
        return left, True
    if right and tokens[right.end].low in TYPES.keys() - DOTTED:
        return None, False  # «по улице Цветочный проезд»
    return right, False


def _right_name(tokens: Tokens, at: int, kind: StreetType) -> Name | None:
    start = tokens.skip(at + 1, (".," if _is_cut(tokens[at].low) else "") + ':-–"«“', 2)
    if kind.name in NUMBERED:
        return _number_right(tokens, start)
    name = read_right(tokens, start, lower=not kind.weak)
    first = next((word for word in name.words if word.kind == "word"), None) if name else None
    if name is None or first is None:
        return name
    low = name.words[0].kind == "word" and not first.text[0].isupper()
    if low and (first.low in LOWER_NOT_STREETS or not _may_be_lower(first.low)):
        return None
    comma = any(tokens[i].text == "," for i in range(at + 1, start))
    return None if comma and (low or not streetlike(name.last.low)) else name


def _number_right(tokens: Tokens, at: int) -> Name | None:
    """«мкр. 5, дом 3»."""
    if tokens[at].kind != "d" or len(tokens[at].text) > 2 or read_right(tokens, at, lower=False):
        return None
    house = read_houses(tokens, at + 1, typed=True)
    return Name((Word(tokens[at].text, "number"),), at, at + 1) if house else None


def _left_name(reading: Reading, at: int, kind: StreetType) -> Name | None:
    tokens, floor = reading.tokens, reading.floor
    before = tokens[at - 1]
    if kind.name in NUMBERED and at - 1 >= floor:
        number = ordinal_left(tokens, at - 1, floor)
        if number:
            return Name((number[0],), number[1], at)
        if before.kind == "d" and len(before.text) <= 2:
            return Name((Word(before.text, "number"),), at - 1, at)
        if not before.capital or kind.name != "линия" or not read_houses(tokens, at + 1, typed=True):
            return None  # of the underground, of a railway
    name = read_left(tokens, at - 1, floor)
    if name is None or (unlike_a_street(before.low) and not (before.capital and before.low.startswith(_COMMON))):
        return None
    behind = tokens[tokens.skip(at + 1, ".,", 2)]
    numbered = behind.kind == "d" or behind.low in HOUSE
    if agrees_with_type(before.low, kind.gender) and not before.low.startswith(_NO_NAMES):
        sure = before.capital or ((velar(before.low) or numbered) and before.low not in LOWER_NOT_STREETS)
    else:
        genitive = streetlike(before.low) and not adjective(before.low)
        genitive = genitive or like_a_surname(before.low) or before.low.endswith(("ых", "их"))
        sure = before.capital and genitive and (numbered or behind.kind == "")
    return name if sure else None


def _likely_in_lower(name: Name, kind: StreetType) -> bool:
    """A street in small letters and without a house: «на улице гагарина яма», not «на улице темно»."""
    if kind.weak or not all(word.kind == "word" for word in name.words):
        return not kind.weak
    last = name.last.low
    return like_a_surname(last) or (velar(last) and last not in LOWER_NOT_STREETS) or len(name.words) > 1


def _is_cut(low: str) -> bool:
    """«ул», «пр-т»: a word that a dot belongs to."""
    return low in CUT or "-" in low


def _may_be_lower(low: str) -> bool:
    """Whether a word in small letters after «улица» can be its name: an adjective, a genitive, a word unknown."""
    found = tags(low)
    if low in COUNTED:
        return True
    return not found or any(
        ("ADJF" in tag and "Apro" not in tag) or ("NOUN" in tag and "gent" in tag) or "Surn" in tag for tag in found
    )
