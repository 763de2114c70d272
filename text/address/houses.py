"""Numbers of houses: «д. 3 корп. 2», «12-а», «15/2», «3, 5 и 7»; flats are passed over."""

from dataclasses import dataclass

from text.address.form import House, tags
from text.address.tokens import Tokens
from text.address.words import BUILDING, CORPUS, FLAT, HOUSE, LITERA, MASS, MONTHS, NOT_HOUSES, UNITS, forms, is_inside

MAX_DIGITS = 3
"""The longest street of Russia has houses up to some 700."""
MAX_LISTED = 12
"""Houses of one list; a longer one is not read to its end."""
_LETTERS = frozenset("абвгдежзик")
_LETTERS_AFTER_HYPHEN = frozenset("абвгджзик")
"""Without «е»: «5-е»."""
_ALONE = frozenset("абвгде")
_ORDINAL_ENDINGS = forms("й я е го му м х ый ой ая ое ти ю")
_SEVERAL = frozenset({"дома", "домов", "домах", "домам", "домами"})
_QUOTES = "\"«»“”„'`"
_AFTER_LISTED = forms("и в на по нет не без с у под")


@dataclass(frozen=True, slots=True)
class Read:
    """Houses up to `shown`, read up to `end` (places among the tokens, exclusive): between the two may be a flat
    («5-12»). `marked`: a word says that it is a house; `detailed`: it has a corpus, a building or a slash, which a
    count has not."""

    houses: tuple[House, ...]
    shown: int
    end: int
    marked: bool
    detailed: bool


def read_houses(tokens: Tokens, at: int, *, typed: bool, most: int = MAX_LISTED) -> Read | None:
    """The houses that begin at `at`, behind separators and «д.»; None where the number is none of a house.

    `typed`: a street's type stands before, so that a bare number is likelier a house than a count. At most `most` of a
    list are read.
    """
    start = at
    at = _skip_island(tokens, tokens.skip(at, ".,:;-–—(" + _QUOTES, 3))
    at = tokens.skip(at, ",.", 1)
    if tokens[at].low == "в" and tokens[at + 1].low in HOUSE and typed:
        at += 1
    marker, marked = at, tokens[at].low in HOUSE
    if marked:
        at = tokens.skip(at + 1, ".,:№#-" + _QUOTES, 2)
        if tokens[at].low in {"номер", "n"}:
            at += 1
    elif tokens[at].text == "№" and typed:
        at += 1
    elif _breaks(tokens, start, at):
        return None
    first = _read_one(tokens, at, marked=marked, typed=typed)
    if not first:
        return None
    house, end, detailed = first
    houses, ends = [house], [end]
    while len(houses) < most and (more := _read_more(tokens, ends[-1])):
        houses.append(more[0])
        ends.append(more[1])
    several = marked and tokens[marker].low in _SEVERAL
    if len(houses) == 2 and not several and _may_be_a_flat(tokens, end):
        del houses[1], ends[1]
    end = ends[-1]
    behind = end
    if tokens[end].text in {"-", "–"} and tokens[end + 1].kind == "d" and len(tokens[end + 1].text) <= MAX_DIGITS:
        behind = end + 2  # «38-40» are two houses, «5-12» a house and a flat
        if not marked and _counts(tokens, behind, tokens[end + 1].text, typed=True):
            return None  # «5-6 декабря»
    return Read(tuple(houses), end, behind, marked, detailed)


def _may_be_a_flat(tokens: Tokens, at: int) -> bool:
    """«Мира 5, 12»: of two bare numbers the second may be a flat."""
    return tokens[at].text == "," and tokens[at + 1].kind == "d"


def _breaks(tokens: Tokens, start: int, at: int) -> bool:
    """A full stop or a dash between a street and a bare number: «на шоссе. 16 человек», «площадь — 300»."""
    for i in range(start, at):
        if tokens[i].text == "." and not tokens.glued(i + 1):
            return True
        if tokens[i].text in {"-", "–", "—"} and not tokens.glued(i):
            return True
    return False


