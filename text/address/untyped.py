"""Streets without a word that says so: beside a house («Карла Маркса 172»), after a preposition («на Ржевского»)."""

from text.address.crossing import second_street
from text.address.form import Street, adjective, is_first_name, ordinal, tags
from text.address.houses import Read, read_houses
from text.address.names import (
    Name,
    doubtful,
    like_a_surname,
    read_left,
    read_right,
    streetlike,
    unlike_a_street,
    velar,
)
from text.address.reading import (
    CROSSING,
    FRAMED,
    HOUSE_MARKED,
    HOUSE_ONLY,
    PREPOSITIONS,
    Found,
    Reading,
    joined,
)
from text.address.words import AGREES_WITH, HOUSE, MONTHS, NOT_PLACES, TYPES, forms, is_inside

_ELSEWHERE = forms("в над под из при о об про для без через у от с до за между")
"""Prepositions after which no street stands by its name alone."""
_ADDRESS = frozenset({"адрес", "адресу", "адреса"})
_NO_NAMES = ("здравств", "добр", "уваж", "просьб", "адрес")
_OTHER_CASES = {"ского": ("ский", "скому", "ским", "ском"), "цкого": ("цкий", "цкому", "цким", "цком")}
_OTHER_ENDINGS = ("", "у", "ым", "е", "ой", "ы", "ых")


def read_house(reading: Reading, at: int) -> Found | None:
    """The street before the number at `at`."""
    tokens = reading.tokens
    marker = at - 1
    while marker > at - 3 and tokens[marker].text in {".", "№", ":"}:
        marker -= 1
    marked = tokens[marker].low in HOUSE and marker >= reading.floor
    if not marked and tokens[at - 1].text not in {",", "-", "–"} and tokens[at - 1].kind != "w":
        return None
    start = marker if marked else at
    comma = tokens[start - 1].text in {",", "-", "–", "("}
    name = read_left(tokens, start - 2 if comma else start - 1, reading.floor)
    read = read_houses(tokens, start, typed=False) if name else None
    if name is None or read is None or read.end <= at:
        return None
    if not _stands_for_itself(reading, name, read, comma=comma):
        return None
    if tokens[read.end].low in {"по", "на"} and _street_follows(reading, read.end + 1):
        return None  # «… 5 по улице Мира»
    street = Street(name.words, governed=tokens[name.start - 1].low in {"на", "по"})
    return reading.found(street, name.start, read.end, read, _sureness(read))


def _sureness(read: Read) -> float:
    return HOUSE_MARKED if read.marked or read.detailed else HOUSE_ONLY


def _street_follows(reading: Reading, at: int) -> bool:
    token = reading.tokens[at]
    return token.low in TYPES or (token.capital and streetlike(token.low))


def _stands_for_itself(reading: Reading, name: Name, read: Read, *, comma: bool) -> bool:
    """Whether a name beside a number is a street's."""
    last, tokens = name.last, reading.tokens
    capital = last.text[0].isupper()
    counted = any(word.kind == "number" or ordinal(word.low) for word in name.words)
    marked = read.marked or read.detailed
    if last.low in MONTHS:
        return counted and (marked or (capital and not comma))
    inside = _inside_follows(reading, read.end)
    if not marked and not inside and _is_part(reading, name):
        return False
    if not streetlike(last.low):
        sure = marked or inside or tokens[read.end].kind != "w"
        return capital and not last.low.startswith(_NO_NAMES) and _odd(reading, name, read, sure=sure)
    if capital:
        return not (last.text.isupper() and len(last.text) < 5)  # «МКУ 5»
    return (counted and marked) or _in_lower(reading, name, read, comma=comma, inside=inside)


def _odd(reading: Reading, name: Name, read: Read, *, sure: bool) -> bool:
    """«Марата 22», «Баку 20 к. 1»: a first name or a word that is no genitive."""
    if len(name.words) > 1 and is_first_name(name.words[-2].low):
        return True  # «Розы Люксембург 10»
    if doubtful(name.last.low) and reading.tokens[name.start - 1].low not in _ELSEWHERE:
        return sure
    return any(house.corpus for house in read.houses) and not tags(name.last.low)


def _in_lower(reading: Reading, name: Name, read: Read, *, comma: bool, inside: bool) -> bool:
    """«по адресу садовая 8а», «маршала жукова 56 к.1»."""
    tokens, last = reading.tokens, name.last.low
    before = tokens[name.start - 1]
    if before.low in _ADDRESS or (before.text == ":" and tokens[name.start - 2].low in _ADDRESS):
        return True
    first = tokens.starts_sentence(name.start)
    if not first and before.low not in PREPOSITIONS | {",", ":"}:
        return False
    strong = any(house.corpus for house in read.houses) or (read.marked and not comma)
    return inside or (strong and (first or like_a_surname(last) or velar(last)))


