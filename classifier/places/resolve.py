"""Which municipality a post is about."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from classifier.places.match import Mention, find
from classifier.places.region import Region, find_municipality, municipality_names
from classifier.places.table import NEED_NOTHING, Name, Table, load
from schemas import Geo, Municipality

MAX_GEO_KM = 30.0
"""A geotag further than this from every settlement of the region is somewhere else."""
DOMINANCE = 5
"""Of several places of one name the one with this many times the people of the next is meant."""
_EARTH_KM = 6371.0

# Probabilities by what a judgement rests on; to be fitted once there are labelled posts (docs/classifier.md).
_TYPED = 0.97
_PLAIN = 0.95
_SIGNED = 0.85
_BY_AGREEMENT = 0.85
_BY_POPULATION = 0.65
_SOURCE = 0.7
_SOURCE_BESIDE_OTHER_REGION = 0.4
_SEVERAL = 0.92
"""Factor where the text names further municipalities."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post's trouble is. `municipality` is None where nothing points to a place."""

    municipality: Municipality | None
    settlement: str | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """A mention with the one name that it stands for."""

    mention: Mention
    name: Name
    score: float
    probability: float


class Resolver:
    """Finds the municipality of a text; with a region, only its municipalities are answers."""

    def __init__(self, region: Region | None = None, table: Table | None = None) -> None:
        self.table = region.table if region else table or load()
        self.region = region
        self._codes = region.oktmo_codes if region else frozenset(self.table.municipalities)
        self._names = municipality_names(self.table, self._codes)
        located = [
            (name, name.lat, name.lon)
            for name in self.table.names
            if name.kind in {"town", "village"} and name.oktmo in self._codes
            if name.lat is not None and name.lon is not None
        ]
        self._located = [name for name, _, _ in located]
        self._radians = np.radians([(lat, lon) for _, lat, lon in located]).reshape(-1, 2)

    def hint(self, name: str | None) -> str | None:
        """OKTMO of the municipality a source was said to be about."""
        return find_municipality(self._names, self._codes, name) if name else None

    def resolve(
        self, text: str, *, context: str | None = None, hints: Iterable[str | None] = (), geo: Geo | None = None
    ) -> Place:
        """The place a post is about: from its text, else its geotag, else its parent's text, else its hints in order.

        `hints` are names of municipalities; they also decide between places of one name in the text. The span is in
        characters of `text`.
        """
        prior = next((code for hint in hints if (code := self.hint(hint))), None)
        mentions = find(text, self.table)
        place = self._from_mentions(mentions, prior)
        if place:
            return place
        if geo and (place := self._from_geo(geo)):
            return place
        if context and (place := self._from_mentions(find(context, self.table), prior)) and place.municipality:
            known = place.municipality.model_copy(update={"found_by": "source", "span": None})
            return Place(known, place.settlement)
        if prior is None:
            return Place(None)
        outside = [m for m in mentions if m.sure and not any(n.oktmo in self._codes for n in m.names)]
        if any(m.inside for m in outside):
            return Place(None)  # «в Перми прорвало трубу», retold by a local community
        probability = _SOURCE_BESIDE_OTHER_REGION if outside else _SOURCE
        return Place(self._municipality(prior, probability, "source"))

    def _municipality(self, oktmo: str, probability: float, found_by: str) -> Municipality:
        return Municipality.model_validate(
            {
                "oktmo": oktmo,
                "name": self.table.municipalities[oktmo].name,
                "probability": probability,
                "found_by": found_by,
            }
        )

    def _from_mentions(self, mentions: Sequence[Mention], prior: str | None) -> Place | None:
        if not mentions:
            return None
        claims = self._claims(mentions, prior)
        if not claims:
            return None
        total: dict[str, float] = defaultdict(float)
        for claim in claims:
            # the best mention decides, repetition tips the scales
            total[claim.name.oktmo] = max(total[claim.name.oktmo], claim.score) + 0.25
        order = list(dict.fromkeys(claim.name.oktmo for claim in claims))
        best = max(order, key=lambda oktmo: total[oktmo])  # the first of equals
        own = [claim for claim in claims if claim.name.oktmo == best]
        shown = max(own, key=lambda claim: claim.probability)
        settlements = [claim for claim in own if claim.name.kind in {"town", "village", "area"}]
        others = tuple(oktmo for oktmo in order if oktmo != best)
        result = Municipality(
            oktmo=best,
            name=self.table.municipalities[best].name,
            probability=round(shown.probability * (_SEVERAL if others else 1.0), 4),
            found_by="text",
            span=(shown.mention.start, shown.mention.end),
            others=others,
        )
        settlement = max(settlements, key=lambda claim: claim.score).name.name if settlements else None
        return Place(result, settlement)

    def _claims(self, mentions: Sequence[Mention], prior: str | None) -> list[_Claim]:
        """Mentions that stand for a place of the region, each with that place."""
        inside = [
            (mention, names) for mention in mentions if (names := [n for n in mention.names if n.oktmo in self._codes])
        ]
        agreed = {names[0].oktmo for mention, names in inside if mention.sure and len({n.oktmo for n in names}) == 1}
        claims = []
        for mention, names in inside:
            claim = self._claim(mention, names, agreed, prior)
            if claim:
                claims.append(claim)
        return claims

    def _claim(self, mention: Mention, names: list[Name], agreed: set[str], prior: str | None) -> _Claim | None:
        by_code: dict[str, Name] = {}
        for name in sorted(names, key=lambda n: (n.need, -n.population)):
            by_code.setdefault(name.oktmo, name)
        support = [name for code, name in by_code.items() if code in agreed]
        support = support or [name for code, name in by_code.items() if code == prior]
        people = max(name.population for name in names)
        abroad = any(n.oktmo not in self._codes and n.population > people for n in mention.names)
        if not mention.sure or (abroad and not mention.typed):
            return _Claim(mention, support[0], 1.5, _BY_AGREEMENT) if support else None
        if len(by_code) == 1:
            name = next(iter(by_code.values()))
            return _Claim(mention, name, _score(mention, name), _sureness(mention, name))
        if len(support) == 1:
            return _Claim(mention, support[0], _score(mention, support[0]), _BY_AGREEMENT)
        plain = [name for name in by_code.values() if name.need == NEED_NOTHING]
        if len(plain) == 1:
            return _Claim(mention, plain[0], _score(mention, plain[0]), _BY_POPULATION)
        first, second = sorted(by_code.values(), key=lambda n: -n.population)[:2]
        if first.population >= DOMINANCE * max(second.population, 100):
            return _Claim(mention, first, _score(mention, first) - 0.5, _BY_POPULATION)
        return None

    def _from_geo(self, geo: Geo) -> Place | None:
        if not self._located:
            return None
        lat, lon = np.radians(geo.lat), np.radians(geo.lon)
        lats, lons = self._radians[:, 0], self._radians[:, 1]
        half = np.sin((lats - lat) / 2) ** 2 + np.cos(lats) * np.cos(lat) * np.sin((lons - lon) / 2) ** 2
        distance = 2 * _EARTH_KM * np.arcsin(np.sqrt(half))
        nearest = int(distance.argmin())
        if distance[nearest] > MAX_GEO_KM:
            return None
        name = self._located[nearest]
        return Place(self._municipality(name.oktmo, 0.9, "geotag"), name.name)


def _score(mention: Mention, name: Name) -> float:
    score = 3.0 if mention.typed else 2.5 if name.need == NEED_NOTHING else 2.0
    return score + (1.0 if mention.inside else 0.0) - (1.0 if mention.through else 0.0)


def _sureness(mention: Mention, name: Name) -> float:
    if name.kind == "inner":
        return 0.9
    return _TYPED if mention.typed else _PLAIN if name.need == NEED_NOTHING else _SIGNED
