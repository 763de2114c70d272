"""All judgements on a batch of texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

from classifier.address import address_of
from classifier.changes import TopicChanges
from classifier.correcting import corrected
from classifier.corrections import Corrections
from classifier.head import TextHead
from classifier.item import SHORT_COMMENT, Item
from classifier.model import Judgement, Model
from classifier.places import Place, Region, Resolver
from classifier.region_topics import RegionTopics, silenced
from classifier.urgency import Verdict, urgency
from schemas import Head, PostKind, Tags
from text import MAX_CHARS, Cut, cut, language, signatures

BY_DEFINITION = frozenset({PostKind.APPEAL, PostKind.CALL})
"""An appeal or a call is relevant: somebody turned to the authority."""
UNREAD = 0.5
"""Relevance of a text in a language that the model doesn't know: nobody can tell but an operator, who sees it as an
incident to be reviewed. Of 17,763 texts of Perm, Kursk and Telegram's channels none is taken for one."""
FIRST = "В Капейске, на ул. Мира, 5, запах газа"
"""Judged while loading, so that no post waits for what is made at first use: the dictionary, the rules of urgency, the
names of towns with a letter wrong. Takes 0.1 s."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a judgement counts. The model's file brings its own; an operator may change them.

    `relevant` decides; between `unsure_from` and `unsure_to`, and below `group`, `topic` or `municipality`, a post that
    may be relevant goes to an operator. A topic of 0.2 is wrong four times out of five. `urgent` decides where life may
    be in danger: of 6,354 channels' posts, 155 of them with words of danger, none stands between it and `relevant`.
    """

    relevant: float = 0.5
    urgent: float = 0.15
    unsure_from: float = 0.3
    unsure_to: float = 0.7
    group: float = 0.5
    topic: float = 0.2
    municipality: float = 0.55

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Thresholds":
        """From a model's header; what is not there keeps its default."""
        known = {name: float(values[name]) for name in cls.__slots__ if name in values}
        return cls(**known)

    def relevant_from(self, urgency: str) -> float:
        """The relevance from which a post of this urgency counts."""
        return min(self.urgent, self.relevant) if urgency == "now" else self.relevant


class _Seen(NamedTuple):
    """An item, and what was found about its text in one go with others."""

    item: Item
    text: Cut
    judgement: Judgement
    relevance: float
    heads: dict[str, Head]
    signature: tuple[int, ...]


