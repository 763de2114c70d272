"""Names of places in a text, with what speaks for and against each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from classifier.places.table import NEED_NOTHING, NEED_OTHERS, NEED_SIGN, NEED_TYPE, Name, Table
from text import Token, morph, normal, tokens

MAX_MENTIONS = 200
"""A text that names more places than that is a list; its first ones decide. Bounds the time on hostile texts."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TOWN_WORDS = _set("г гор город города городе городу городом")
_VILLAGE_WORDS = _set(
    """с село села селе селу селом п пос поселок поселка поселке поселку поселком пгт рп д дер деревня деревни деревне
    деревню деревней ст станция станции станцию х хутор хутора хуторе аул аула ауле"""
)
_AREA_WORDS = _set(
    """мкр мкрн мкр-н м-н микрорайон микрорайона микрорайоне район района районе р-н р-на р-не поселок поселка поселке
    пос"""
)
_ABBREVIATED = _set("с п д г х ст")
"""One letter is a preposition or an initial as often as a type: it wants a dot, or a capital after it."""
_DISTRICT = re.compile(r"район\w{0,3}|р-н\w{0,2}|округ\w{0,3}|мо|мр|го")
_RURAL = re.compile(r"сельск\w+|поселени\w+|сп")
_DISTRICT_BEFORE = _set("район района районе р-н")
_CITY_KIND = _set("городской городского городскому городским городском го")
_MUNICIPAL_KIND = _set("муниципальный муниципального муниципальному муниципальным муниципальном")
_NOT_A_PLACE = _set(
    """ул улица улицы улице улицу улицей проспект проспекта проспекте пр пр-т пр-кт просп переулок переулке пер шоссе
    тракт тракта тракте тракту площадь площади бульвар бульваре проезд проезде набережная набережной сквер сквере парк
    парке тц трц трк тк кинотеатр кинотеатре магазин магазина магазине хк фк мфк клуб клуба команда команды газета
    газеты журнал завод завода заводе комбинат санаторий санатории отель гостиница гостинице кафе ресторан жк снт
    поезд поезда поезде теплоход река реки реке реку рекой р озеро озера озере озером оз водохранилище водохранилища
    гора горы горе хребет фамилия имени им ооо зао оао пао ип стадион дк дс"""
)
_NOT_A_PLACE_AFTER = re.compile(
    r"кра[йяеюи]\w{0,2}|област\w+|республик\w+|проспект\w*|мост\w{0,2}|шоссе|улиц\w+|пол[еяю]|вокзал\w*|площад\w+|бульвар\w*"
    r"|пер|переул\w+|рынок\w*|парк\w{0,2}|тракт\w{0,2}|рек[аиеу]"
)
_ADMINISTRATIVE = re.compile(r"район\w{0,3}|р-н\w{0,2}|округ\w{0,3}|област\w+|обл|кра[йяею]|республик\w+")
_LIKE_A_SURNAME = re.compile(r"(?:[оеё]в|[иы]н)о$")
_WATER_BEFORE = _set("берег берега берегу через набережная набережной русло русле пойма пойме вдоль на")
_INSIDE = _set("в во")
_NEAR = _set("в во из под около возле до на по за с со от у к для")
_THROUGH = _set("из до через от мимо к")
_GENITIVE_HEADS = re.compile(
    r"жител\w+|администраци\w+|глав[аыеу]|мэр\w*|власт\w+|улиц\w*|двор\w*|школ\w*|больниц\w*|горожан\w*|окраин\w+|центр\w*"
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_normal = lru_cache(200_000)(normal)
_SENTENCE_END = ".!?…\n"
_QUOTES = '«"“„'


@dataclass(frozen=True, slots=True)
class Mention:
    """A form of a name in a text. `names` are all places of that name; `start`, `end` in characters."""

    names: tuple[Name, ...]
    start: int
    end: int
    typed: bool
    """A type word stands beside it: «пос. Роза», «Сосновский район»."""
    sure: bool
    """Accepted on its own, without anything that agrees with it."""
    inside: bool
    """«в Копейске», «жители Копейска»: where it happens rather than where the way leads."""
    through: bool
    """«из Копейска», «до Копейска»."""


@dataclass(frozen=True, slots=True)
class _Scan:
    """A text as tokens and their normalised forms; `shouting`: written in capitals."""

    text: str
    words: list[Token]
    forms: list[str]
    shouting: bool
    table: Table


def find(text: str, table: Table) -> list[Mention]:
    """Mentions in the order of the text, without those that are streets, rivers, clubs and common words.

    Longer names win over shorter ones inside them. Time is linear in the length of the text.
    """
    index = table.index
    if not any(_normal(word) in index for word in _WORD.findall(text)):
        return []  # most texts name no place: no tokens are built for them
    words = tokens(text)
    scan = _Scan(text, words, [_normal(word.text) for word in words], _shouting(text), table)
    mentions: list[Mention] = []
    position = 0
    while position < len(words) and len(mentions) < MAX_MENTIONS:
        step = 1
        if scan.forms[position] in index:
            length, names = index.longest(scan.forms, position)
            if names:
                mention = _judge(scan, position, length, names)
                if mention:
                    mentions.append(mention)
                    step = length
        position += step
    return mentions


def _shouting(text: str) -> bool:
    """Whether the text is written in capitals: then they say nothing."""
    letters = [c for c in text[:500] if c.isalpha()]
    return sum(c.isupper() for c in letters) > 0.6 * len(letters)


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a candidate."""

    before: str
    before_dotted: bool
    before2: str
    after: str
    after2: str
    elsewhere: bool
    """«в деревне Орловке Такого-то района» or «…области», and that district or region is none of ours."""
    capital: bool
    sentence_start: bool
    quoted: bool
    heads_text: bool
    """«Межозёрный, авария на сетях»: the very beginning, and a comma or a colon after it."""


def _around(scan: _Scan, at: int, length: int) -> _Around:
    text, words, forms = scan.text, scan.words, scan.forms
    first, last = words[at], words[at + length - 1]
    gap = text[words[at - 1].end : first.start] if at else ""
    near = bool(at) and not gap.strip(' .\t-«"')
    lead = text[max(first.start - 40, 0) : first.start].rstrip(" \t")
    next_gap = text[last.end : words[at + length].start] if at + length < len(words) else "\n"
    adjacent = not next_gap.strip(" -")
    return _Around(
        before=forms[at - 1] if near else "",
        before_dotted="." in gap,
        before2=forms[at - 2] if near and at > 1 else "",
        after=forms[at + length] if adjacent else "",
        after2=forms[at + length + 1] if adjacent and at + length + 1 < len(forms) else "",
        elsewhere=_elsewhere(scan, at + length),
        capital=first.text[0].isupper() and not scan.shouting,
        sentence_start=not lead or lead[-1] in _SENTENCE_END,
        quoted=bool(lead) and lead[-1] in _QUOTES and text[last.end : last.end + 1] in {"»", '"', "”", "“"},
        heads_text=not lead and text[last.end : last.end + 1] in {",", ":", "."},
    )


def _elsewhere(scan: _Scan, at: int) -> bool:
    for adjective, kind in zip(scan.forms[at : at + 2], scan.forms[at + 1 : at + 3], strict=False):
        if _ADMINISTRATIVE.fullmatch(kind) and adjective not in _CITY_KIND | _MUNICIPAL_KIND:
            ours = adjective in scan.table.index or adjective.startswith(scan.table.region_stems)
            return not ours and adjective.endswith(("ого", "ой", "ом", "ий", "ая", "его"))
    return False


def _judge(scan: _Scan, at: int, length: int, names: list[Name]) -> Mention | None:
    around = _around(scan, at, length)
    if around.elsewhere:
        return None
    start, end = scan.words[at].start, scan.words[at + length - 1].end
    districts = [name for name in names if name.kind in {"district", "city", "inner"}]
    if districts and (chosen := _district(districts, around)):
        sure = any(name.need != NEED_OTHERS for name in chosen)
        return Mention(tuple(chosen), start, end, True, sure, _is_inside(around), around.before in _THROUGH)
    rural = [name for name in names if name.kind == "rural"]
    if rural and _RURAL.fullmatch(around.after):
        return Mention(tuple(rural), start, end, True, True, _is_inside(around), False)
    places = [name for name in names if name.kind in {"town", "village", "area"}]
    typed = _typed(places, around)
    if not typed and not _is_something_else(places, around):
        places = _not_a_surname(scan, places, at + length - 1)
    elif not typed:
        places = []
    if not places or _is_abbreviation(scan, at, places):
        return None
    return _settlement(typed or places, around, bool(typed), start, end)


def _district(names: list[Name], around: _Around) -> list[Name]:
    """Municipalities and city districts for which «район» or «округ» stands beside the adjective."""
    following = around.after if _DISTRICT.fullmatch(around.after) else ""
    if around.after in _CITY_KIND | _MUNICIPAL_KIND and _DISTRICT.match(around.after2):
        following = around.after2
    if not following and not (around.before in _DISTRICT_BEFORE and around.capital):
        return []
    if around.after in _CITY_KIND:
        return [name for name in names if name.kind == "city"] or names
    if following.startswith("р"):
        # «Троицкий район» is not the town; a town's own name with «район» is used only where there is no such district
        return [name for name in names if name.kind in {"district", "inner"}] or names
    return [name for name in names if name.kind == "district"] or [n for n in names if n.kind == "city"] or names


def _typed(places: list[Name], around: _Around) -> list[Name]:
    """The places for which a fitting type word stands in front."""
    word = around.before
    if not word or (word in _ABBREVIATED and not (around.before_dotted or (around.capital and word in {"г", "п"}))):
        return []
    if word in _TOWN_WORDS:
        return [name for name in places if name.type == "г"]
    found: list[Name] = []
    if word in _VILLAGE_WORDS:
        found = [name for name in places if name.kind in {"town", "village"} and name.type != "г"]
    if not found and word in _AREA_WORDS:
        found = [name for name in places if name.kind == "area"]
    return found


def _is_something_else(places: list[Name], around: _Around) -> bool:
    """A street, a river, a club, a plant, a person, or a word."""
    if not places or around.quoted or around.before in _NOT_A_PLACE:
        return True
    if around.before2 in _NOT_A_PLACE and around.before in _ABBREVIATED:
        return True
    if any(name.river for name in places) and around.before in _WATER_BEFORE:
        return True
    if _NOT_A_PLACE_AFTER.fullmatch(around.after):
        return True
    return around.before != "" and around.capital and _is_first_name(around.before) and places[0].need != NEED_NOTHING


def _not_a_surname(scan: _Scan, places: list[Name], last: int) -> list[Name]:
    """Without villages whose form is also a surname's: «Жукова» is Жуков's more often than of Жуково."""
    return [
        name
        for name in places
        if name.need == NEED_NOTHING
        or not _LIKE_A_SURNAME.search(normal(name.name))
        or scan.forms[last].endswith(("о", "е"))
    ]


def _is_abbreviation(scan: _Scan, at: int, places: list[Name]) -> bool:
    """«СИМ» is not Сим."""
    word = scan.words[at].text
    return len(word) in {2, 3, 4} and word.isupper() and not scan.shouting and not any(n.name.isupper() for n in places)


def _is_first_name(word: str) -> bool:
    return len(word) > 2 and any("Name" in p.tag and p.score > 0.3 for p in morph().parse(word))


def _settlement(places: list[Name], around: _Around, typed: bool, start: int, end: int) -> Mention | None:
    need = min(name.need for name in places)
    near = around.before in _NEAR
    capital_inside = around.capital and not around.sentence_start
    town = any(name.kind == "town" and name.need == NEED_SIGN for name in places)
    if typed or need == NEED_NOTHING:
        sure = True
    elif need == NEED_SIGN:
        sure = (
            capital_inside
            or (around.capital and (near or around.heads_text))
            # «в аше», «из пласта»: only the larger places, for which nobody types a capital
            or (town and around.before in _INSIDE | {"из"})
        )
        if not sure:
            return None
    elif need in {NEED_TYPE, NEED_OTHERS}:
        if not (capital_inside and near) and not (need == NEED_OTHERS and near):
            return None
        sure = False
    return Mention(tuple(places), start, end, typed, sure, _is_inside(around), around.before in _THROUGH)


def _is_inside(around: _Around) -> bool:
    return around.before in _INSIDE or bool(_GENITIVE_HEADS.fullmatch(around.before))
