"""Names of places in a text, with what speaks for and against each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from classifier.places import words
from classifier.places.around import WORD, Around, Scan, agrees, around, is_common, is_first_name, is_thing, looks_like_adjective, may_name, plain
from classifier.places.table import NEED_NOTHING, NEED_OTHERS, NEED_SIGN, NEED_TYPE, Name, Table
from classifier.places.vocabulary import Look, Vocabulary, vocabulary
from text import normal

MAX_MENTIONS = 200
"""A text that names more places than that is a list; its first ones decide. Bounds the time on hostile texts."""
MAX_MISSPELT = 30
"""Unknown words of a text that are compared with names; a text with more is no Russian."""
LARGE = 300_000
"""People from which on a town is known all over the country, though its name be a word («Орёл», «Уфа»)."""
MAX_TYPED_GAP = 120
"""Characters between two names of one statement («с. Борисовка, Пластовский округ»)."""

_LIKE_A_SURNAME = re.compile(r"(?:[оеё]в|[иы]н)о$")
_ADJECTIVE = re.compile(r"(?:ый|ий|ой|ое|ее|ая|яя|ые|ие)$")
_STOP = re.compile(r"[!?\n;…]|[^\W\d_]{4,}\.\s|[:]\s")
_LIKE_A_PERSON = re.compile(r"(?:[оеё]в|[иы]н)$")
"""Towns named after people have streets named after the same ones all over the country."""
_OF_A_PLACE = frozenset({"из", "от", "до", "около", "возле", "под", "города", "г"})
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

    TOWARDS = 0
    """Where somebody goes: «рожать едем в Миасс»."""
    THROUGH = 1
    """The end of a way, or where somebody comes from: «бригада из Челябинска»."""
    NAMED = 2
    INSIDE = 3
    """«в Копейске», «жители Копейска»: where it happens."""
    TOPIC = 4
    """«Копейск. Нет света»: what the text begins with, set apart."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A form of a name in a text. `names` are all places of that name that it is accepted for, `signs` for what each;
    `start`, `end` in characters; `first`, `last` number its words in the text."""

    names: tuple[Name, ...]
    signs: tuple[Sign, ...]
    start: int
    end: int
    role: Role
    first: int
    last: int
    before: str = ""

    @property
    def sign(self) -> Sign:
        """The strongest."""
        return max(self.signs)

    def sign_of(self, name: Name) -> Sign:
        return self.signs[self.names.index(name)]

    def only(self, names: Sequence[Name]) -> "Mention":
        """The same with some of its names."""
        return replace(self, names=tuple(names), signs=tuple(self.sign_of(name) for name in names))

    @property
    def district(self) -> bool:
        """Whether it names a municipality or a part of a town, not a settlement."""
        first = self.names[0]
        return (first.kind in _DISTRICT_KINDS or first.kind == "rural") and bool(_ADJECTIVE.search(first.name))


def find(text: str, table: Table) -> list[Mention]:
    """Mentions in the order of the text, without those that are streets, rivers, clubs and common words.

    Longer names win over shorter ones inside them. Work is linear in the number of words: each is looked up once, at
    most `MAX_MENTIONS` mentions are made, and at most `MAX_MISSPELT` unknown words are compared with names.
    """
    return found_in(text, table)[1]


def found_in(text: str, table: Table) -> tuple[Scan, list[Mention]]:
    """`find`, with the words of the text; they are empty if none of them may be a place's."""
    written = WORD.findall(text)
    places = _worth_a_look(written, vocabulary(table))
    if not places:
        return Scan(text, (), (), ()), []  # most texts: nothing but one look-up a word was done
    scanned = Scan.of(text, written)
    mentions: list[Mention] = []
    done, misspelt = 0, 0
    for at, look in places:
        if at < done or len(mentions) == MAX_MENTIONS:
            continue
        if look == Look.UNKNOWN:
            misspelt += 1
            mention = _misspelt(scanned, at, table) if misspelt <= MAX_MISSPELT else None
        else:
            mention = _named(scanned, at, look, table)
        if mention:
            mentions.append(mention)
            done = mention.last + 1
    return scanned, mentions


