"""Names of streets among the tokens, read to the right or to the left of what shows that one stands there."""

import re
from dataclasses import dataclass

from text.address.form import Word, adjective, is_first_name, ordinal, tags
from text.address.tokens import Token, Tokens
from text.address.words import (
    ABBREVIATIONS,
    BUILDING,
    CORPUS,
    COUNTED,
    DATES,
    FLAT,
    HOUSE,
    LITERA,
    MONTHS,
    NOT_STREETS,
    NOT_STREETS_ADJECTIVES,
    NOT_STREETS_EXACT,
    TITLES,
    TYPES,
    forms,
)

MAX_WORDS = 5
"""«26 Бакинских комиссаров», «имени 50 лет Великого Октября»: the longest names that people write out."""
_MARKS = HOUSE | CORPUS | FLAT | LITERA | BUILDING
_CYRILLIC = re.compile(r"[а-я]+(?:-[а-я]+)*")
_ORDINAL_ENDINGS = forms("я й го ая ый ой ое е ья ю м му ом ей")
_ANNIVERSARY = frozenset({"летия", "летие", "лет"})
_UNKNOWN_ENDING = re.compile(r"(?:[ая]|ого|его|ской|цкой|ной|овой|их|ых|ко|ский|цкий|ное|ское|ском)$")
_AGREEING = {"f": forms("ая яя ую юю ой ей"), "m": forms("ий ый ой ое ее ом ем ого его ому ему")}


@dataclass(frozen=True, slots=True)
class Name:
    """Words of a name at `start`…`end` (places among the tokens, `end` exclusive)."""

    words: tuple[Word, ...]
    start: int
    end: int

    @property
    def last(self) -> Word:
        return self.words[-1]


def read_right(tokens: Tokens, start: int, *, lower: bool) -> Name | None:
    """The name that begins at `start`; one in small letters only if `lower`."""
    words: list[Word] = []
    at, core = start, False
    previous: Token | None = None
    while len(words) < MAX_WORDS:
        token = tokens[at]
        if token.kind == "d":
            step = _number(tokens, at, core=core)
            if not step:
                break
            word, at, closes = step
            words.append(word)
            previous = None
            if core or closes:
                core = True
                break
            continue
        if token.kind != "w" or (short := _is_short(tokens, at)) is None:
            break
        if short:
            words.append(Word(token.text, "short"))
            at, previous = at + 2, None
            continue
        if token.low in _MARKS or token.low in TYPES or not _CYRILLIC.fullmatch(token.low):
            break
        if len(token.low) < 3 and token.low != "р":
            break
        if core and not _continues(tokens, at, previous):
            break
        if not token.capital and not lower and not core and token.low not in TITLES | COUNTED:
            break
        words.append(Word(token.text))
        core = core or token.low not in TITLES | _ANNIVERSARY
        previous = token
        at += 1
        if token.low in MONTHS and words[0].kind == "number":
            break
    return Name(tuple(words), start, at) if core else None


def _number(  # noqa: PLR0911 - one line of a rule each
    tokens: Tokens, at: int, *, core: bool
) -> tuple[Word, int, bool] | None:
    """A number of a name at `at`, the place behind it, and whether the name is complete with it."""
    token, behind = tokens[at], tokens[at + 1]
    if len(token.text) > 3 or not token.text.strip("0"):
        return None
    word = Word(token.text, "number")
    if behind.text in {"-", "–"} and tokens[at + 2].low in _ORDINAL_ENDINGS | _ANNIVERSARY:
        if core and tokens[at + 2].low in {"е", "го", "м"}:
            return None
        end = at + (2 if tokens[at + 2].low in _ANNIVERSARY else 3)
        return (word, end, False) if not core or _ends_name(tokens, end) else None
    if behind.low in _ORDINAL_ENDINGS and tokens.glued(at + 1):
        return (word, at + 2, False) if not core or _ends_name(tokens, at + 2) else None
    if not core and behind.text == "-" and tokens[at + 2].low in MONTHS:
        return word, at + 2, False  # «8-Марта»
    if core or behind.kind != "w":
        return None
    if behind.low in COUNTED or (behind.capital and behind.low not in _MARKS and len(behind.low) > 3):
        return word, at + 1, False
    return None