def _is_part(reading: Reading, name: Name) -> bool:
    """«в Луганской, 64 — в Запорожской», «Вояджер-2», «Анна Верейская, 35»."""
    tokens = reading.tokens
    before = tokens[name.start - 1]
    if before.low in _ELSEWHERE:
        return True
    if tokens[name.end].text == "-" and tokens.glued(name.end):  # «Невский-5» is a house
        last = name.last.low
        plural = any("NOUN" in tag and "plur" in tag and "gent" in tag for tag in tags(last)[:1])
        return not (velar(last) or like_a_surname(last) or plural)
    return before.capital and any("Name" in tag and "nomn" in tag for tag in tags(before.low))


def _inside_follows(reading: Reading, at: int) -> bool:
    """«, 2 подъезд», «парадная 3»: what stands before is a house."""
    at = reading.tokens.skip(at, ",.", 1)
    for _ in range(3):
        token = reading.tokens[at]
        if token.kind == "w" and is_inside(token.low):
            return True
        if not (token.kind == "d" or token.text == "-" or (token.kind == "w" and len(token.low) <= 2)):
            return False
        at += 1
    return False


def read_framed(reading: Reading, at: int) -> Found | None:  # noqa: PLR0911 - one line of a rule each
    """The street after «на» or «по» at `at`."""
    tokens = reading.tokens
    name = read_right(tokens, at + 1, lower=False)
    if name is None or tokens[name.end].text == "-" or tokens[name.end].low in TYPES:
        return None
    if name.words[0].low in _ADDRESS:  # «ПО АДРЕСУ КИРОВА 5» is read from the number
        return None
    street = Street(name.words, governed=True)
    read = read_houses(tokens, name.end, typed=False)
    if read and _stands_for_itself(reading, name, read, comma=tokens[name.end].text == ","):
        return reading.found(street, name.start, read.end, read, _sureness(read))
    last = name.last
    if last.kind != "word" or not last.text[0].isupper() or last.low.startswith(_NO_NAMES):
        return None
    if streetlike(last.low) and not _belongs_to_next(reading, name) and reading.before(at + 1):
        return reading.with_house_before(street, name.start, name.end, HOUSE_MARKED)
    second = second_street(reading, name.end) if streetlike(last.low) else None
    if second:
        return joined(reading.found(street, name.start, name.end, None, CROSSING), second)
    return reading.found(street, name.start, name.end, None, FRAMED) if _in_place(reading, at, name) else None


def _in_place(reading: Reading, at: int, name: Name) -> bool:
    """«на Ржевского», «по Пушкинской»: a place, not a person or an adjective of what follows."""
    tokens, last = reading.tokens, name.last
    if any(word.kind == "number" for word in name.words) or unlike_a_street(last.low):
        return False
    if any(tokens[at - n].low.startswith(NOT_PLACES) for n in (1, 2, 3) if tokens[at - n].kind == "w"):
        return False
    if like_a_surname(last.low):
        if len(name.words) > 1 and tokens[at].low == "на":
            return False  # «на Ивана Петрова»
        return not tokens[name.end].capital and tokens[name.end].kind != "d" and not _is_person(reading, last.low)
    found = adjective(last.low)
    known = tags(last.low)
    if not found or found[1] not in {"ой", "ей"} or len(name.words) > 1:
        return False
    street = not known or any("ADJF" in tag or "Surn" in tag for tag in known)
    return street and not _belongs_to_next(reading, name)


def _belongs_to_next(reading: Reading, name: Name) -> bool:
    """«на Московской бирже», «по Нижней Салде»."""
    behind = reading.tokens[name.end]
    if not adjective(name.last.low):
        return False
    if behind.text in {",", "и"} and adjective(reading.tokens[name.end + 1].low):
        return True  # «по Брянской и Курской областям»
    if behind.kind != "w":
        return False
    if behind.capital or behind.low in AGREES_WITH or adjective(behind.low):
        return True
    return any("NOUN" in tag and "femn" in tag and ("loct" in tag or "datv" in tag) for tag in tags(behind.low))


def _is_person(reading: Reading, low: str) -> bool:
    """The text has the name in another case too: «Зеленский … на Зеленского»."""
    stem: str = low[:-1]
    endings: tuple[str, ...] = _OTHER_ENDINGS
    if low[-5:] in _OTHER_CASES:
        stem, endings = low[:-5], _OTHER_CASES[low[-5:]]
    return any(stem + ending in reading.tokens.words for ending in endings)