def _worth_a_look(written: Sequence[str], known: Vocabulary) -> list[tuple[int, Look]]:
    """Numbers of the words that may begin a name, without the common words beside which nothing speaks of a place."""
    found = []
    for at, word in enumerate(written):
        look = known[word]
        if look and (
            look == Look.NAME
            or look == Look.UNKNOWN
            or (look == Look.HYPHEN and _hyphen_left_out(written, at, known))
            or _spoken_for(written, at, look)
        ):
            found.append((at, look))
    return found


def _hyphen_left_out(written: Sequence[str], at: int, known: Vocabulary) -> bool:
    """«усть катав», «Верх Ашап»: villages only with capitals, since two words in a row are two words."""
    if at + 1 == len(written):
        return False
    joined = f"{plain(written[at])}-{plain(written[at + 1])}"
    return known.is_town(joined) or (written[at][0].isupper() and written[at + 1][0].isupper() and known.is_name(joined))


def _spoken_for(written: Sequence[str], at: int, look: Look) -> bool:
    if at == 0 or written[at][0].isupper():
        return True
    if look == Look.HYPHEN:
        look = Look.COMMON_TOWN
    before = plain(written[at - 1])
    if before in _TYPES or (look == Look.COMMON_TOWN and (before in _BESIDE or words.HEADS.fullmatch(before))):
        return True
    after = plain(written[at + 1]) if at + 1 < len(written) else ""
    return bool(
        words.DISTRICT.fullmatch(after)
        or after in words.CITY_KIND
        or after in words.MUNICIPAL_KIND
        or words.RURAL.fullmatch(after)
    )


_TYPES = words.TOWN | words.VILLAGE | words.AREA | words.DISTRICT_BEFORE
_BESIDE = words.INSIDE | {"из"}


def _named(scanned: Scan, at: int, look: Look, table: Table) -> Mention | None:
    if look == Look.HYPHEN and (names := _without_hyphen(scanned, at, table)):
        return _judge(scanned, at, 2, names, table)
    if scanned.forms[at] not in table.index:
        return None
    length, names = table.index.longest(scanned.forms, at)
    return _judge(scanned, at, length, names, table) if names else None


def _without_hyphen(scanned: Scan, at: int, table: Table) -> list[Name]:
    """Names of the two words joined."""
    joined = f"{scanned.forms[at]}-{scanned.form(at + 1)}"
    if at + 1 == len(scanned.words) or joined not in table.index or scanned.text[scanned.spans[at][1] : scanned.spans[at + 1][0]] != " ":
        return []
    return table.index.longest([joined], 0)[1]


def _judge(scanned: Scan, at: int, length: int, names: list[Name], table: Table) -> Mention | None:
    near = around(scanned, at, length)
    last = at + length - 1
    if _unknown_district(scanned, last + 1, table):
        return None
    districts = [name for name in names if name.kind in _DISTRICT_KINDS and not _is_city_itself(name)]
    if districts and (chosen := _district(districts, near, table)):
        signs = [Sign.WEAK if name.need == NEED_OTHERS else Sign.TYPED for name in chosen]
        return _mention(scanned, at, last, chosen, signs, near)
    rural = [name for name in names if name.kind == "rural"]
    if rural and words.RURAL.fullmatch(near.after):
        return _mention(scanned, at, last, rural, [Sign.TYPED] * len(rural), near)
    places = [name for name in names if name.kind in _SETTLEMENT_KINDS or _is_city_itself(name)]
    if not places or _is_abbreviation(scanned, at, places):
        return None
    if _is_adjective(scanned.forms[last], near, places):
        return None
    if (typed := _typed(places, near)) and (near.capital or near.before in words.TOWN or may_name(scanned.forms[at])):
        return _mention(scanned, at, last, typed, [Sign.TYPED] * len(typed), near)
    if _is_something_else(scanned, places, near, at):
        return None
    signed = [
        (name, sign)
        for name in _not_a_surname(scanned, places, last)
        if (sign := _sign(scanned, name, near, last, table)) is not None
    ]
    if not signed:
        return None
    return _mention(scanned, at, last, [name for name, _ in signed], [sign for _, sign in signed], near)


