"""Addresses in a text, by what shows that one stands there: a street's type, a house, a place's preposition."""

import re
from dataclasses import dataclass

from text.address.form import Address, House, Street, Word, adjective, tags
from text.address.houses import Read, read_houses
from text.address.names import (
    Name,
    agrees_with_type,
    doubtful,
    like_a_surname,
    ordinal_left,
    read_left,
    read_right,
    streetlike,
    unlike_a_street,
)
from text.address.tokens import Tokens
from text.address.words import (
    AGREES_WITH,
    BEFORE_ONLY,
    COUNTED,
    CUT,
    GENITIVE,
    HOUSE,
    LOWER_NOT_STREETS,
    MONTHS,
    NOT_PLACES,
    NUMBERED,
    TYPES,
    StreetType,
    is_inside,
)

MAX_FOUND = 50
"""Addresses of one text; what names more is a list of streets."""

# How sure an address of each kind is, judged by the samples of docs/addresses.md.
TYPED_HOUSE, TYPED, HOUSE_MARKED, HOUSE_ONLY, CROSSING, FRAMED = 0.97, 0.9, 0.93, 0.85, 0.8, 0.5

_WORTH = re.compile(
    r"\d|\b(?:ул|пр|пер|ш|б-р|бул|пл|наб|тракт|алле|лини|туп|дорог|дор|мкр|микр|м-н|перекр)|[а-яё]/[А-ЯЁ]"
    r"|\b(?:на|по|угол|углу)\s+[А-ЯЁ]",
    re.I,
)
_DOTTED = frozenset({"ш", "дор", "пл", "туп", "пер", "наб"})
_PREPOSITIONS = frozenset("на по у около возле вдоль".split())
_MANY = frozenset({"улицы", "улиц", "улицам", "дороги"})
_ELSEWHERE = frozenset("в над под из при о об про для без через у от с до за между".split())
"""Prepositions after which no street stands by its name alone."""
_ADDRESS = frozenset({"адрес", "адресу", "адреса"})
_CROSSING = ("перекрест", "пересечен", "угол", "углу", "угла")


@dataclass(frozen=True, slots=True)
class _Found:
    addresses: tuple[Address, ...]
    end: int


def find_addresses(text: str) -> list[Address]:
    """All addresses of a text in their order, one for each house; time is linear in its length.

    A street without a house counts where its type stands with it, at a crossing, and — weakly — in «на Ржевского».
    """
    if not _WORTH.search(text):
        return []
    finder = _Finder(Tokens(text), text)
    return finder.run()


def find_address(text: str) -> Address | None:
    """The surest address of a text, with a house if there is one; the first of equals."""
    return max(find_addresses(text), key=lambda one: (one.house is not None, one.probability), default=None)


