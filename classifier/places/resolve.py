"""Which municipality a post is about."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from classifier.places.match import found_in
from classifier.places.mention import Role, Sign
from classifier.places.region import Region, find_municipality, municipality_names
from classifier.places.signs import in_its_region, others, regions_named
from classifier.places.streets import municipality_by_street
from classifier.places.table import Table, load
from classifier.places.weigh import Basis, Claim, Weigher, bound, routed
from schemas import Geo, Municipality
from text.address import find_addresses

MAX_GEO_KM = 30.0
"""A geotag further than this from every settlement of the region is somewhere else."""
_EARTH_KM = 6371.0

CONFIDENCE: dict[Basis, float] = {
    "typed": 0.98,
    "plain": 0.98,
    "signed": 0.93,
    "agreed": 0.92,
    "population": 0.91,
    "misspelt": 0.9,
    "parent": 0.9,
    "geotag": 0.9,
    "street": 0.85,
    "source": 0.7,
}
"""How often a judgement that rests on this is right: (right + 1) / (answers + 2) over our own posts, the labelled
ones of Perm and the claims on Telegram's and Kursk's (284, 303, 118, 16, 33, 26 answers for the first six). The last
four are estimates: there are no texts to measure them on. What is said is this times the share of the place among all
that the name may mean."""
_SOURCE_BESIDE_OTHER_REGION = 0.4
_SEVERAL = 0.92
"""Factor where the text names further municipalities."""

_BY_SIGN = {Sign.TYPED: 3.0, Sign.PLAIN: 2.5, Sign.SIGNED: 2.0, Sign.MISSPELT: 2.0, Sign.WEAK: 1.5}
_BY_ROLE = {Role.TOPIC: 1.5, Role.INSIDE: 1.0, Role.NAMED: 0.0, Role.THROUGH: -1.0, Role.TOWARDS: -2.0}
_AGAIN = 0.25
"""Each further mention of a municipality tips the scales."""
_CLEARLY = 0.9
"""By so much a place outside must speak louder than those of the region: nearly the difference of one role."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post's trouble is. `municipality` is None where nothing points to a place of the region; `basis` says
    what the answer rests on, `outside` is the OKTMO code of a place elsewhere that the text names."""

    municipality: Municipality | None
    settlement: str | None = None
    basis: Basis | None = None
    outside: str | None = None


class Resolver:
    """Finds the municipality of a text; with a region, only its municipalities are answers."""

    def __init__(self, region: Region | None = None, table: Table | None = None) -> None:
        self.table = region.table if region else table or load()
        self.region = region
        self._home = region.code if region else None
        self._streets = region.streets if region else {}
        self._weigher = Weigher(self.table, self._home)
        self._codes = region.oktmo_codes if region else frozenset(self.table.municipalities)

    @cached_property
    def _located(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        return self.table.located(self._codes)

    @cached_property
    def _names(self) -> dict[str, frozenset[str]]:
        return municipality_names(self.table, self._codes)

    def hint(self, name: str | None) -> str | None:
        """OKTMO of the municipality a source was said to be about."""
        return find_municipality(self._names, self._codes, name) if name else None

    def resolve(
        self,
        text: str,
        *,
        words: Sequence[str] | None = None,
        context: str | None = None,
        hints: Iterable[str | None] = (),
        geo: Geo | None = None,
    ) -> Place:
        """The place a post is about: from its text, else its geotag, else a street that the operator has listed, else
        its parent's text, else its hints in order.

        `hints` are names of municipalities; with the geotag they also decide between places of one name in the text.
        `words` are the text's as `text.cut` finds them, where it has been. The span is in characters of `text`.
        """
        prior = next((code for hint in hints if (code := self.hint(hint))), None)
        tagged = self._from_geo(geo) if geo else None
        support = frozenset(
            code for code in (prior, tagged and tagged.municipality and tagged.municipality.oktmo) if code
        )
        inside, outside = self._claims(text, support, words)
        place = self._chosen(inside, outside)
        if place.municipality:
            return place
        if tagged:
            return tagged
        if self._streets and not outside and (street := self._from_street(text)):
            return street
        if context:
            parent = self._chosen(*self._claims(context, support))
            if parent.municipality:
                probability = round(parent.municipality.probability * CONFIDENCE["parent"], 4)
                update = {"found_by": "source", "span": None, "probability": probability}
                known = parent.municipality.model_copy(update=update)
                return Place(known, parent.settlement, "parent")
        if prior is None or any(claim.mention.role >= Role.INSIDE for claim in outside):
            return place  # «в Перми прорвало трубу», retold by a local community
        probability = _SOURCE_BESIDE_OTHER_REGION if outside else CONFIDENCE["source"]
        return Place(self._municipality(prior, probability, "source"), None, "source", place.outside)

    def _claims(
        self, text: str, support: frozenset[str], words: Sequence[str] | None = None
    ) -> tuple[list[Claim], list[Claim]]:
        scanned, mentions = found_in(text, self.table, words)
        if not mentions:
            return [], []
        signs = regions_named(scanned, self.table)
        regions = {sign.first for sign in signs}  # «Прикамье» is a region and a village of fourteen people
        places = [mention for mention in mentions if mention.first not in regions or mention.sign >= Sign.PLAIN]
        places = in_its_region(places, signs, self._weigher.region)
        places = routed(bound(places, scanned), scanned)
        return self._weigher.claims(places, support, others(signs, self._home))

    def _chosen(self, inside: Sequence[Claim], outside: Sequence[Claim]) -> Place:
        elsewhere = max(outside, key=_score, default=None)
        code = elsewhere.name.oktmo if elsewhere else None
        if not inside:
            return Place(None, outside=code)
        total: dict[str, float] = defaultdict(float)
        for claim in inside:  # the best mention decides, repetition tips the scales
            total[claim.name.oktmo] = max(total[claim.name.oktmo], _score(claim)) + _AGAIN
        order = list(dict.fromkeys(claim.name.oktmo for claim in inside))
        best = max(order, key=lambda oktmo: total[oktmo])  # the first of equals
        own = [claim for claim in inside if claim.name.oktmo == best]
        if all(claim.mention.role == Role.TOWARDS for claim in inside):
            return Place(None, outside=code)  # «рожать едем в Миасс»: where from, is not said
        if elsewhere and _score(elsewhere) >= max(map(_score, own)) + _CLEARLY:
            return Place(None, outside=code)
        shown = max(own, key=lambda claim: CONFIDENCE[claim.basis] * claim.share)
        settlements = [claim for claim in own if claim.name.kind in {"town", "village", "area"}]
        rest = tuple(oktmo for oktmo in order if oktmo != best)
        probability = CONFIDENCE[shown.basis] * shown.share * (_SEVERAL if rest else 1.0)
        result = Municipality(
            oktmo=best,
            name=self.table.municipalities[best].name,
            probability=round(probability, 4),
            found_by="text",
            span=(shown.mention.start, shown.mention.end),
            others=rest,
        )
        settlement = max(settlements, key=_score).name.name if settlements else None
        return Place(result, settlement, shown.basis, code)

    def _municipality(self, oktmo: str, probability: float, found_by: str) -> Municipality:
        return Municipality.model_validate(
            {
                "oktmo": oktmo,
                "name": self.table.municipalities[oktmo].name,
                "probability": probability,
                "found_by": found_by,
            }
        )

    def _from_street(self, text: str) -> Place | None:
        found = municipality_by_street(find_addresses(text), self._streets)
        if found is None:
            return None
        oktmo, address = found
        probability = CONFIDENCE["street"] * address.probability
        known = self._municipality(oktmo, round(probability, 4), "street")
        return Place(known.model_copy(update={"span": (address.start, address.end)}), None, "street")

    def _from_geo(self, geo: Geo) -> Place | None:
        rows, places = self._located
        if not len(rows):
            return None
        lat, lon = np.radians(geo.lat), np.radians(geo.lon)
        lats, lons = places[:, 0], places[:, 1]
        half = np.sin((lats - lat) / 2) ** 2 + np.cos(lats) * np.cos(lat) * np.sin((lons - lon) / 2) ** 2
        distance = 2 * _EARTH_KM * np.arcsin(np.sqrt(half))
        nearest = int(distance.argmin())
        if distance[nearest] > MAX_GEO_KM:
            return None
        name = self.table.name(int(rows[nearest]))
        return Place(self._municipality(name.oktmo, CONFIDENCE["geotag"], "geotag"), name.name, "geotag")


def _score(claim: Claim) -> float:
    return _BY_SIGN[claim.mention.sign_of(claim.name)] + _BY_ROLE[claim.mention.role]
