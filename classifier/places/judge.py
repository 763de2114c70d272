"""Whether a form of a name stands for a place, by the words around it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from classifier.places import words
from classifier.places.around import Around, Scan, around
from classifier.places.mention import ADJECTIVE, DISTRICT_KINDS, SETTLEMENT_KINDS, Mention, Role, Sign
from classifier.places.table import NEED_NOTHING, NEED_OTHERS, NEED_SIGN, NEED_TYPE, Name, Table
from classifier.places.wordclass import (
    agrees,
    is_common,
    is_first_name,
    is_thing,
    looks_like_adjective,
    may_name,
    plain,
)
from text import normal

LARGE = 300_000
"""People from which on a town is known all over the country, though its name be a word («Орёл», «Уфа»)."""

_NEVER = " "
"""What no word begins with."""
SPORT_GAP = 80
"""Characters around a name in which a word of sport makes it a team's: a sentence or so."""

_LIKE_A_SURNAME = re.compile(r"(?:[оеё]в|[иы]н)о$")
_LIKE_A_PERSON = re.compile(r"(?:[оеё]в|[иы]н)$")
_OF_A_PERSON = re.compile(r"(?:[оеё]в|[иы]н)а$")
"""Towns named after people have streets named after the same ones all over the country."""
_OF_A_PLACE = frozenset({"из", "от", "до", "около", "возле", "под", "города", "г"})


@dataclass(frozen=True, slots=True)
class _Candidate:
    """The words `first` to `last` of a text, which are a form of a name."""

    scanned: Scan
    first: int
    last: int
    near: Around
    table: Table

    @property
    def form(self) -> str:
        """The normal form of its last word."""
        return self.scanned.forms[self.last]

    def mention(self, signed: Sequence[tuple[Name, Sign]]) -> Mention | None:
        """With these names, or none without any."""
        if not signed:
            return None
        names, signs = zip(*signed, strict=True)
        start, end = self.scanned.spans[self.first][0], self.scanned.spans[self.last][1]
        role = _role(self, names[0])
        return Mention(names, signs, start, end, role, self.first, self.last, self.near.before)


def judge(scanned: Scan, at: int, length: int, names: list[Name], table: Table) -> Mention | None:
    """The mention that `length` words from `at` on make, which are a form of all of `names`; None if they mean
    something else, or nothing says that they mean a place."""
    last = at + length - 1
    if _unknown_district(scanned, last + 1, table):
        return None
    candidate = _Candidate(scanned, at, last, around(scanned, at, length), table)
    return candidate.mention(_districts(candidate, names) or _settlements(candidate, names))


def _districts(candidate: _Candidate, names: Sequence[Name]) -> list[tuple[Name, Sign]]:
    districts = [name for name in names if name.kind in DISTRICT_KINDS and not _is_city_itself(name)]
    chosen = _named_district(districts, candidate.near, candidate.table) if districts else []
    if not chosen and words.RURAL.fullmatch(candidate.near.after):
        chosen = [name for name in names if name.kind == "rural"]
    of_any_town = not candidate.near.capital and words.PARTS.fullmatch(candidate.form)
    weak = [name for name in chosen if name.need == NEED_OTHERS or (of_any_town and name.kind == "inner")]
    return [(name, Sign.WEAK if name in weak else Sign.TYPED) for name in chosen]


def _settlements(candidate: _Candidate, names: Sequence[Name]) -> list[tuple[Name, Sign]]:
    near = candidate.near
    places = [name for name in names if name.kind in SETTLEMENT_KINDS or _is_city_itself(name)]
    if near.before in words.INSIDE:
        places = [name for name in places if not _is_instrumental(candidate.form, name)]
    if not places or _is_abbreviation(candidate, places) or _is_adjective(candidate.form, near, places):
        return []
    if (typed := _typed(places, near)) and (near.capital or near.before in words.TOWN or may_name(candidate.form)):
        return [(name, Sign.TYPED) for name in typed]
    if _is_something_else(candidate, places):
        return []
    likely = _not_a_surname(candidate.form, places)
    return [(name, sign) for name in likely if (sign := _sign(candidate, name)) is not None]


def _is_instrumental(form: str, name: Name) -> bool:
    """«в Архангельском» is not in Архангельск."""
    return form.endswith("ском") and plain(name.name) + "ом" == form