class _Finder:
    def __init__(self, tokens: Tokens, text: str) -> None:
        self.tokens = tokens
        self.text = text
        self.floor = 0
        self.houses = self._houses_before()

    def run(self) -> list[Address]:
        found: list[Address] = []
        at = 0
        while at < len(self.tokens) and len(found) < MAX_FOUND:
            one = self._at(at)
            if one:
                found += one.addresses
                self.floor = at = max(one.end, at + 1)
            else:
                at += 1
        return found[:MAX_FOUND]

    def _at(self, at: int) -> _Found | None:
        token = self.tokens[at]
        if token.kind == "d":
            return self._by_house(at)
        if token.text == "/":
            return self._by_slash(at)
        if token.kind != "w":
            return None
        if token.low in TYPES:
            return self._typed(at)
        if token.low in {"на", "по"}:
            return self._framed(at)
        return self._crossing(at) if token.low.startswith(_CROSSING) else None

    def _houses_before(self) -> dict[int, tuple[int, Read]]:
        """Houses that a street may follow, by the place behind them: «дом 12 по улице Мира», «3к3 по Садовой»."""
        found: dict[int, tuple[int, Read]] = {}
        for at in range(len(self.tokens)):
            token = self.tokens[at]
            if token.low in HOUSE:
                read = read_houses(self.tokens, at, typed=True)
            elif token.kind == "d" and self.tokens[at - 1].low not in HOUSE | {".", "№"}:
                read = read_houses(self.tokens, at, typed=False)
                named = self.tokens[at + 1].low == "доме" and len(token.text) <= 3
                if named:
                    found[at + 2] = (at, Read((House(token.text),), at + 1, at + 1, marked=True, detailed=False))
                read = read if read and read.detailed else None
            else:
                read = None
            if read and (read.marked or read.detailed):
                found.setdefault(read.end, (at, read))
        return found

    def _before(self, start: int) -> tuple[int, Read] | None:
        """Houses before a street that begins at `start`."""
        at = start
        for _ in range(3):
            if at in self.houses:
                first, read = self.houses[at]
                return (first, read) if first >= self.floor else None
            token = self.tokens[at - 1]
            if token.low in _PREPOSITIONS or token.text in {",", "(", '"', "«"}:
                at -= 1
            else:
                return None
        return None

    def _found(
        self, street: Street, start: int, end: int, read: Read | None, probability: float, *, before: bool = True
    ) -> _Found | None:
        """Addresses of a street at these tokens with the houses behind it, or with those before it."""
        if not street.key:
            return None
        if read is None and before and (earlier := self._before(start)):
            start, read = earlier[0], earlier[1]
            probability = max(probability, HOUSE_MARKED)
        last = read.shown if read and read.end == end else end
        span = self.tokens[start].start, self.tokens[last - 1].end
        houses: tuple[House | None, ...] = read.houses if read else (None,)
        return _Found(tuple(Address(street, house, *span, probability) for house in houses), end)

    # --- a street's type

    def _typed(self, at: int) -> _Found | None:
        token = self.tokens[at]
        kind = TYPES[token.low]
        dotted = self.tokens[at + 1].text == "."
        if self.tokens[at - 1].low == "и" and token.low == "пр":
            return None
        left = self._left_name(at, kind)
        if token.low in _DOTTED and not dotted and not left:
            behind = self.tokens[at + 1]
            if len(token.low) < 3 or not (behind.capital or behind.low in {"р", "реки", "канала"}):
                return None
        right = None if kind.name in BEFORE_ONLY else self._right_name(at, kind)
        if left and right and self.tokens.starts_sentence(left.start) and len(left.words) == 1:
            left = None
        name = left or right
        if name is None:
            return None
        street = Street(
            name.words,
            kind,
            genitive=token.low in GENITIVE,
            before=left is not None,
            governed=True,
        )
        if left is None and self.tokens[name.end].low in TYPES and self.tokens[name.end].low not in _DOTTED:
            return None  # «по улице Серебрянский проезд»
        end = name.end if left is None else self.tokens.skip(at + 1, "." if _is_cut(token.low) else "", 1)
        start = min(at, name.start)
        read = read_houses(self.tokens, end, typed=True)
        capital = any(self.tokens[i].capital for i in range(name.start, name.end))
        if read is None and not capital and not self._likely_in_lower(name, kind) and not self._before(start):
            return None
        if read is None and token.low in _MANY and (not capital or any("Geox" in t for t in tags(name.last.low))):
            return None  # «улицы Москвы», «улицы дагестанских городов»
        second = None if read else self._second(end)
        if read:
            end = read.end
        found = self._found(street, start, end, read, TYPED_HOUSE if read else TYPED)
        return _joined(found, second)

    def _right_name(self, at: int, kind: StreetType) -> Name | None:
        start = self.tokens.skip(at + 1, (".," if _is_cut(self.tokens[at].low) else "") + ':-–"«“', 2)
        if kind.name in NUMBERED:
            return self._numbered_right(start)
        name = read_right(self.tokens, start, lower=not kind.weak)
        if name is None or self.tokens[start - 1].text == "\n":
            return None
        first = next((word for word in name.words if word.kind == "word"), None)
        if first is None:
            return name
        low = name.words[0].kind == "word" and not first.text[0].isupper()
        if low and (first.low in LOWER_NOT_STREETS or not _may_be_lower(first.low)):
            return None
        comma = any(self.tokens[i].text == "," for i in range(at + 1, start))
        return None if comma and (low or not streetlike(name.last.low)) else name

    def _numbered_right(self, at: int) -> Name | None:
        if self.tokens[at].kind != "d" or len(self.tokens[at].text) > 2:
            return None
        name = read_right(self.tokens, at, lower=False)
        if name:
            return None
        house = read_houses(self.tokens, at + 1, typed=True)
        return Name((Word(self.tokens[at].text, "number"),), at, at + 1) if house else None

    def _left_name(self, at: int, kind: StreetType) -> Name | None:
        before = self.tokens[at - 1]
        if at - 1 < self.floor:
            return None
        if kind.name in NUMBERED:
            number = ordinal_left(self.tokens, at - 1, self.floor)
            if number:
                return Name((number[0],), number[1], at)
            if before.kind == "d" and len(before.text) <= 2:
                return Name((Word(before.text, "number"),), at - 1, at)
            if not before.capital or kind.name != "линия" or not read_houses(self.tokens, at + 1, typed=True):
                return None  # of the underground, of a railway
        name = read_left(self.tokens, at - 1, self.floor)
        if name is None or (unlike_a_street(before.low) and not (before.capital and before.low.startswith(_COMMON))):
            return None
        if agrees_with_type(before.low, kind.gender) and not before.low.startswith(("эт", "наш", "друг", "сво", "кажд")):
            if before.capital or (before.low not in LOWER_NOT_STREETS and _velar(before.low)):
                return name
            behind = self.tokens[self.tokens.skip(at + 1, ".,", 2)]
            return name if (behind.kind == "d" or behind.low in HOUSE) and before.low not in LOWER_NOT_STREETS else None
        genitive = before.capital and streetlike(before.low) and not adjective(before.low)
        genitive = genitive or (before.capital and (like_a_surname(before.low) or before.low.endswith(("ых", "их"))))
        behind = self.tokens[self.tokens.skip(at + 1, ".,", 2)]
        return name if genitive and (behind.kind == "d" or behind.low in HOUSE or behind.kind == "") else None

    def _likely_in_lower(self, name: Name, kind: StreetType) -> bool:
        """A street in small letters and without a house: «на улице гагарина яма», not «на улице темно»."""
        if kind.weak or not all(word.kind == "word" for word in name.words):
            return not kind.weak
        last = name.last.low
        return like_a_surname(last) or (_velar(last) and last not in LOWER_NOT_STREETS) or len(name.words) > 1

    # --- a house

    def _by_house(self, at: int) -> _Found | None:
        marker = at - 1
        while marker > at - 3 and self.tokens[marker].text in {".", "№", ":"}:
            marker -= 1
        start = marker if self.tokens[marker].low in HOUSE and marker >= self.floor else at
        read = read_houses(self.tokens, start, typed=False)
        if read is None or read.end <= at or (start == at and self.tokens[at - 1].text in {"№", "."}):
            return None
        if start == at and self.tokens[at - 1].text not in {",", "-", "–"} and self.tokens[at - 1].kind != "w":
            return None
        last = start - 1
        comma = self.tokens[last].text in {",", "-", "–", "("}
        if comma:
            last -= 1
        name = read_left(self.tokens, last, self.floor)
        if name is None or not self._stands_for_itself(name, read, comma=comma):
            return None
        behind = self.tokens[read.end]
        if behind.low in {"по", "на"} and self._street_follows(read.end + 1):
            return None
        governed = self.tokens[name.start - 1].low in {"на", "по"}
        marked = read.marked or read.detailed
        street = Street(name.words, governed=governed)
        return self._found(street, name.start, read.end, read, HOUSE_MARKED if marked else HOUSE_ONLY, before=False)

    def _street_follows(self, at: int) -> bool:
        token = self.tokens[at]
        return token.low in TYPES or (token.capital and streetlike(token.low))

    def _stands_for_itself(self, name: Name, read: Read, *, comma: bool) -> bool:
        """Whether a name beside a number is a street's without a word that says so."""
        last, tokens = name.last, self.tokens
        before = tokens[name.start - 1]
        counted = any(word.kind == "number" for word in name.words)
        marked = read.marked or read.detailed
        capital = last.text[0].isupper()
        if last.low in MONTHS:
            return counted and (marked or (capital and not comma))
        inside = self._inside_follows(read.end)
        if not marked and not inside and self._is_part(name, before.low):
            return False
        if not streetlike(last.low):
            if not capital or last.low.startswith(_NOT):
                return False
            if doubtful(last.low) and before.low not in _ELSEWHERE:
                return marked or inside or tokens[read.end].kind != "w"
            return any(house.corpus for house in read.houses) and not tags(last.low)
        if capital:
            return not (last.text.isupper() and len(last.text) < 5)
        if (counted and marked) or before.low in _ADDRESS:
            return True
        if before.text == ":" and tokens[name.start - 2].low in _ADDRESS:
            return True
        opening = tokens.starts_sentence(name.start) or before.low in _PREPOSITIONS | {",", ":"}
        if inside and opening:
            return True
        strong = any(house.corpus for house in read.houses) or (read.marked and not comma)
        known = like_a_surname(last.low) or _velar(last.low) or tokens.starts_sentence(name.start)
        return opening and strong and known

    def _is_part(self, name: Name, before: str) -> bool:
        """«в Луганской, 64 — в Запорожской», «Вояджера-2», «Анна Верейская, 35»."""
        if before in _ELSEWHERE:
            return True
        if self.tokens[name.end].text == "-" and self.tokens.glued(name.end):  # «Суворовский-61» is one
            last = name.last.low
            plural = any("NOUN" in tag and "plur" in tag and "gent" in tag for tag in tags(last)[:1])
            return not (_velar(last) or like_a_surname(last) or plural)
        return self.tokens[name.start - 1].capital and any("Name" in tag and "nomn" in tag for tag in tags(before))

    def _inside_follows(self, at: int) -> bool:
        """«, 2 подъезд», «парадная 3»: what stands before is a house."""
        at = self.tokens.skip(at, ",.", 1)
        for _ in range(3):
            token = self.tokens[at]
            if token.kind == "w" and is_inside(token.low):
                return True
            if not (token.kind == "d" or token.text == "-" or (token.kind == "w" and len(token.low) <= 2)):
                return False
            at += 1
        return False

    # --- a preposition, a crossing

    def _framed(self, at: int) -> _Found | None:
        name = read_right(self.tokens, at + 1, lower=False)
        if name is None or self.tokens[name.end].text == "-" or self.tokens[name.end].low in TYPES:
            return None
        last = name.last
        street = Street(name.words, governed=True)
        read = read_houses(self.tokens, name.end, typed=False)
        if read and self._stands_for_itself(name, read, comma=self.tokens[name.end].text == ","):
            probability = HOUSE_MARKED if read.marked or read.detailed else HOUSE_ONLY
            return self._found(street, name.start, read.end, read, probability, before=False)
        if last.kind != "word" or not last.text[0].isupper() or last.low.startswith(_NOT):
            return None
        house = self._before(at + 1)
        if house and streetlike(last.low) and not self._belongs_to_next(name):
            return self._found(street, name.start, name.end, None, HOUSE_MARKED)
        second = self._second(name.end)
        if second and streetlike(last.low):
            return _joined(self._found(street, name.start, name.end, None, CROSSING, before=False), second)
        if not self._in_place(at, name):
            return None
        return self._found(street, name.start, name.end, None, FRAMED, before=False)

    def _in_place(self, at: int, name: Name) -> bool:
        """«на Ржевского», «по Пушкинской»: a place, not a person or an adjective of what follows."""
        last = name.last
        if any(word.kind == "number" for word in name.words) or unlike_a_street(last.low):
            return False
        if any(self.tokens[at - n].low.startswith(NOT_PLACES) for n in (1, 2, 3) if self.tokens[at - n].kind == "w"):
            return False
        if like_a_surname(last.low):
            if len(name.words) > 1 and self.tokens[at].low == "на":
                return False  # «на Ивана Петрова»
            behind = self.tokens[name.end]
            return not behind.capital and not self._is_person(last.low)
        found = adjective(last.low)
        if not found or found[1] not in {"ой", "ей"} or len(name.words) > 1 or not _known_adjective(last.low):
            return False
        return not self._belongs_to_next(name)

    def _belongs_to_next(self, name: Name) -> bool:
        """«на Московской бирже», «по Нижней Салде»."""
        behind = self.tokens[name.end]
        if not adjective(name.last.low):
            return False
        if behind.text in {",", "и"} and adjective(self.tokens[name.end + 1].low):
            return True  # «по Брянской и Курской областям»
        if behind.kind != "w":
            return False
        if behind.capital or behind.low in AGREES_WITH or adjective(behind.low):
            return True
        return any("NOUN" in t and "femn" in t and ("loct" in t or "datv" in t) for t in tags(behind.low))

    def _is_person(self, low: str) -> bool:
        """The text has the name in another case too: «Зеленский … на Зеленского»."""
        stem = low[:-3] if low.endswith(("ского", "цкого")) else low[:-1]
        forms = re.findall(rf"\b{re.escape(stem)}\w{{0,3}}\b", self.text.lower().replace("ё", "е"))
        return any(form != low for form in forms)

    def _second(self, at: int) -> _Found | None:
        """The other street of a crossing, behind «/», «и» or a dash."""
        if self.tokens[at].text not in {"/", "и", "-", "–", "—"}:
            return None
        start = at + 1
        kind = TYPES.get(self.tokens[start].low)
        if kind:
            return None  # read on its own
        name = read_right(self.tokens, start, lower=False)
        if name is None or name.last.kind != "word" or not name.last.text[0].isupper():
            return None
        if not (like_a_surname(name.last.low) or (self.tokens[at].text == "/" and streetlike(name.last.low))):
            return None
        return self._found(Street(name.words, governed=True), name.start, name.end, None, CROSSING, before=False)

    def _by_slash(self, at: int) -> _Found | None:
        """«Ленина/Свободы»."""
        name = read_left(self.tokens, at - 1, self.floor)
        if name is None or not name.last.text[0].isupper() or not streetlike(name.last.low):
            return None
        second = self._second(at)
        if second is None:
            return None
        return _joined(self._found(Street(name.words), name.start, at, None, CROSSING, before=False), second)

    def _crossing(self, at: int) -> _Found | None:
        """«на углу Ленина и Свободы»."""
        start = at + 1
        if self.tokens[start].low in TYPES:
            start = self.tokens.skip(start + 1, ".", 1)
        name = read_right(self.tokens, start, lower=False)
        if name is None or not streetlike(name.last.low) or self.tokens[name.end].text not in {"и", "/", "-", "–", "с"}:
            return None
        other = read_right(self.tokens, name.end + 1, lower=False)
        if other is None or not streetlike(other.last.low):
            return None
        first = self._found(Street(name.words, governed=True), name.start, name.end, None, CROSSING, before=False)
        second = self._found(Street(other.words, governed=True), other.start, other.end, None, CROSSING, before=False)
        return _joined(first, second)