class Classifier:
    """Texts in, tags out. Holds no state but the model and what operators said: one instance may serve for ever, from
    one thread. With the first one BLAS gets along with one thread in this process: more only wait for each other over
    matrices as small as these, and take a second core for a third less speed."""

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
        threadpool_limits(limits=1, user_api="blas")
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
        loaded = cls(
            model,
            places or Resolver(region),
            topics=RegionTopics(model.group_of, changes),
            thresholds=thresholds,
            heads={name: TextHead.load(file) for name, file in (heads or {}).items()},
        )
        loaded.classify([Item(FIRST)])
        return loaded

    def classify(self, items: Sequence[Item]) -> list[Tags]:
        """Tags in the order of `items`. Batches of 32 and more are several times faster than single texts.

        No text makes it raise: only the first 20,000 characters are judged, and an empty text gets the most frequent
        topic with a low probability.
        """
        if self.corrections is not None:
            self.corrections.refresh()
        texts = [text_of(item) for item in items]
        lemmas = [text.lemmas for text in texts]
        contexts = [cut(_judgeable(told)) if (told := _answered(item)) else None for item in items]
        relevance = self.model.relevance.judge(texts, contexts).tolist()
        topics, heads = self._topics(lemmas, contexts), self._heads(lemmas)
        seen = zip(items, texts, topics, relevance, heads, signatures(lemmas), strict=True)
        return [self._tags(_Seen(*one)) for one in seen]

    def _topics(self, lemmas: Sequence[list[str]], contexts: Sequence[Cut | None]) -> list[Judgement]:
        """Group and topic of each text; a short comment's are those of comment and context together."""
        judged = self.model.judge(lemmas)
        short = {
            i: [*words, *context.lemmas]
            for i, (words, context) in enumerate(zip(lemmas, contexts, strict=True))
            if context and len(words) < SHORT_COMMENT
        }
        for i, other in zip(short, self.model.judge(list(short.values())), strict=True):
            judged[i] = other
        return judged

    def _heads(self, lemmas: Sequence[list[str]]) -> list[dict[str, Head]]:
        """What the further heads say of each text, by their names."""
        found: list[dict[str, Head]] = [{} for _ in lemmas]
        for name, head in self.heads.items():
            for heads, (value, probability) in zip(found, head.judge(lemmas), strict=True):
                heads[name] = Head(value=value, probability=probability)
        return found

    def _tags(self, seen: _Seen) -> Tags:
        tags = self._judged(seen)
        if self.corrections is None:
            return tags
        item, text = seen.item, seen.text
        answers = _answered(item) is not None
        said = self.corrections.find(item.id, text.lemmas, answers=answers)
        if said is None and item.title and len(self.corrections):  # whoever corrects may have given the text alone
            said = self.corrections.find(None, cut(_judgeable(item.text)).lemmas, answers=answers)
        if said is None:
            return tags
        tags = corrected(tags, said, self.topics, self.resolver, lambda group: self._best_of(group, text.lemmas))
        verdict = self.urgency(item, text, tags.topic, tags.topic_probability)
        return tags.model_copy(update={"urgency": verdict.urgency})

    def _best_of(self, group: str, words: Sequence[str]) -> tuple[str, float]:
        """The likeliest topic of a group, and its probability among the topics of the group."""
        others = [topic for topic, parent in self.topics.group_of.items() if parent != group]
        best = silenced(self.model, others).judge([words])[0]
        return best.topic, min(best.topic_probability, 1.0)

    def _judged(self, seen: _Seen) -> Tags:
        item, text, judgement = seen.item, seen.text, seen.judgement
        added = self.topics.added(text.lemmas)
        if added is not None:
            judgement = Judgement(added.topic.group, 1.0, added.topic.name, 1.0)
        spoken = language(text.text, text.lemmas)
        by_definition = item.kind in BY_DEFINITION
        foreign = spoken != "ru"
        relevance = 1.0 if by_definition else UNREAD if foreign else seen.relevance
        place = self.place(item, text)
        pressing = self.urgency(item, text, judgement.topic, judgement.topic_probability).urgency
        tags = Tags(
            relevance=relevance,
            relevant=by_definition or foreign or relevance >= self.thresholds.relevant_from(pressing),
            group=judgement.group,
            group_probability=min(judgement.group_probability, 1.0),
            topic=judgement.topic,
            topic_probability=min(judgement.topic_probability, 1.0),
            topics=dict(judgement.topics),
            municipality=place.municipality,
            settlement=place.settlement,
            address=address_of(text.text, item.address),
            urgency=pressing,
            heads=seen.heads,
            signature=seen.signature,
            language=spoken,
            model=self.model.version,
        )
        return tags.model_copy(update={"needs_review": True}) if doubts(tags, self.thresholds) else tags

    def place(self, item: Item, text: Cut) -> Place:
        """Where an item's trouble is, and what that rests on; `text` is `text_of(item)`."""
        told = "\n".join(part for part in (item.address, item.context) if part)
        return self.resolver.resolve(
            text.text,
            words=text.words,
            context=_judgeable(told),
            hints=(item.parent_place_hint, item.source_municipality),
            geo=item.geo,
        )

    def urgency(self, item: Item, text: Cut, topic: str, probability: float) -> Verdict:
        """Of an item with this text and topic, and why."""
        month = item.published.month if item.published else None
        return urgency(
            text.readable, text.lemmas, topic=self.topics.urgency(topic), probability=probability, month=month
        )


def doubts(tags: Tags, limits: Thresholds) -> list[str]:
    """Why an operator should look: `language`, `relevance`, `group` or `topic`, `no_place`, `place`. None at what is
    surely irrelevant, unless it is in a language that nobody here judges."""
    found = ["language"] if tags.language != "ru" else []
    if tags.relevance < limits.unsure_from and not tags.relevant:
        return found
    if tags.relevance < limits.unsure_to:
        found.append("relevance")
    if tags.group_probability < limits.group:
        found.append("group")
    elif tags.topic_probability < limits.topic:
        found.append("topic")
    if tags.municipality is None:
        found.append("no_place")
    elif tags.municipality.probability < limits.municipality:
        found.append("place")
    return found


def text_of(item: Item) -> Cut:
    """What is judged of an item, cut into words."""
    return cut(_judgeable(item.whole))


def _answered(item: Item) -> str | None:
    """The text that a comment answers."""
    return item.context if item.kind == PostKind.COMMENT else None


def _judgeable(text: str) -> str:
    """The first characters, without lone surrogates and NUL (offsets stay)."""
    kept = text[:MAX_CHARS]
    try:
        kept.encode()
    except UnicodeEncodeError:
        return kept.encode("utf-8", "replace").decode()
    return kept