def _skip_island(tokens: Tokens, at: int) -> int:
    """«5 линия В.О., 20»: the island belongs to the line."""
    first, dot, second = tokens[at], tokens[at + 1], tokens[at + 2]
    if first.text in {"В", "П"} and dot.text == "." and second.text in {"О", "С"}:
        return tokens.skip(at + 3, ".,", 2)
    if first.text in {"ВО", "ПС"}:
        return tokens.skip(at + 1, ".,", 2)
    return at


def _read_more(tokens: Tokens, at: int) -> tuple[House, int] | None:
    if tokens[at].text not in {",", "и", "/"} or tokens[at].text == "/":
        return None
    at += 1
    if tokens[at - 1].text == "," and tokens[at].low in {"и", "а"}:
        at += 1
    named = tokens[at].low in HOUSE
    if named:
        at = tokens.skip(at + 1, ".№", 2)
    found = _read_one(tokens, at, marked=named, typed=False)
    if not found:
        return None
    house, end, _ = found
    behind = tokens[end]
    ends = behind.kind != "w" or behind.low in _AFTER_LISTED
    return (house, end) if named or ends else None


def _read_one(  # noqa: PLR0911 - one line of a rule each
    tokens: Tokens, at: int, *, marked: bool, typed: bool
) -> tuple[House, int, bool] | None:
    """The house at `at`, the place behind it, and whether it is detailed."""
    token = tokens[at]
    if token.kind != "d" or len(token.text) > MAX_DIGITS or not token.text.strip("0 ") or token.text[0] == "0":
        return None
    number = token.text
    at += 1
    if tokens[at].text in {".", ":"} and tokens.glued(at) and tokens[at + 1].kind == "d" and tokens.glued(at + 1):
        return None  # «18.00», «12.05»
    if tokens[at].text in "-–" and tokens[at + 1].low in _ORDINAL_ENDINGS - _LETTERS_AFTER_HYPHEN:
        return None  # «2-й подъезд»
    if tokens[at].kind == "w" and tokens.glued(at) and tokens[at].low in _ORDINAL_ENDINGS - _LETTERS:
        return None  # «2й подъезд»
    letter, after = _letter(tokens, at)
    if letter:
        number, at = number + letter, after
    elif _goes_on(tokens, at):
        return None
    slash = tokens[at].text in {"/", "\\"} and tokens[at + 1].kind == "d" and len(tokens[at + 1].text) <= MAX_DIGITS
    if slash:
        number, at = f"{number}/{tokens[at + 1].text}", at + 2
        letter, after = _letter(tokens, at)
        if letter:
            number, at = number + letter, after
    parts, end = _parts(tokens, at)
    detailed = bool(parts) or slash
    if not (marked or detailed or letter) and _counts(tokens, end, number, typed=typed):
        return None
    return House(number, parts.get("corpus"), parts.get("building")), end, detailed


def _goes_on(tokens: Tokens, at: int) -> bool:
    """The number is a part of something: «16-летний», «2ГИС», «1,5 года»."""
    token, behind = tokens[at], tokens[at + 1]
    if token.text in {"-", "–"} and tokens.glued(at) and tokens.glued(at + 1) and behind.kind == "w":
        return behind.low not in CORPUS | BUILDING
    if token.kind == "w" and tokens.glued(at):
        if token.low in CORPUS | BUILDING:
            return tokens[tokens.skip(at + 1, ".", 1)].kind != "d"
        return token.low not in LITERA | FLAT | HOUSE and not is_inside(token.low)
    if token.text == "," and tokens.glued(at) and behind.kind == "d" and tokens.glued(at + 1):
        unit = tokens[at + 2].low
        return unit in UNITS or (unit.startswith(NOT_HOUSES) and not is_inside(unit))
    return False