def _is_adjective(form: str, near: Around, places: Sequence[Name]) -> bool:
    """«на Ленинском проспекте», «Южном Бутово»: it belongs to the noun after it; «Чайковский Мира 2» is a town."""
    if near.after == "" or not looks_like_adjective(form):
        return False
    town = any(name.type == "г" and name.need <= NEED_SIGN for name in places)
    return agrees(form, near.after) or (near.after_capital and not town)


def _is_city_itself(name: Name) -> bool:
    """Whether a municipality bears its town's name («город Уфа»)."""
    return name.kind == "city" and not ADJECTIVE.search(name.name)


def _unknown_district(scanned: Scan, at: int, table: Table) -> bool:
    """«в деревне Орловке Такого-то района», and no such district is in the table."""
    for place in (at, at + 1):
        adjective, kind = scanned.form(place), scanned.form(place + 1)
        if words.ADMINISTRATIVE.fullmatch(kind) and adjective not in words.CITY_KIND | words.MUNICIPAL_KIND:
            return adjective not in table.index and adjective.endswith(("ого", "его", "ом", "ем", "ий", "ый"))
    return False


def _named_district(names: list[Name], near: Around, table: Table) -> list[Name]:
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
    return kept if following.startswith("р") else [name for name in kept if name.type != "район"]


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


def _is_something_else(candidate: _Candidate, places: Sequence[Name]) -> bool:
    """A street, a river, a club, a plant, a person, or a word."""
    near = candidate.near
    certain = any(name.need == NEED_NOTHING for name in places)
    return (
        near.quoted
        or near.after.startswith(words.THINGS.get(candidate.form, _NEVER))
        or near.before in words.NOT_A_PLACE
        or (near.before2 in words.NOT_A_PLACE and near.before in words.ABBREVIATED)
        or _is_water_or_street(candidate, places, certain=certain)
        or (not certain and (near.opens_quote or _is_person(near)))  # «Звёздочки Прикамья»
        or (near.before not in words.INSIDE and not near.heads_text and _in_sport(candidate))
    )


def _is_water_or_street(candidate: _Candidate, places: Sequence[Name], *, certain: bool) -> bool:
    near, form = candidate.near, candidate.form
    water = any(name.river for name in places) or form in words.RIVERS
    adjective = bool(ADJECTIVE.search(places[0].name))
    # «Троицкая ул.»: an adjective that agrees with a whole word was told before
    by_noun = (water or (adjective and len(near.after) <= 3)) and words.NOT_A_PLACE_AFTER.fullmatch(near.after)
    # «на Ленинском, 86», «Октябрьский 12»
    numbered = near.number_after and not certain and (adjective or near.before in {"на", "по"})
    # «по Куйбышева от Революции»
    person = plain(places[0].name)
    after_person = bool(form.endswith("а") and _LIKE_A_PERSON.search(person) and not _of_a_place(near))
    # «на Малышева»: the town's name is a person's in the genitive
    after_person |= near.before in {"на", "по"} and bool(_OF_A_PERSON.search(person))
    return bool((water and near.before in words.WATER) or by_noun or numbered or after_person)


def _of_a_place(near: Around) -> bool:
    return near.before in _OF_A_PLACE or _headed(near)


def _is_person(near: Around) -> bool:
    if near.before in words.TITLES or near.initials_after:
        return True
    if near.before != "" and near.capital and is_first_name(near.before):
        return True
    return near.after != "" and is_first_name(near.after) and near.before not in words.NEAR


def _in_sport(candidate: _Candidate) -> bool:
    start, end = candidate.scanned.spans[candidate.first]
    return any(start - SPORT_GAP <= one < end + SPORT_GAP for one in candidate.scanned.sport)


def _not_a_surname(form: str, places: Sequence[Name]) -> list[Name]:
    """Without villages whose form is also a surname's: «Жукова» is Жуков's more often than of Жуково."""
    return [
        name
        for name in places
        if name.need == NEED_NOTHING or not _LIKE_A_SURNAME.search(normal(name.name)) or form.endswith(("о", "е"))
    ]


def _is_abbreviation(candidate: _Candidate, places: Sequence[Name]) -> bool:
    """«СИМ» is not Сим."""
    word = candidate.scanned.words[candidate.first]
    written = len(word) in {2, 3, 4} and word.isupper() and not candidate.scanned.shouting
    return written and not any(name.name.isupper() for name in places)


