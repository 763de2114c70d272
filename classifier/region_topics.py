"""The topics of a region: the labels of a model, what the taxonomy knows of them, and what the operator changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from classifier.changes import AddedTopic, Pattern, TopicChanges
from classifier.model import Model
from classifier.taxonomy import STAR, Group, Taxonomy, Topic, shipped_taxonomy
from schemas import Urgency


@dataclass(frozen=True, slots=True)
class Matched:
    """An added topic that took over, and the lemmas it rests on."""

    topic: AddedTopic
    words: tuple[str, ...]


_SILENCE = 1e6
"""Taken from the score of a topic that is never proposed: its probability is then nothing at all, and a softmax gives
it to the others, in proportion to their own."""


def silenced(model: Model, topics: Collection[str]) -> Model:
    """The model without some of its topics."""
    off = [label in topics for label in model.topic.labels]
    if not any(off):
        return model
    bias = model.topic.bias - np.where(off, _SILENCE, 0.0)
    return replace(model, topic=replace(model.topic, bias=bias.astype(model.topic.bias.dtype)))


class RegionTopics:
    """`group_of` says which topics there are: the model's, then those that were added. Topics of a model of the
    operator's own that the taxonomy does not know keep their spelling as name and are `normal`. The changes may name a
    topic by its spelling, its name or its id."""

    def __init__(
        self, group_of: Mapping[str, str], changes: TopicChanges | None = None, taxonomy: Taxonomy | None = None
    ) -> None:
        changes = changes or TopicChanges()
        known = taxonomy or shipped_taxonomy()
        self._topics: dict[str, Topic] = {one.topic: one for one in known.topics() if one.topic in group_of}
        self._groups: dict[str, Group] = {one.group: one for one in known.groups}
        self._present = frozenset(group_of.values())
        shipped = {alias: one.topic for one in self._topics.values() for alias in (one.id, one.shown)}

        def spelling(name: str) -> str:
            return name if name in group_of else shipped.get(name, name)

        self._rename = {spelling(name): shown for name, shown in changes.rename.items()}
        self._added = {one.name: one for one in changes.add}
        self._patterns = [(one, [Pattern(line) for line in one.words]) for one in changes.add]
        self.group_of = {**group_of, **{one.name: one.group for one in changes.add}}
        off = {name for name, one in self._topics.items() if not one.enabled}
        self.disabled = frozenset((off - set(map(spelling, changes.enable))) | set(map(spelling, changes.disable)))
        """Topics of the model that are never proposed."""

    def name(self, topic: str) -> str:
        """What people see for a topic."""
        known = self._topics.get(topic)
        return self._rename.get(topic) or (known.shown if known else topic.removeprefix(STAR))

    def group_name(self, group: str) -> str:
        """What people see for a group."""
        known = self._groups.get(group)
        return known.shown if known else group

    def id(self, topic: str) -> str | None:
        """The stable id of a topic; None of one that only a model of the operator's own knows."""
        known = self._added.get(topic) or self._topics.get(topic)
        return known.id if known else None

    def about(self, topic: str) -> str:
        """A line for people on what the topic is; its name where nobody has written one."""
        known = self._topics.get(topic)
        return known.about if known else self.name(topic)

    def urgency(self, topic: str) -> Urgency:
        """Of a post that is surely on this topic and has no telling words."""
        known = self._added.get(topic) or self._topics.get(topic)
        return known.urgency if known else "normal"

    def names(self) -> dict[str, str]:
        """Spelling to what people see, of topics and groups."""
        groups = {group: self.group_name(group) for group in self.group_of.values()}
        return {**groups, **{topic: self.name(topic) for topic in self.group_of}}

    @cached_property
    def _aliases(self) -> dict[str, str]:
        names = {self.name(topic): topic for topic in self.group_of}
        return names | {id_: topic for topic in self.group_of if (id_ := self.id(topic))}

    @cached_property
    def _group_aliases(self) -> dict[str, str]:
        known = [(name, one) for name, one in self._groups.items() if name in self._present]
        return {one.shown: name for name, one in known} | {one.id: name for name, one in known}

    def accepted(self) -> tuple[list[str], list[str]]:
        """Everything that may be written for a topic, and for a group."""
        return [*self.group_of, *self._aliases], [*sorted(self._present), *self._group_aliases]

    def topic(self, name: str) -> str | None:
        """The spelling of a topic by its spelling, name or id; None where there is none."""
        return name if name in self.group_of else self._aliases.get(name)

    def group(self, name: str) -> str | None:
        """The same of a group."""
        return name if name in self._present else self._group_aliases.get(name)

    def added(self, lemmas: Sequence[str]) -> Matched | None:
        """The first added topic whose words are among these lemmas."""
        if not self._patterns:
            return None
        words = frozenset(lemmas)
        for topic, patterns in self._patterns:
            for pattern in patterns:
                if found := pattern.found(words):
                    return Matched(topic, tuple(found))
        return None
