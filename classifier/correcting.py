"""An operator's word put above the model's."""

from collections.abc import Callable
from typing import Any

from classifier.corrections import Correction
from classifier.places import Resolver
from classifier.region_topics import RegionTopics
from schemas import Municipality, Tags

MARK = "+corrected"
"""At the end of `Tags.model`: the version of the model stays readable, and a correction counts as another judgement."""


def knows(what: str, name: str, topics: RegionTopics, resolver: Resolver) -> bool:
    """Whether there is such a `topic`, `group` or `municipality`, by any of its names."""
    if what == "municipality":
        return resolver.hint(name) is not None
    return (topics.topic(name) if what == "topic" else topics.group(name)) is not None


def corrected(
    tags: Tags,
    said: Correction,
    topics: RegionTopics,
    resolver: Resolver,
    best_of: Callable[[str], tuple[str, float]],
) -> Tags:
    """The tags as the operator has them. What was not corrected stays, and nobody need look again.

    `best_of` gives the likeliest topic of a group, for a correction that names the group alone.
    """
    changes: dict[str, Any] = {"needs_review": False, "model": f"{tags.model}{MARK}"}
    topic = topics.topic(said.topic) if said.topic else None
    group = topics.group_of[topic] if topic else topics.group(said.group) if said.group else None
    if topic is not None:
        changes |= {"topic": topic, "topic_probability": 1.0}
    elif group is not None and group != tags.group:
        likeliest, probability = best_of(group)
        changes |= {"topic": likeliest, "topic_probability": probability}
    if group is not None:
        changes |= {"group": group, "group_probability": 1.0}
    if said.relevant is not None:
        changes |= {"relevant": said.relevant, "relevance": float(said.relevant)}
    code = resolver.hint(said.municipality)
    if code is not None:
        name = resolver.table.municipalities[code].name
        place = Municipality(oktmo=code, name=name, probability=1.0, found_by="operator")
        same = tags.municipality is not None and tags.municipality.oktmo == code
        changes |= {"municipality": place, "settlement": tags.settlement if same else None}
    return tags.model_copy(update=changes)
