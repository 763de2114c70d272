"""Why a text was judged as it was. What is linear is exact: the parts of a score sum to the score."""

from collections.abc import Sequence
from dataclasses import dataclass

from classifier.classify import Classifier, doubts, text_of
from classifier.item import Item
from classifier.model import Model
from classifier.places import Place
from classifier.region_topics import Matched
from classifier.urgency import Verdict
from schemas import Tags


@dataclass(frozen=True, slots=True)
class Part:
    """A token (`вода`, `нет вода`, `отопл*`) and what it adds to one score, or to the difference of two."""

    token: str
    weight: float


@dataclass(frozen=True, slots=True)
class Score:
    """`bias` and the parts sum to `score`; the largest part first."""

    score: float
    bias: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    topic: str
    name: str
    group: str
    probability: float
    score: Score


@dataclass(frozen=True, slots=True)
class Explanation:
    """`first` and `second` are what the model itself says, before an added topic or a correction stands above it;
    `margin` is the difference of their scores."""

    tags: Tags
    whole: str
    first: Candidate
    second: Candidate | None
    margin: Score | None
    relevance: Score
    by_definition: bool
    added: Matched | None
    urgency: Verdict
    doubts: tuple[str, ...]
    place: Place
    """As the resolver says, before a correction."""
    outside: str | None
    """Name of the municipality elsewhere that the text names."""

    @property
    def corrected(self) -> bool:
        """Whether an operator's word stands above the model's."""
        return self.tags.model.endswith("+corrected")


def explain(classifier: Classifier, item: Item) -> Explanation:
    """The judgement of `classifier` on one text, and what each part of it rests on."""
    (tags,) = classifier.classify([item])
    text = text_of(item)
    whole, words = text.text, text.lemmas
    model = classifier.model
    first, second = _two_best(model, words)
    place = classifier.place(item, text)
    one = _candidate(classifier, words, *first)
    other = _candidate(classifier, words, *second) if second else None
    return Explanation(
        tags=tags,
        whole=whole,
        first=one,
        second=other,
        margin=_difference(one.score, other.score) if other else None,
        relevance=_relevance(model, whole),
        by_definition=item.kind in ("appeal", "call"),
        added=classifier.topics.added(words),
        urgency=classifier.urgency(item, text, tags.topic, tags.topic_probability),
        doubts=tuple(doubts(tags, classifier.thresholds)) if tags.needs_review else (),
        place=place,
        outside=classifier.resolver.table.municipalities[place.outside].name if place.outside else None,
    )


def _two_best(model: Model, words: Sequence[str]) -> tuple[tuple[str, float], tuple[str, float] | None]:
    """Topics and probabilities; the second is what the model would say if it did not know the first."""
    topics, groups = model.probabilities([words])
    without = topics.copy()
    best = model.decide(topics, groups)
    without[0, best] = 0.0
    chosen = [best] if len(model.topic.labels) == 1 else [best, model.decide(without, groups)]
    first, *second = [
        (model.topic.labels[int(one[0])], float(model.sureness(topics, groups, one)[1][0])) for one in chosen
    ]
    return first, second[0] if second else None


def _relevance(model: Model, whole: str) -> Score:
    """Log-odds. The judgement is bent where it is sure: a word counts with the slope at this text, and what the slopes
    leave over is the bias."""
    odds = float(model.relevance.log_odds([whole])[0])
    weights = dict(model.relevance.reasons(whole))
    return _summed(weights, odds - sum(weights.values()))


def _candidate(classifier: Classifier, words: Sequence[str], topic: str, probability: float) -> Candidate:
    return Candidate(
        topic=topic,
        name=classifier.topics.name(topic),
        group=classifier.model.group_of[topic],
        probability=probability,
        score=_summed(*classifier.model.topic_parts(words, topic)),
    )


def _difference(one: Score, other: Score) -> Score:
    weights = {part.token: part.weight for part in one.parts}
    for part in other.parts:
        weights[part.token] = weights.get(part.token, 0.0) - part.weight
    return _summed(weights, one.bias - other.bias)


def _summed(weights: dict[str, float], bias: float) -> Score:
    parts = [Part(token, weight) for token, weight in weights.items() if weight]
    parts.sort(key=lambda part: (-abs(part.weight), part.token))
    return Score(bias + sum(part.weight for part in parts), bias, tuple(parts))
