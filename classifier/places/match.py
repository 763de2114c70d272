"""Names of places in a text, with what speaks for and against each."""

import re
from dataclasses import dataclass
from enum import IntEnum

from classifier.places import words
from classifier.places.around import Around, Scan, around, in_dictionary, is_common, is_first_name, plain
from classifier.places.spelling import SHORTEST
from classifier.places.table import NEED_NOTHING, NEED_OTHERS, NEED_SIGN, NEED_TYPE, Name, Table
from text import normal, tokens

MAX_MENTIONS = 200
"""A text that names more places than that is a list; its first ones decide. Bounds the time on hostile texts."""
MAX_MISSPELT = 30
"""Unknown words of a text that are compared with names; a text with more is no Russian."""
MAX_TYPED_GAP = 120
"""Characters between two names of one statement («с. Борисовка, Пластовский округ»)."""

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CYRILLIC = re.compile(r"[а-я]+(?:-[а-я]+)*")
_LIKE_A_SURNAME = re.compile(r"(?:[оеё]в|[иы]н)о$")
_ADJECTIVE = re.compile(r"(?:ый|ий|ой|ое|ее|ая|яя|ые|ие)$")
_STOP = re.compile(r"[!?\n;…]|[^\W\d_]{4,}\.\s|[:]\s")
_DISTRICT_KINDS = frozenset({"district", "city", "inner"})
_SETTLEMENT_KINDS = frozenset({"town", "village", "area"})


class Sign(IntEnum):
    """What a mention is accepted for, the strongest last."""

    WEAK = 0
    """A word or a nickname with other meanings: something else must point to the same municipality."""
    MISSPELT = 1
    """One letter from a name."""
    SIGNED = 2
    """A capital inside a sentence or with a preposition."""
    PLAIN = 3
    """It means nothing else."""
    TYPED = 4
    """A type word stands beside it: «пос. Роза», «Сосновский район»."""


class Role(IntEnum):
    """How the place stands to what the text tells."""

    TO = 0
    """Where a way leads or somebody comes from: «бригада из Челябинска»."""
    NAMED = 1
    INSIDE = 2
    """«в Копейске», «жители Копейска»: where it happens."""
    TOPIC = 3
    """«Копейск. Нет света»: what the text begins with, set apart."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A form of a name in a text. `names` are all places of that name; `start`, `end` in characters; `first`, `last`
    number its words in the text."""

    names: tuple[Name, ...]
    start: int
    end: int
    sign: Sign
    role: Role
    first: int
    last: int
    before: str = ""

    @property
    def district(self) -> bool:
        """Whether it names a municipality or a part of a town, not a settlement."""
        return self.names[0].kind in _DISTRICT_KINDS or self.names[0].kind == "rural"


def scan(text: str) -> Scan:
    """A text as words and their normal forms."""
    found = tokens(text)
    return Scan(text, found, [plain(token.text) for token in found])


def find(text: str, table: Table) -> list[Mention]:
    """Mentions in the order of the text, without those that are streets, rivers, clubs and common words.

    Longer names win over shorter ones inside them. Work is linear in the number of words: each is looked up once, at
    most `MAX_MENTIONS` mentions are made, and at most `MAX_MISSPELT` unknown words are compared with names.
    """
    index = table.index
    if not any((word := plain(written)) in index or _may_be_misspelt(word, table) for written in _WORD.findall(text)):
        return []  # no tokens are built for most of the texts that name no place
    return find_in(scan(text), table)


def find_in(scanned: Scan, table: Table) -> list[Mention]:
    """`find` for a text that has been cut into words already."""
    index, forms = table.index, scanned.forms
    mentions: list[Mention] = []
    position, misspelt = 0, 0
    while position < len(forms) and len(mentions) < MAX_MENTIONS:
        step = 1
        if forms[position] in table.hyphen_heads and (names := _without_hyphen(scanned, position, table)):
            mention = _judge(scanned, position, 2, names, table)
            if mention:
                mentions.append(mention)
                step = 2
        elif forms[position] in index:
            if not _idle(scanned, position):
                length, names = index.longest(forms, position)
                mention = _judge(scanned, position, length, names, table) if names else None
                if mention:
                    mentions.append(mention)
                    step = length
        elif misspelt < MAX_MISSPELT and _may_be_misspelt(forms[position], table):
            misspelt += 1
            mention = _misspelt(scanned, position, table)
            if mention:
                mentions.append(mention)
        position += step
    return mentions


def _without_hyphen(scanned: Scan, at: int, table: Table) -> list[Name]:
    """«усть катав»: towns only, since two words in a row are two words."""
    joined = f"{scanned.forms[at]}-{scanned.form(at + 1)}"
    if joined not in table.index or scanned.text[scanned.tokens[at].end : scanned.tokens[at + 1].start] != " ":
        return []
    length, names = table.index.longest([joined], 0)
    return [name for name in names if name.kind != "village" and length == 1]


