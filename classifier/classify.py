"""All judgements on a batch of texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from classifier.address import address_of
from classifier.changes import TopicChanges
from classifier.correcting import corrected
from classifier.corrections import Corrections
from classifier.features import judged_lemmas
from classifier.head import TextHead
from classifier.item import Item
from classifier.model import Judgement, Model
from classifier.places import Place, Region, Resolver
from classifier.region_topics import RegionTopics, silenced
from classifier.urgency import Verdict, urgency
from schemas import Head, Municipality, PostKind, Tags
from text import MAX_CHARS, language, signatures

BY_DEFINITION = frozenset({PostKind.APPEAL, PostKind.CALL})
"""An appeal or a call is relevant: somebody turned to the authority."""
UNREAD = 0.5
"""Relevance of a text in a language that the model doesn't know: nobody can tell but an operator, who sees it as an
incident to be reviewed. Of 17,763 texts of Perm, Kursk and Telegram's channels none is taken for one."""
SHORT_COMMENT = 5
"""A comment of fewer lemmas takes its topic from the post it answers too: «у нас тоже»."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a judgement counts. The model's file brings its own; an operator may change them.

    `relevant` decides; between `unsure_from` and `unsure_to`, and below `group` or `municipality`, a post that may be
    relevant goes to an operator.
    """

    relevant: float = 0.5
    unsure_from: float = 0.3
    unsure_to: float = 0.7
    group: float = 0.5
    municipality: float = 0.55

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Thresholds":
        """From a model's header; what is not there keeps its default."""
        known = {name: float(values[name]) for name in cls.__slots__ if name in values}
        return cls(**known)


class _Judged(NamedTuple):
    """An item with all that was found of a whole batch at once."""

    item: Item
    whole: str
    words: list[str]
    judgement: Judgement
    relevance: float
    heads: dict[str, Head]
    signature: tuple[int, ...]