def _letter(tokens: Tokens, at: int) -> tuple[str, int]:
    """The letter of a house at `at` and the place behind it; («», at) where there is none."""
    token = tokens[at]
    if token.text in {"-", "–"} and tokens[at + 1].low in _LETTERS_AFTER_HYPHEN and tokens.glued(at + 1):
        return tokens[at + 1].low, at + 2
    if token.text and token.text in _QUOTES and tokens[at + 1].low in _LETTERS and tokens[at + 2].text in _QUOTES:
        return tokens[at + 1].low, at + 3
    if token.low not in _LETTERS:
        return "", at
    if tokens.glued(at):
        digits = tokens[at + 1].kind == "d" and token.low == "к"
        return ("", at) if digits else (token.low, at + 1)
    behind = tokens[at + 1]
    if token.low not in _ALONE:
        return "", at
    if token.low in "гд":  # «5 г. Копейск», «5 д. Ивановка»
        alone = behind.text in {"", ",", "\n", ")"}
    else:
        alone = token.low == "б" or behind.kind != "w" or behind.low in CORPUS | FLAT
        alone = alone and not (behind.text == "." and tokens[at + 2].low in {"о", "с"})
    return (token.low, at + 1) if alone and behind.kind != "d" else ("", at)


def _parts(tokens: Tokens, at: int) -> tuple[dict[str, str], int]:
    """Corpus and building behind a number, and the place behind them; a litera is read and left out."""
    parts: dict[str, str] = {}
    for _ in range(3):
        start = tokens.skip(at, ",.;" + _QUOTES, 2)
        word = tokens[start].low
        value = tokens.skip(start + 1, ".,:№-" + _QUOTES, 2)
        number = tokens[value]
        if word in LITERA and number.kind == "w" and len(number.text) <= 2:
            at = tokens.skip(value + 1, _QUOTES, 1)
        elif word in CORPUS and number.kind == "d" and len(number.text) <= 2 and "corpus" not in parts:
            letter, behind = _letter(tokens, value + 1)
            parts["corpus"], at = number.text + letter, behind
        elif word in BUILDING and number.kind == "d" and len(number.text) <= 2 and "building" not in parts:
            if word == "с" and not tokens.glued(value):
                break  # «5 с 1 мая»
            parts["building"], at = number.text, value + 1
        else:
            break
    return parts, at


def _counts(  # noqa: PLR0911 - one line of a rule each
    tokens: Tokens, at: int, number: str, *, typed: bool
) -> bool:
    """The number counts what follows: «5 домов», «35 лет», «2 подъезд»."""
    behind = tokens[at]
    if behind.text in {"%", "°", "₽", "$", "+", "*"}:
        return True
    if behind.text == "и" and tokens[at + 1].kind == "d" and tokens[at + 2].low in MONTHS:
        return True  # «27 и 28 июня»
    if behind.text == "-" and tokens[at + 1].kind == "w" and tokens[at + 1].low in _ORDINAL_ENDINGS:
        return True
    if behind.kind != "w" or behind.low in MASS:
        return False
    if behind.low in FLAT:
        return tokens[tokens.skip(at + 1, ".", 1)].low in {"м", "метр", "метров", "метра"}
    if is_inside(behind.low) and tokens[tokens.skip(at + 1, ".:№", 2)].kind == "d":
        return False
    if behind.low in UNITS:
        return behind.low != "г" or not typed
    if is_inside(behind.low) or behind.low.startswith(NOT_HOUSES):
        return True
    return not typed and _counted(behind.low, number)


def _counted(low: str, number: str) -> bool:
    """A noun in the form that the number wants: «2 вопроса», «5 вопросов»."""
    last = number[-1]
    wanted = {"1": ("sing", "nomn"), "2": ("sing", "gent"), "3": ("sing", "gent"), "4": ("sing", "gent")}
    size, case = wanted.get(last, ("plur", "gent")) if number[-2:-1] != "1" else ("plur", "gent")
    first = tags(low)[:1]
    return any("NOUN" in tag and size in tag and case in tag for tag in first)