def _ends_name(tokens: Tokens, at: int) -> bool:
    """«Эльтонская 1-я, 5», but not «Ленина, 2-й подъезд»."""
    return tokens[at].kind != "w" or tokens[at].low in _MARKS or tokens[at].low in TYPES


def _is_short(tokens: Tokens, at: int) -> bool | None:
    """Whether the word at `at` is cut before a dot; None if it can belong to no name."""
    token = tokens[at]
    if token.low == "р" and tokens[at + 1].capital:
        return False  # «наб. р Фонтанки»
    dotted = tokens[at + 1].text == "." and tokens[at + 2].kind == "w" and tokens[at + 2].low not in _MARKS
    if not dotted:
        return False
    if token.low in ABBREVIATIONS and token.low not in {"р", "кан"}:
        return True
    if token.low in {"р", "кан"}:
        return tokens[at + 2].capital
    if len(token.low) == 1:
        return True if token.capital and tokens[at + 2].capital else None
    return False


def _continues(tokens: Tokens, at: int, previous: Token | None) -> bool:  # noqa: PLR0911 - one line of a rule each
    """Whether the word at `at` belongs to the name that it follows."""
    token = tokens[at]
    if previous is None or previous.low in TITLES:
        return True
    if token.low in COUNTED and token.low not in DATES:
        return True
    house = tokens[tokens.skip(at + 1, ",.", 1)]
    numbered = house.kind == "d" or house.low in HOUSE
    if adjective(previous.low) and _agree(previous.low, token.low):
        sure = previous.low.endswith(("ых", "их", "ого", "его")) and not adjective(token.low)
        return (token.capital == previous.capital and (token.capital or numbered)) or sure or numbered
    if previous.low.endswith(("ых", "их")) and _agree(previous.low, token.low):
        return True
    if is_first_name(previous.low):
        surname = any("Surn" in tag for tag in tags(token.low)) or not tags(token.low)
        return (token.capital and (previous.capital or numbered)) or (not previous.capital and (surname or numbered))
    if not (token.capital and previous.capital) or unlike_a_street(token.low):
        return False
    plural = any("NOUN" in tag and "plur" in tag and "gent" in tag for tag in tags(token.low)[:1])
    return numbered or plural  # «Союза Печатников»


def _agree(first: str, second: str) -> bool:
    """An adjective and what it belongs to, by their forms: «Большая Посадская», «Красных Партизан»."""
    other = adjective(second)
    mine = adjective(first)
    if other and mine:
        return any({mine[1], other[1]} <= endings for endings in _AGREEING.values())
    found = tags(second)
    if first.endswith(("ого", "его")):
        return any("NOUN" in t and "gent" in t and "femn" not in t and "plur" not in t for t in found)
    if first.endswith(("ых", "их")):
        return any("NOUN" in t and "gent" in t and "plur" in t for t in found) or not found
    if first.endswith(("ой", "ей")):
        return any("NOUN" in t and "gent" in t and "femn" in t for t in found)
    if first.endswith(("ая", "яя")):
        return any("NOUN" in t and "nomn" in t and "femn" in t for t in found)
    return first.endswith(("ий", "ый")) and any("NOUN" in t and "nomn" in t and "masc" in t for t in found)


def read_left(tokens: Tokens, last: int, floor: int) -> Name | None:
    """The name that ends with the word at `last`, reaching no further left than `floor`."""
    token = tokens[last]
    if last < floor or token.kind != "w" or token.low in _MARKS or token.low in TYPES or len(token.low) < 3:
        return None
    if not _CYRILLIC.fullmatch(token.low):
        return None
    words = [Word(token.text)]
    at = last
    while len(words) < MAX_WORDS:
        step = _left_of(tokens, at, floor)
        if not step:
            break
        word, at = step
        words.insert(0, word)
        if word.kind == "number":
            break
    return Name(tuple(words), at, last + 1)


