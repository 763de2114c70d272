"""The names a file may refer to: groups and topics of the model, municipalities of the region."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from classifier.places.region import Region
from classifier.region_topics import RegionTopics
from sinks.filter import NOWHERE, STAR


@dataclass(frozen=True)
class Vocabulary:
    """None: the region or the model could not be read, so nothing can be said about its names."""

    groups: Collection[str] | None
    topics: Collection[str] | None
    region: Region | None
    own: RegionTopics | None = None
    """The topics with what the file changes of them."""
    shipped: RegionTopics | None = None
    """Without."""
    promised: Collection[str] = field(default=())
    """Added topics whose section has a mistake."""

    @cached_property
    def municipalities(self) -> list[str] | None:
        """Their names, for listings; their main towns and codes are understood as well."""
        return None if self.region is None else sorted(one.name for one in self.region.municipalities)

    def oktmo_of(self, name: str) -> str | None:
        """The code of a municipality of the region, by name, town or code."""
        return None if self.region is None else self.region.municipality_by_name(name)

    def knows(self, what: str, value: str, known: Collection[str], *, lenient: bool) -> bool:
        """`lenient`: `when` compares groups and topics without case, ё and star, and takes «none» for a place."""
        if what == "municipality":
            return self.oktmo_of(value) is not None or (lenient and value == NOWHERE)
        if what in ("topic", "group") and (value in self.promised or self.spelling(what, value) is not None):
            return True
        return value in known or (lenient and _key(value) in {_key(name) for name in known})

    def spelling(self, what: str, value: str) -> str | None:
        """Of a topic or group, by its name or id."""
        if self.own is None:
            return None
        return self.own.topic(value) if what == "topic" else self.own.group(value)

    def names(self, what: str, known: Collection[str]) -> list[str]:
        """What a misspelt value may have meant."""
        if self.own is None or what not in ("topic", "group"):
            return list(known)
        topics, groups = self.own.accepted()
        return topics if what == "topic" else groups


def _key(value: str) -> str:
    return value.strip().removeprefix(STAR).casefold().replace("ё", "е")