def _idle(scanned: Scan, at: int) -> bool:
    """Whether the word can be told from a place at once: it is small, common, and no word of a place stands beside."""
    written = scanned.tokens[at].text
    return (
        written[0].islower()
        and scanned.form(at - 1) not in _BESIDE
        and not words.DISTRICT.fullmatch(scanned.form(at + 1))
        and scanned.form(at + 1) not in words.CITY_KIND | words.MUNICIPAL_KIND
        and not words.RURAL.fullmatch(scanned.form(at + 1))
        and is_common(scanned.forms[at])
        and at > 0
    )


_BESIDE = words.TOWN | words.VILLAGE | words.AREA | words.DISTRICT_BEFORE | words.INSIDE | {"из", "на"}


def _judge(scanned: Scan, at: int, length: int, names: list[Name], table: Table) -> Mention | None:
    near = around(scanned, at, length)
    last = at + length - 1
    if _unknown_district(scanned, last + 1, table):
        return None
    districts = [name for name in names if name.kind in _DISTRICT_KINDS]
    if districts and (chosen := _district(districts, near)):
        weak = all(name.need == NEED_OTHERS for name in chosen)
        return _mention(scanned, at, last, chosen, Sign.WEAK if weak else Sign.TYPED, near)
    rural = [name for name in names if name.kind == "rural"]
    if rural and words.RURAL.fullmatch(near.after):
        return _mention(scanned, at, last, rural, Sign.TYPED, near)
    places = [name for name in names if name.kind in _SETTLEMENT_KINDS]
    if not places:
        return None
    if typed := _typed(places, near):
        return _mention(scanned, at, last, typed, Sign.TYPED, near)
    if _is_something_else(scanned, places, near, at) or _is_abbreviation(scanned, at, places):
        return None
    places = _not_a_surname(scanned, places, last)
    sign = _sign(scanned, places, near, last) if places else None
    return None if sign is None else _mention(scanned, at, last, places, sign, near)


def _mention(scanned: Scan, first: int, last: int, names: list[Name], sign: Sign, near: Around) -> Mention:
    start, end = scanned.tokens[first].start, scanned.tokens[last].end
    return Mention(tuple(names), start, end, sign, _role(scanned, first, last, near, names[0]), first, last, near.before)


def _unknown_district(scanned: Scan, at: int, table: Table) -> bool:
    """«в деревне Орловке Такого-то района», and no such district is in the table."""
    for place in (at, at + 1):
        adjective, kind = scanned.form(place), scanned.form(place + 1)
        if words.ADMINISTRATIVE.fullmatch(kind) and adjective not in words.CITY_KIND | words.MUNICIPAL_KIND:
            return adjective not in table.index and adjective.endswith(("ого", "его", "ом", "ем", "ий", "ый"))
    return False


def _district(names: list[Name], near: Around) -> list[Name]:
    """Municipalities and city districts for which «район» or «округ» stands beside the adjective."""
    following = near.after if words.DISTRICT.fullmatch(near.after) else ""
    city = near.after in words.CITY_KIND
    if (city or near.after in words.MUNICIPAL_KIND) and words.DISTRICT.match(near.after2):
        following = near.after2
    if not following and not (near.before in words.DISTRICT_BEFORE and near.capital):
        return []
    if city:
        return [name for name in names if name.kind == "city"] or names
    if following.startswith("р"):
        # «Троицкий район» is not the town; a town's own name with «район» is used only where there is no such district
        return [name for name in names if name.kind in {"district", "inner"}] or names
    return [name for name in names if name.kind == "district"] or [n for n in names if n.kind == "city"] or names


def _typed(places: list[Name], near: Around) -> list[Name]:
    """The places for which a fitting type word stands in front."""
    word = near.before
    if not word or (word in words.ABBREVIATED and not (near.before_dotted or (near.capital and word in {"г", "п"}))):
        return []
    if near.quoted:
        return []
    if word in words.TOWN:
        return [name for name in places if name.type == "г"]
    found: list[Name] = []
    if word in words.VILLAGE:
        found = [name for name in places if name.kind in {"town", "village"} and name.type != "г"]
    if not found and word in words.AREA:
        found = [name for name in places if name.kind == "area"]
    return found


def _is_something_else(scanned: Scan, places: list[Name], near: Around, at: int) -> bool:
    """A street, a river, a club, a plant, a person, or a word."""
    if near.quoted or near.before in words.NOT_A_PLACE:
        return True
    if near.before2 in words.NOT_A_PLACE and near.before in words.ABBREVIATED:
        return True
    water = any(name.river for name in places)
    if water and near.before in words.WATER:
        return True
    adjective = bool(_ADJECTIVE.search(places[0].name))
    if (adjective or water) and words.NOT_A_PLACE_AFTER.fullmatch(near.after):
        return True
    plain_name = any(name.need == NEED_NOTHING for name in places)
    if near.number_after and (adjective or not plain_name) and near.before in {"на", "по"}:
        return True  # «на Ленинском, 86»
    if not plain_name and _is_person(near):
        return True
    return near.before not in words.INSIDE and not near.heads_text and _in_sport(scanned, at)


