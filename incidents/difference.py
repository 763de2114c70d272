"""From the incidents as they are stored to the matters as they should be: which incident lives on as which matter."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from incidents.group import Partition


@dataclass(frozen=True, slots=True)
class Difference:
    kept: dict[int, frozenset[str]]
    """Incident to the matter as which it lives on, changed or not."""
    opened: list[frozenset[str]]
    """Matters that need an incident, in order of their first post id."""
    merged: dict[int, frozenset[str]]
    """Incident to the matter in which its posts, or most of them, are now."""
    emptied: frozenset[int]
    """Incidents none of whose posts belongs anywhere any more."""


def difference(
    matters: Partition, stored: Mapping[str, int | None], weights: Mapping[int, int] | None = None
) -> Difference:
    """Compare matters with where their posts are `stored`; `stored` may know posts that belong to no matter.

    An incident lives on as the matter with which it has most posts in common; of several the heaviest does, of these
    the one with most posts in common; of equals the incident with the lowest id and the matter with the first post id
    come first. A matter is one incident, and an incident one matter.
    """
    incidents = sorted({incident for incident in stored.values() if incident is not None})
    common: dict[tuple[frozenset[str], int], int] = {}
    for matter in matters:
        counted = Counter(incident for post in matter if (incident := stored.get(post)) is not None)
        common |= {(matter, incident): count for incident, count in counted.items()}
    heavy = weights or {}
    ranked = sorted(common, key=lambda pair: (-heavy.get(pair[1], 0), -common[pair], pair[1], min(pair[0])))
    kept: dict[int, frozenset[str]] = {}
    merged: dict[int, frozenset[str]] = {}
    taken: set[frozenset[str]] = set()
    for matter, incident in ranked:
        if incident not in kept and matter not in taken:
            kept[incident] = matter
            taken.add(matter)
    for matter, incident in ranked:
        if incident not in kept and incident not in merged:
            merged[incident] = matter
    return Difference(
        kept=kept,
        opened=sorted((matter for matter in matters if matter not in taken), key=min),
        merged=merged,
        emptied=frozenset(incidents) - kept.keys() - merged.keys(),
    )