def _sign(candidate: _Candidate, name: Name) -> Sign | None:
    """Of a name without a type word; None if nothing says that it is a place."""
    need = _need(candidate, name)
    if need == NEED_NOTHING:
        return Sign.PLAIN
    if need == NEED_SIGN:
        return _small_sign(candidate, name)
    near = candidate.near
    if plain(name.name) in words.KNOWN_ABROAD:
        return None
    if need == NEED_OTHERS:
        return Sign.WEAK if near.near or near.capital else None
    inside = near.inside_sentence and near.before in words.INSIDE
    if ADJECTIVE.search(name.name):  # without a noun: «в Карагайском нет фельдшера», «Каракульское. Нет дороги»
        signed = near.capital and (inside or near.titled)
    else:  # «во Фролах»: not even a surname stands so
        signed = inside and not is_thing(candidate.form)
    weak = near.inside_sentence and (near.near or _headed(near))
    return Sign.SIGNED if signed else Sign.WEAK if weak else None


def _need(candidate: _Candidate, name: Name) -> int:
    town = name.kind in {"town", "city"}
    if candidate.form in words.RIVERS and not town:
        return NEED_TYPE
    at_home = candidate.table.home in {None, candidate.table.municipalities[name.oktmo].region}
    known = town and (name.population >= LARGE or at_home)
    return NEED_SIGN if name.need == NEED_TYPE and known else name.need


def _small_sign(candidate: _Candidate, name: Name) -> Sign | None:
    """Of a name that wants a capital or, if it is a town's, a preposition."""
    near, town = candidate.near, name.kind in {"town", "city"}
    if near.before == "на" and name.kind == "village":
        return Sign.WEAK  # «на Тургояке»: in villages, on lakes
    first = near.near or near.heads_text or name.name.isupper() or not is_common(candidate.form)
    by_capital = near.capital and (first or not near.sentence_start)
    # «в аше», «из пласта»: only the larger places, for which nobody types a capital
    out_of = near.before == "из" and candidate.form not in words.MATERIALS
    by_word = town and (near.before in words.INSIDE or out_of or _headed(near) or _begins(candidate))
    return Sign.SIGNED if by_capital or by_word else None


def _headed(near: Around) -> bool:
    return bool(words.HEADS.fullmatch(near.before))


def _begins(candidate: _Candidate) -> bool:
    """«пласт. нет врача», «аша без света»."""
    near = candidate.near
    alone = not is_common(candidate.form) or looks_like_adjective(candidate.form)  # and belongs to no noun
    return near.text_start and (near.stopped or near.after in words.STATE or alone)


def _role(candidate: _Candidate, name: Name) -> Role:
    near = candidate.near
    if near.before in words.INSIDE:
        if near.before2 == "только":
            return Role.NAMED  # «не только в Кудымкаре: в Юсьве не лучше»
        return Role.TOWARDS if _is_direction(candidate.form, name) else Role.INSIDE
    if _headed(near):
        return Role.INSIDE
    if near.before in words.THROUGH:
        return Role.THROUGH
    return Role.TOPIC if near.text_start and near.stopped else Role.NAMED


def _is_direction(form: str, name: Name) -> bool:
    """«в Кыштым», «в Сатку» against «в Кыштыме», «в Сатке»; «в Коркино» may be either and counts as inside."""
    nominative = plain(name.name).split(" ")[-1]
    if form == nominative:
        return form[-1] not in "оеиыуюэ"
    return nominative[-1] in "ая" and form[-1] in "ую" and name.kind in SETTLEMENT_KINDS


def judge_misspelt(scanned: Scan, at: int, table: Table) -> Mention | None:
    """A larger place whose name is one letter away from an unknown word that stands where a place does."""
    candidate = _Candidate(scanned, at, at, around(scanned, at, 1), table)
    near, form = candidate.near, candidate.form
    district = bool(words.DISTRICT.fullmatch(near.after))
    typed = district or near.before in words.TOWN | words.VILLAGE
    beside = near.before in words.INSIDE | {"из", "под"} or _headed(near)
    begins = near.text_start and (near.stopped or near.after in words.STATE or near.capital)
    names = [name for name in table.misspelt(form) if (name.kind in DISTRICT_KINDS) == district]
    likely = typed or beside or begins or near.inside_sentence
    if not likely or not names or _is_adjective(form, near, names) != district:
        return None
    if not district and (_is_something_else(candidate, names) or _is_person(near)):
        return None
    return candidate.mention([(name, Sign.MISSPELT) for name in names])