class Classifier:
    """Texts in, tags out. Holds no state but the model and what operators said: one instance may serve for ever, from
    one thread."""

    def __init__(
        self,
        model: Model,
        resolver: Resolver,
        *,
        thresholds: Thresholds | None = None,
        heads: Mapping[str, TextHead] | None = None,
        topics: RegionTopics | None = None,
        corrections: Corrections | None = None,
    ) -> None:
        self.topics = topics or RegionTopics(model.group_of)
        self.model = silenced(model, self.topics.disabled)
        self.corrections = corrections
        self.resolver = resolver
        self.thresholds = thresholds or Thresholds.of(model.header.get("thresholds", {}))
        self.heads = dict(heads or {})

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        *,
        region: Region | None = None,
        places: Resolver | None = None,
        thresholds: Thresholds | None = None,
        heads: Mapping[str, Path] | None = None,
        changes: TopicChanges | None = None,
    ) -> "Classifier":
        """Load the model at `path` (by default the shipped one), and further heads by name.

        `region` limits the municipalities to one region; without it all that are known are answers. `changes` are what
        an operator has changed of the topics.

        Raises:
            ModelError: a model's file can't be used.
            PlacesError: the gazetteer can't be read.
        """
        model = Model.load(path)
        return cls(
            model,
            places or Resolver(region),
            topics=RegionTopics(model.group_of, changes),
            thresholds=thresholds,
            heads={name: TextHead.load(file) for name, file in (heads or {}).items()},
        )

    def classify(self, items: Sequence[Item]) -> list[Tags]:
        """Tags in the order of `items`. Batches of 32 and more are several times faster than single texts.

        No text makes it raise: only the first 20,000 characters are judged, and an empty text gets the most frequent
        topic with a low probability.
        """
        if self.corrections is not None:
            self.corrections.refresh()
        wholes = [_judgeable(item.whole) for item in items]
        lemmas = [judged_lemmas(whole) for whole in wholes]
        judged = self.model.judge(lemmas)
        relevance = self.model.relevance.probabilities(wholes, [_answered(item) for item in items]).tolist()
        self._judge_short_comments(items, lemmas, judged)
        heads = {name: head.judge(lemmas) for name, head in self.heads.items()}
        by_text = [
            {name: Head(value=answers[i][0], probability=answers[i][1]) for name, answers in heads.items()}
            for i in range(len(items))
        ]
        parts = zip(items, wholes, lemmas, judged, relevance, by_text, signatures(lemmas), strict=True)
        return [self._tags(_Judged(*of_text)) for of_text in parts]

    def _judge_short_comments(
        self, items: Sequence[Item], lemmas: Sequence[list[str]], judged: list[Judgement]
    ) -> None:
        """Replace group and topic of short comments by those of comment and context together."""
        short = [
            i
            for i, item in enumerate(items)
            if item.kind == PostKind.COMMENT and item.context and len(lemmas[i]) < SHORT_COMMENT
        ]
        joined = self.model.judge([[*lemmas[i], *judged_lemmas(_judgeable(items[i].context or ""))] for i in short])
        for i, other in zip(short, joined, strict=True):
            judged[i] = other

    def _tags(self, judged: _Judged) -> Tags:
        tags = self._by_model(judged)
        if self.corrections is None:
            return tags
        item, words = judged.item, judged.words
        answers = item.kind == PostKind.COMMENT and item.context is not None
        said = self.corrections.find(item.id, words, answers=answers)
        if said is None and item.title and len(self.corrections):  # whoever corrects may have given the text alone
            said = self.corrections.find(None, judged_lemmas(_judgeable(item.text)), answers=answers)
        if said is None:
            return tags
        tags = corrected(tags, said, self.topics, self.resolver, lambda group: self._best_of(group, words))
        verdict = self.urgency(item, judged.whole, words, tags.topic, tags.topic_probability)
        return tags.model_copy(update={"urgency": verdict.urgency})

    def _best_of(self, group: str, words: Sequence[str]) -> tuple[str, float]:
        """The likeliest topic of a group, and its probability among the topics of the group."""
        others = [topic for topic, parent in self.topics.group_of.items() if parent != group]
        best = silenced(self.model, others).judge([words])[0]
        return best.topic, min(best.topic_probability, 1.0)

    def _by_model(self, judged: _Judged) -> Tags:
        item, whole, words, judgement = judged.item, judged.whole, judged.words, judged.judgement
        added = self.topics.added(words)
        if added is not None:
            judgement = replace(
                judgement,
                group=added.topic.group,
                group_probability=1.0,
                topic=added.topic.name,
                topic_probability=1.0,
                topics=(),
            )
        spoken = language(whole, words)
        by_definition = item.kind in BY_DEFINITION
        foreign = spoken != "ru"
        relevance = 1.0 if by_definition else UNREAD if foreign else judged.relevance
        place = self.place(item, whole)
        return Tags(
            relevance=relevance,
            relevant=by_definition or foreign or relevance >= self.thresholds.relevant,
            group=judgement.group,
            group_probability=min(judgement.group_probability, 1.0),
            topic=judgement.topic,
            topic_probability=min(judgement.topic_probability, 1.0),
            topics=dict(judgement.topics),
            municipality=place.municipality,
            settlement=place.settlement,
            address=address_of(whole, item.address),
            urgency=self.urgency(item, whole, words, judgement.topic, judgement.topic_probability).urgency,
            needs_review=bool(
                doubts(relevance, judgement.group_probability, place.municipality, spoken, self.thresholds)
            ),
            heads=judged.heads,
            signature=judged.signature,
            language=spoken,
            model=self.model.version,
        )

    def place(self, item: Item, whole: str) -> Place:
        """Where an item's trouble is, and what that rests on."""
        told = "\n".join(part for part in (item.address, item.context) if part)
        return self.resolver.resolve(
            whole,
            context=_judgeable(told),
            hints=(item.parent_place_hint, item.source_municipality),
            geo=item.geo,
        )

    def urgency(self, item: Item, whole: str, words: Sequence[str], topic: str, probability: float) -> Verdict:
        """Of an item with these lemmas, and why."""
        month = item.published.month if item.published else None
        return urgency(whole, words, topic=self.topics.urgency(topic), probability=probability, month=month)


def doubts(relevance: float, group: float, place: Municipality | None, spoken: str, limits: Thresholds) -> list[str]:
    """Why an operator should look: `language`, `relevance`, `group`, `no_place`, `place`. None at what is surely
    irrelevant, unless it is in a language that nobody here judges."""
    found = ["language"] if spoken != "ru" else []
    if relevance < limits.unsure_from:
        return found
    if relevance < limits.unsure_to:
        found.append("relevance")
    if group < limits.group:
        found.append("group")
    if place is None:
        found.append("no_place")
    elif place.probability < limits.municipality:
        found.append("place")
    return found


def _answered(item: Item) -> str | None:
    """The text that a comment answers."""
    return _judgeable(item.context) if item.kind == PostKind.COMMENT and item.context else None


def _judgeable(text: str) -> str:
    """The first characters, without lone surrogates and NUL (offsets stay)."""
    cut = text[:MAX_CHARS]
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode("utf-8")