def _is_person(near: Around) -> bool:
    if near.before in words.TITLES or near.initials_after:
        return True
    if near.before != "" and near.capital and is_first_name(near.before):
        return True
    return near.after != "" and is_first_name(near.after) and near.before not in words.NEAR


def _in_sport(scanned: Scan, at: int) -> bool:
    token = scanned.tokens[at]
    return bool(words.SPORT.search(scanned.text, max(token.start - 80, 0), token.end + 80))


def _not_a_surname(scanned: Scan, places: list[Name], last: int) -> list[Name]:
    """Without villages whose form is also a surname's: «Жукова» is Жуков's more often than of Жуково."""
    return [
        name
        for name in places
        if name.need == NEED_NOTHING
        or not _LIKE_A_SURNAME.search(normal(name.name))
        or scanned.forms[last].endswith(("о", "е"))
    ]


def _is_abbreviation(scanned: Scan, at: int, places: list[Name]) -> bool:
    """«СИМ» is not Сим."""
    word = scanned.tokens[at].text
    written = len(word) in {2, 3, 4} and word.isupper() and not scanned.shouting
    return written and not any(name.name.isupper() for name in places)


def _sign(scanned: Scan, places: list[Name], near: Around, last: int) -> Sign | None:
    """Of a name without a type word; None if nothing says that it is a place."""
    need = min(name.need for name in places)
    town = any(name.kind == "town" for name in places)
    if need == NEED_NOTHING:
        return Sign.PLAIN
    headed = bool(words.HEADS.fullmatch(near.before))
    if need == NEED_SIGN:
        by_capital = near.inside_sentence or (near.capital and (near.near or near.heads_text))
        # «в аше», «из пласта»: only the larger places, for which nobody types a capital
        by_word = town and (near.before in words.INSIDE | {"из"} or headed)
        return Sign.SIGNED if by_capital or by_word or (town and _begins(scanned, near, last)) else None
    if need == NEED_OTHERS:
        return Sign.WEAK if near.near or near.capital else None
    return Sign.WEAK if near.inside_sentence and (near.near or headed) else None


def _begins(scanned: Scan, near: Around, last: int) -> bool:
    """«пласт. нет врача», «аша без света»."""
    return near.text_start and (near.heads_text or near.after in words.STATE or not is_common(scanned.forms[last]))


def _role(scanned: Scan, first: int, last: int, near: Around, name: Name) -> Role:
    if near.before in words.INSIDE:
        return Role.TO if _is_direction(scanned, last, name) else Role.INSIDE
    if words.HEADS.fullmatch(near.before):
        return Role.INSIDE
    if near.before in words.THROUGH:
        return Role.TO
    if near.text_start and near.stopped:
        return Role.TOPIC
    return Role.NAMED


def _is_direction(scanned: Scan, last: int, name: Name) -> bool:
    """«в Кыштым», «в Сатку» against «в Кыштыме», «в Сатке»; «в Коркино» may be either and counts as inside."""
    form = scanned.forms[last]
    nominative = plain(name.name).split(" ")[-1]
    if form == nominative:
        return form[-1] not in "оеиыуюэ"
    return nominative[-1] in "ая" and form[-1] in "ую" and name.kind in _SETTLEMENT_KINDS


def _may_be_misspelt(word: str, table: Table) -> bool:
    return (
        len(word) >= SHORTEST - 1
        and word not in table.index
        and bool(_CYRILLIC.fullmatch(word))
        and not in_dictionary(word)
    )


def _misspelt(scanned: Scan, at: int, table: Table) -> Mention | None:
    """A larger place whose name is one letter away from an unknown word that stands where a place does."""
    near = around(scanned, at, 1)
    typed = near.before in words.TOWN | words.VILLAGE
    district = bool(words.DISTRICT.fullmatch(near.after))
    beside = near.before in words.INSIDE | {"из", "под"} or bool(words.HEADS.fullmatch(near.before))
    begins = near.text_start and (near.stopped or near.after in words.STATE or near.capital)
    if not (typed or district or beside or begins or near.inside_sentence):
        return None
    names = [name for name in table.misspelt(scanned.forms[at]) if (name.kind in _DISTRICT_KINDS) == district]
    if not names or _is_something_else(scanned, names, near, at) or _is_person(near):
        return None
    return _mention(scanned, at, at, names, Sign.MISSPELT, near)


def one_statement(text: str, one: Mention, other: Mention) -> bool:
    """Whether no sentence ends between two mentions."""
    left, right = (one, other) if one.end <= other.start else (other, one)
    return right.start - left.end <= MAX_TYPED_GAP and not _STOP.search(text, left.end, right.start)
