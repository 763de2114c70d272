"""Which of the places of one name is meant."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from classifier.places import words
from classifier.places.around import Scan
from classifier.places.mention import Mention, Role, Sign, one_statement
from classifier.places.table import NEED_NOTHING, Name, Table

Basis = Literal["typed", "plain", "signed", "agreed", "population", "misspelt", "street", "source", "geotag", "parent"]

HOME = 100.0
"""How many times likelier a post is about a place of its region than about one as large elsewhere. A region holds a
fiftieth of the country; nine of ten posts that its sources bring are about it, which would make 400. Lower, because
sources are also searches over the whole network."""
NEIGHBOUR = 3.0
"""The same for a neighbouring region."""
SUPPORT = 1_000.0
"""For a municipality that something else points to: another name, the source, a geotag, a region named."""
ELSEWHERE = 300.0
"""For every place outside, known or not, once the text names another region and not its own."""
UNKNOWN = 200.0
"""People of the places and things of this name that no table knows. Below that a village's name proves little."""
KNOWN = 1_000.0
"""People from which on a place elsewhere is taken for what a text names without a type word."""
TOWN = 12_000
"""People of a town that the table has none for (Железногорск): as many as a place must have to be made one."""
CENTRE = 2.0
"""How much likelier a post is about the centre of a municipality than about another place as large: the hospital, the
school and the offices of all its villages are there. A guess; it tells centres from their namesakes in the region."""
IN_CENTRE = 3
"""A centre of which the table has no people holds one in so many of its municipality's."""
NOBODY = 100.0
"""Added to everyone's population: many villages are listed with nobody in them."""
DOMINANCE = 0.8
"""Share of the people of the region's places of one name that one of them must have: five times those of the next."""
NAMED = 3_000.0
"""For places of the very regions that the text names."""
LIKELY = 0.6
"""A place is named if it is likelier than all others together, with something to spare: people's numbers are rough."""
BOUND = 3
"""Words between a settlement and the district it stands in: «с. Борисовка, Пластовский муниципальный округ»."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A mention with the one place that it stands for. `share`: of the weight of all places that it may mean."""

    mention: Mention
    name: Name
    basis: Basis
    share: float


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Places of one name: the largest of each of the region's municipalities, people elsewhere by region, and people in
    regions that the table leaves out."""

    own: dict[str, Name]
    elsewhere: dict[str, float]
    left_out: float
    largest_elsewhere: Name | None
    one_elsewhere: bool
    """Whether one region holds nearly all of those elsewhere: half the country has a Ленинский район."""


class Weigher:
    """Weighs places for one region (`home`, None for the whole country)."""

    def __init__(self, table: Table, home: str | None) -> None:
        self._table = table
        self._home = home
        self._region_of = {code: info.region for code, info in table.municipalities.items()}
        self._neighbours = {code for row in table.regions if row.code == home for code in row.neighbours}
        self._known: dict[tuple[Name, ...], _Candidates] = {}

    def is_own(self, name: Name) -> bool:
        return self._home is None or self._region_of[name.oktmo] == self._home

    def region(self, name: Name) -> str:
        return self._region_of[name.oktmo]

    def claims(
        self, mentions: Sequence[Mention], support: frozenset[str], foreign: frozenset[str]
    ) -> tuple[list[Claim], list[Claim]]:
        """What the mentions stand for inside the region, and outside. `support` are municipalities that the source or a
        geotag points to, `foreign` the regions that the text names instead of its own."""
        alone = [self._claim(mention, frozenset(), foreign) for mention in mentions]
        sure = [claim for claim in alone if claim and claim.mention.sign_of(claim.name) >= Sign.SIGNED]
        anchors = Counter(claim.name.oktmo for claim in sure if self.is_own(claim.name))
        outside_regions = {
            self.region(claim.name)
            for claim in sure
            if claim.mention.sign >= Sign.PLAIN and not self.is_own(claim.name)
        }
        inside: list[Claim] = []
        outside: list[Claim] = []
        for mention, claim in zip(mentions, alone, strict=True):
            others = anchors.copy()
            if claim and claim in sure:
                others[claim.name.oktmo] -= 1
            agreeing = frozenset(oktmo for oktmo, times in others.items() if times > 0)
            around = foreign if agreeing else foreign | outside_regions
            meant = (agreeing and self._claim(mention, agreeing, around)) or self._claim(mention, support, around)
            if meant:
                (inside if self.is_own(meant.name) else outside).append(meant)
        return inside, outside

    def _claim(self, mention: Mention, support: frozenset[str], foreign: frozenset[str]) -> Claim | None:
        candidates = self._candidates(mention.names)
        weights = {
            code: self._people(name) * HOME * (SUPPORT if code in support else 1.0)
            for code, name in candidates.own.items()
        }
        elsewhere = sum(
            people * (NEIGHBOUR if region in self._neighbours else 1.0) * (NAMED if region in foreign else 1.0)
            for region, people in candidates.elsewhere.items()
        )
        certain = any(name.need == NEED_NOTHING for name in mention.names)
        unknown = candidates.left_out + (0.0 if certain else UNKNOWN)
        elsewhere += unknown * (ELSEWHERE if foreign and self._home is not None else 1.0)
        own = sum(weights.values())
        best = max(weights, key=lambda code: weights[code], default="")
        if best and weights[best] >= DOMINANCE * own and weights[best] >= LIKELY * (own + elsewhere):
            supported = best in support
            name = candidates.own[best]
            if mention.sign_of(name) == Sign.WEAK and not supported:
                return None
            return Claim(
                mention, name, _basis(mention.sign_of(name), candidates, supported), weights[best] / (own + elsewhere)
            )
        largest = candidates.largest_elsewhere
        named = bool(foreign & set(candidates.elsewhere))
        known = named or (candidates.one_elsewhere and (not mention.district or self._is_near(largest)))
        known = known and (mention.sign == Sign.TYPED or (largest is not None and self._people(largest) >= KNOWN))
        if largest is not None and known and mention.sign >= Sign.SIGNED and elsewhere > own:
            return Claim(mention, largest, "plain", 1.0)
        return None

    def _is_near(self, name: Name | None) -> bool:
        """Districts far away are believed only with their region: every city has its own Свердловский."""
        return name is not None and self.region(name) in self._neighbours

    def _people(self, name: Name) -> float:
        if name.kind in {"area", "inner"}:  # nobody counted them: as a part of their town
            return self._table.municipalities[name.oktmo].population / 10 + NOBODY
        info = self._table.municipalities[name.oktmo]
        if name.kind in {"district", "city"}:
            return max(name.population, info.population) + NOBODY
        centre = name.kind == "town" and name.name == info.centre
        people = name.population or (TOWN if name.type == "г" else info.population / IN_CENTRE if centre else 0)
        return (people + NOBODY) * (CENTRE if centre else 1.0)

    def _candidates(self, names: tuple[Name, ...]) -> _Candidates:
        known = self._known.get(names)
        if known is None:
            known = self._known[names] = self._gathered(names)
        return known

    def _gathered(self, names: tuple[Name, ...]) -> _Candidates:
        own: dict[str, Name] = {}
        elsewhere: dict[str, float] = defaultdict(float)
        largest: Name | None = None
        at_home = any(map(self.is_own, names))
        for name in sorted(names, key=lambda n: (n.need, -self._people(n))):
            if self.is_own(name):
                own.setdefault(name.oktmo, name)
                continue
            if at_home and name.kind == "inner":
                continue  # who means the district of a city elsewhere says of which: `bound` has seen to that
            elsewhere[self.region(name)] += self._people(name)
            if largest is None or self._people(name) > self._people(largest):
                largest = name
        settlements = {name.name: name for name in names if name.kind in {"town", "village"}}
        left_out = sum(self._table.people_left_out(name) for name in settlements.values())
        most = max(elsewhere.values(), default=0.0) >= DOMINANCE * (sum(elsewhere.values()) + left_out)
        return _Candidates(own, dict(elsewhere), left_out, largest, most)


def _basis(sign: Sign, candidates: _Candidates, supported: bool) -> Basis:
    if sign == Sign.MISSPELT:
        return "misspelt"
    if len(candidates.own) > 1:
        return "agreed" if supported else "population"
    if sign == Sign.WEAK:
        return "agreed"
    return "typed" if sign == Sign.TYPED else "plain" if sign == Sign.PLAIN else "signed"


def bound(mentions: Sequence[Mention], scan: Scan) -> list[Mention]:
    """Mentions of which settlements agree with the district that stands beside them: «с. Борисовка, Пластовский округ»
    is the one there, and a settlement that the district beside it does not have is not in the table."""
    result: list[Mention] = []
    for number, mention in enumerate(mentions):
        beside = [
            other
            for other in mentions[max(number - 1, 0) : number + 2]
            if other is not mention and _adjacent(mention, other, scan)
        ]
        kept = _in_district(mention, beside) if not mention.district else _of_town(mention, beside, scan)
        if kept:
            result.append(mention.only(kept) if kept != mention.names else mention)
    return result


def _adjacent(one: Mention, other: Mention, scan: Scan) -> bool:
    left, right = (one, other) if one.first < other.first else (other, one)
    return right.first - left.last <= BOUND + 1 and one_statement(scan.text, one, other)


def _in_district(mention: Mention, beside: Sequence[Mention]) -> tuple[Name, ...]:
    if any(name.need == NEED_NOTHING for name in mention.names):
        return mention.names
    for district in beside:
        if district.district and district.sign == Sign.TYPED:
            codes = {name.oktmo for name in district.names if name.kind != "inner"}
            kept = tuple(name for name in mention.names if name.oktmo in codes)
            if kept or (district.first > mention.last and codes):
                return kept
    return mention.names


def _of_town(mention: Mention, beside: Sequence[Mention], scan: Scan) -> tuple[Name, ...]:
    """«Кировский район Самары», and no town's district for «с. Дичня Курчатовского района»."""
    names = mention.names
    before = {scan.form(at) for at in range(max(mention.first - BOUND, 0), mention.first)}
    if before & (words.VILLAGE - {"г", "п", "с", "х", "ст"}) or ("с" in before and "." in _lead(scan, mention)):
        names = tuple(name for name in names if name.kind != "inner")
    for town in beside:
        if town.first > mention.first and not town.district and town.sign >= Sign.PLAIN:
            codes = {name.oktmo for name in town.names}
            if (not codes & {name.oktmo for name in names} and town.before == "") or _genitive(town, mention, scan):
                kept = tuple(name for name in names if name.oktmo in codes)
                if kept or _genitive(town, mention, scan):
                    return kept
    return names


def _lead(scan: Scan, mention: Mention) -> str:
    return scan.text[max(mention.start - 30, 0) : mention.start]


def _genitive(town: Mention, district: Mention, scan: Scan) -> bool:
    """«Ленинский район Екатеринбурга»: nothing between."""
    gap = scan.text[district.end : town.start]
    words_between = town.first - district.last - 1
    near = words_between == 1 or (words_between == 2 and town.before in words.TOWN)
    return near and "," not in gap and not town.district


def routed(mentions: Sequence[Mention], scan: Scan) -> list[Mention]:
    """Mentions of which those at the end of a way are told from its beginning: «из Увельки до Южноуральска»,
    «Сатка — Бакал»."""
    result = list(mentions)
    for number in range(len(result) - 1):
        one, other = result[number], result[number + 1]
        between = other.first - one.last - 1
        gap = scan.text[one.end : other.start]
        by_words = one.before in words.FROM and other.before in words.TO and between == 1
        by_dash = between == 0 and bool(words.ROUTE_DASH.fullmatch(gap))
        if by_words or by_dash:
            role = one.role if by_dash and one.role > Role.THROUGH else Role.INSIDE
            result[number] = replace(one, role=role)
            result[number + 1] = replace(other, role=Role.THROUGH)
    return result