def _mention(
    scanned: Scan, first: int, last: int, names: Sequence[Name], signs: Sequence[Sign], near: Around
) -> Mention:
    start, end = scanned.spans[first][0], scanned.spans[last][1]
    role = _role(scanned, last, near, names[0])
    return Mention(tuple(names), tuple(signs), start, end, role, first, last, near.before)


def _is_adjective(form: str, near: Around, places: Sequence[Name]) -> bool:
    """«на Ленинском проспекте», «Южном Бутово»: it belongs to the noun after it; «Чайковский Мира 2» is a town."""
    if near.after == "" or not looks_like_adjective(form):
        return False
    town = any(name.type == "г" and name.need <= NEED_SIGN for name in places)
    return agrees(form, near.after) or (near.after_capital and not town)


def _is_city_itself(name: Name) -> bool:
    """Whether a municipality bears its town's name («город Уфа»)."""
    return name.kind == "city" and not _ADJECTIVE.search(name.name)


def _unknown_district(scanned: Scan, at: int, table: Table) -> bool:
    """«в деревне Орловке Такого-то района», and no such district is in the table."""
    for place in (at, at + 1):
        adjective, kind = scanned.form(place), scanned.form(place + 1)
        if words.ADMINISTRATIVE.fullmatch(kind) and adjective not in words.CITY_KIND | words.MUNICIPAL_KIND:
            return adjective not in table.index and adjective.endswith(("ого", "его", "ом", "ем", "ий", "ый"))
    return False


def _district(names: list[Name], near: Around, table: Table) -> list[Name]:
    """Municipalities and city districts for which «район» or «округ» stands beside the adjective."""
    following = near.after if words.DISTRICT.fullmatch(near.after) else ""
    city = near.after in words.CITY_KIND
    if (city or near.after in words.MUNICIPAL_KIND) and words.DISTRICT.match(near.after2):
        following = near.after2
    beside = near.before in words.DISTRICT_BEFORE and near.capital and looks_like_adjective(plain(names[0].name))
    if not following and not beside:
        return []
    if city:
        return [name for name in names if name.kind == "city"] or names
    # «Троицкий район» is not the town; a town's own name with «район» is used only where there is no such district
    rural = {table.municipalities[name.oktmo].region for name in names if name.kind == "district"}
    kept = [name for name in names if name.kind != "city" or table.municipalities[name.oktmo].region not in rural]
    return kept if following.startswith("р") else [name for name in kept if name.kind != "inner"] or kept


def _typed(places: list[Name], near: Around) -> list[Name]:
    """The places for which a fitting type word stands in front."""
    word = near.before
    if near.after in words.TYPES_AFTER and near.after_comma:  # «Пермь г, Ленина 5»: as forms write addresses
        word = near.after
    elif not word or (word in words.ABBREVIATED and not (near.before_dotted or (near.capital and word in {"п", "д"}))):
        return []
    if near.quoted and near.before not in words.TOWN:
        return []
    if word in words.TOWN:
        return [name for name in places if name.type == "г" or name.kind == "city"]
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
    water = any(name.river for name in places) or scanned.forms[at] in words.RIVERS
    if water and near.before in words.WATER:
        return True
    adjective = bool(_ADJECTIVE.search(places[0].name))
    if (water or (adjective and len(near.after) <= 3)) and words.NOT_A_PLACE_AFTER.fullmatch(near.after):
        return True  # «Троицкая ул.»: what agrees in full was told before
    if scanned.forms[at].endswith("а") and _LIKE_A_PERSON.search(plain(places[0].name)) and not _of_a_place(near):
        return True  # «по Куйбышева от Революции»
    plain_name = any(name.need == NEED_NOTHING for name in places)
    if near.opens_quote and not plain_name:
        return True  # «Звёздочки Прикамья»
    if near.number_after and not plain_name and (adjective or near.before in {"на", "по"}):
        return True  # «на Ленинском, 86», «Октябрьский 12»
    if not plain_name and _is_person(near):
        return True
    return near.before not in words.INSIDE and not near.heads_text and _in_sport(scanned, at)