_COMMON = ("больш", "средн", "нов", "стар", "перв", "втор", "трет")
"""How streets begin too that are everyday words: «Большой проспект», «Средний проспект»."""
_NOT = ("здравств", "добр", "уваж", "просьб", "адрес")


def _joined(first: _Found | None, second: _Found | None) -> _Found | None:
    if first is None or second is None:
        return first or second
    return _Found(first.addresses + second.addresses, second.end)


def _is_cut(low: str) -> bool:
    """«ул», «пр-т»: a word that a dot belongs to."""
    return low in CUT or "-" in low


def _velar(low: str) -> bool:
    """«советской», «невский»: what few adjectives of everyday speech end in."""
    found = adjective(low)
    return found is not None and found[0].endswith(("ск", "цк"))


def _known_adjective(low: str) -> bool:
    found = tags(low)
    return not found or any("ADJF" in tag or "Surn" in tag for tag in found)


def _may_be_lower(low: str) -> bool:
    """Whether a word in small letters after «улица» can be its name: an adjective, a genitive, a word unknown."""
    found = tags(low)
    if low in COUNTED:
        return True
    return not found or any(
        ("ADJF" in tag and "Apro" not in tag) or ("NOUN" in tag and "gent" in tag) or "Surn" in tag for tag in found
    )