def _left_of(  # noqa: PLR0911 - one line of a rule each
    tokens: Tokens, at: int, floor: int
) -> tuple[Word, int] | None:
    """The word or number of a name that stands before the one at `at`, and where it begins."""
    token, before = tokens[at], tokens[at - 1]
    if at - 1 < floor:
        return None
    if before.text == "." and at - 2 >= floor and _is_short(tokens, at - 2):
        return Word(tokens[at - 2].text, "short"), at - 2
    number = ordinal_left(tokens, at - 1, floor)
    if number:
        return number
    if before.kind == "d" and token.low in COUNTED and len(before.text) <= 3:
        return Word(before.text, "number"), at - 1
    if before.text == "-" and token.low in _ANNIVERSARY and tokens[at - 2].kind == "d" and at - 2 >= floor:
        return Word(tokens[at - 2].text, "number"), at - 2
    if before.kind != "w" or before.low in _MARKS or before.low in TYPES or len(before.low) < 3:
        return None
    if before.low in _ANNIVERSARY and tokens[at - 2].kind in {"d", "p"}:
        return Word(before.text), at - 1
    if unlike_a_street(before.low) and not (
        before.low.startswith(("больш", "средн", "нов", "стар")) or ordinal(before.low)
    ):
        return None
    belongs = before.low in TITLES | {"героев"} or is_first_name(before.low) or _qualifies(before.low, token.low)
    return (Word(before.text), at - 1) if belongs and before.capital == token.capital else None


def _qualifies(first: str, second: str) -> bool:
    return bool(adjective(first) or first.endswith(("ых", "их"))) and _agree(first, second)


def ordinal_left(tokens: Tokens, at: int, floor: int) -> tuple[Word, int] | None:
    """«3-я» or «3я» that ends at `at`, and where it begins."""
    if tokens[at].low not in _ORDINAL_ENDINGS:
        return None
    if tokens[at - 1].text in {"-", "–"} and tokens[at - 2].kind == "d" and at - 2 >= floor:
        return Word(tokens[at - 2].text, "number"), at - 2
    if tokens[at - 1].kind == "d" and tokens.glued(at) and at - 1 >= floor:
        return Word(tokens[at - 1].text, "number"), at - 1
    return None


def agrees_with_type(low: str, gender: str) -> bool:
    """An adjective that can stand beside a street's type of this gender."""
    found = adjective(low)
    return bool(found) and found is not None and found[1] in _AGREEING[gender]


def unlike_a_street(low: str) -> bool:
    """A word that counts something, or that is counted."""
    if low in NOT_STREETS_EXACT or low.startswith(NOT_STREETS_ADJECTIVES):
        return True
    return low.startswith(NOT_STREETS) and not adjective(low)


def streetlike(low: str) -> bool:
    """A word that streets are called by: an adjective, a surname or a noun in the genitive, but no country, first name
    or other word of `NOT_STREETS`."""
    if len(low) < 3 or unlike_a_street(low) or low in DATES:
        return False
    found = tags(low)
    if not found:
        return bool(_UNKNOWN_ENDING.search(low))
    if low.endswith(("ская", "цкая")) or any("Poss" in tag or ("Surn" in tag and "gent" in tag) for tag in found):
        return True
    if "Geox" in found[0] or "Name" in found[0]:
        return False
    return any(
        ("ADJF" in tag and "sing" in tag and not any(other in tag for other in ("Apro", "ablt", "Anum")))
        or ("NOUN" in tag and "gent" in tag and not any(other in tag for other in ("Name", "Geox", "Fixd")))
        for tag in found
    )


def doubtful(low: str) -> bool:
    """A first name or a town called after somebody, in the genitive: «Марата», «Куйбышева»."""
    found = tags(low)[:1]
    town = low.endswith(("ова", "ева", "ина", "ска"))
    return any(
        "sing" in tag and "gent" in tag and "masc" in tag and ("Name" in tag or (town and "Geox" in tag))
        for tag in found
    )


def velar(low: str) -> bool:
    """«советской», «невский»: what few adjectives of everyday speech end in."""
    found = adjective(low)
    return found is not None and found[0].endswith(("ск", "цк"))


def like_a_surname(low: str) -> bool:
    """«Ржевского», «Кирова»: a masculine surname in the genitive."""
    if not low.endswith(("ова", "ева", "ина", "ына", "ского", "цкого")) or unlike_a_street(low):
        return False
    found = tags(low)
    return not found or any("Surn" in tag and "gent" in tag for tag in found) or low.endswith(("ского", "цкого"))