def _of_a_place(near: Around) -> bool:
    return near.before in _OF_A_PLACE or bool(words.HEADS.fullmatch(near.before))


def _is_person(near: Around) -> bool:
    if near.before in words.TITLES or near.initials_after:
        return True
    if near.before != "" and near.capital and is_first_name(near.before):
        return True
    return near.after != "" and is_first_name(near.after) and near.before not in words.NEAR


def _in_sport(scanned: Scan, at: int) -> bool:
    start, end = scanned.spans[at]
    return bool(words.SPORT.search(scanned.text, max(start - 80, 0), end + 80))


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
    word = scanned.words[at]
    written = len(word) in {2, 3, 4} and word.isupper() and not scanned.shouting
    return written and not any(name.name.isupper() for name in places)


def _sign(scanned: Scan, name: Name, near: Around, last: int, table: Table) -> Sign | None:
    """Of a name without a type word; None if nothing says that it is a place."""
    town = name.kind in {"town", "city"}
    headed = bool(words.HEADS.fullmatch(near.before))
    need = NEED_SIGN if name.need == NEED_TYPE and town and _is_well_known(name, table) else name.need
    if scanned.forms[last] in words.RIVERS and not town:
        need = NEED_TYPE
    if need == NEED_NOTHING:
        return Sign.PLAIN
    if need == NEED_SIGN:
        first = near.near or near.heads_text or name.name.isupper() or not is_common(scanned.forms[last])
        by_capital = near.capital and (first or not near.sentence_start)
        if near.before == "на" and name.kind == "village":
            return Sign.WEAK  # «на Тургояке»: in villages, on lakes
        # «в аше», «из пласта»: only the larger places, for which nobody types a capital
        by_word = town and (near.before in words.INSIDE | {"из"} or headed)
        return Sign.SIGNED if by_capital or by_word or (town and _begins(scanned, near, last)) else None
    if plain(name.name) in words.KNOWN_ABROAD:
        return None
    if need == NEED_OTHERS:
        return Sign.WEAK if near.near or near.capital else None
    if _ADJECTIVE.search(name.name) and near.capital:
        # an adjective without a noun: «в Карагайском нет фельдшера», «Каракульское. Нет дороги»
        if (near.inside_sentence and near.before in words.INSIDE) or near.titled:
            return Sign.SIGNED
    elif near.inside_sentence and near.before in words.INSIDE and not is_thing(scanned.forms[last]):
        return Sign.SIGNED  # «во Фролах»: not even a surname stands so
    return Sign.WEAK if near.inside_sentence and (near.near or headed) else None


def _is_well_known(name: Name, table: Table) -> bool:
    return name.population >= LARGE or table.home in {None, table.municipalities[name.oktmo].region}


def _begins(scanned: Scan, near: Around, last: int) -> bool:
    """«пласт. нет врача», «аша без света»."""
    alone = not is_common(scanned.forms[last]) or looks_like_adjective(scanned.forms[last])  # and belongs to no noun
    return near.text_start and (near.stopped or near.after in words.STATE or alone)


def _role(scanned: Scan, last: int, near: Around, name: Name) -> Role:
    if near.before in words.INSIDE and near.before2 == "только":
        return Role.NAMED  # «не только в Кудымкаре: в Юсьве не лучше»
    if near.before in words.INSIDE:
        return Role.TOWARDS if _is_direction(scanned, last, name) else Role.INSIDE
    if words.HEADS.fullmatch(near.before):
        return Role.INSIDE
    if near.before in words.THROUGH:
        return Role.THROUGH
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
    if not names or _is_adjective(scanned.forms[at], near, names) != district:
        return None
    if not district and (_is_something_else(scanned, names, near, at) or _is_person(near)):
        return None
    return _mention(scanned, at, at, names, [Sign.MISSPELT] * len(names), near)


def one_statement(text: str, one: Mention, other: Mention) -> bool:
    """Whether no sentence ends between two mentions."""
    left, right = (one, other) if one.end <= other.start else (other, one)
    return right.start - left.end <= MAX_TYPED_GAP and not _STOP.search(text, left.end, right.start)
