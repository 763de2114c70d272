"""All judgements on a batch of texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.address import find_address
from classifier.features import judged_lemmas
from classifier.head import TextHead
from classifier.item import Item
from classifier.model import Judgement, Model
from classifier.places import Place, Region, Resolver
from classifier.urgency import urgency
from schemas import Head, PostKind, Tags
from text import MAX_CHARS, signature

BY_DEFINITION = frozenset({PostKind.APPEAL, PostKind.CALL})
"""An appeal or a call is relevant: somebody turned to the authority."""
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


class Classifier:
    """Texts in, tags out. Holds no state but the model: one instance may serve for ever, from one thread."""

    def __init__(
        self,
        model: Model,
        resolver: Resolver,
        *,
        thresholds: Thresholds | None = None,
        heads: Mapping[str, TextHead] | None = None,
    ) -> None:
        self.model = model
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
    ) -> "Classifier":
        """Load the model at `path` (by default the shipped one), and further heads by name.

        `region` limits the municipalities to one region; without it all that are known are answers.

        Raises:
            ModelError: a model's file can't be used.
            PlacesError: the gazetteer can't be read.
        """
        return cls(
            Model.load(path),
            places or Resolver(region),
            thresholds=thresholds,
            heads={name: TextHead.load(file) for name, file in (heads or {}).items()},
        )

    def classify(self, items: Sequence[Item]) -> list[Tags]:
        """Tags in the order of `items`. Batches of 32 and more are several times faster than single texts.

        No text makes it raise: only the first 20,000 characters are judged, and an empty text gets the most frequent
        topic with a low probability.
        """
        wholes = [_judgeable(item.whole) for item in items]
        lemmas = [judged_lemmas(whole) for whole in wholes]
        judged = self.model.judge(lemmas)
        relevance = self.model.relevance.probabilities(wholes, [_answered(item) for item in items]).tolist()
        self._judge_short_comments(items, lemmas, judged)
        heads = {name: head.judge(lemmas) for name, head in self.heads.items()}
        return [
            self._tags(
                item,
                whole,
                words,
                judgement,
                relevance=probability,
                heads={name: Head(value=v[i][0], probability=v[i][1]) for name, v in heads.items()},
            )
            for i, (item, whole, words, probability, judgement) in enumerate(
                zip(items, wholes, lemmas, relevance, judged, strict=True)
            )
        ]

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

    def _tags(
        self,
        item: Item,
        whole: str,
        words: list[str],
        judgement: Judgement,
        *,
        relevance: float,
        heads: dict[str, Head],
    ) -> Tags:
        by_definition = item.kind in BY_DEFINITION
        relevance = 1.0 if by_definition else relevance
        told = "\n".join(part for part in (item.address, item.context) if part)
        place = self.resolver.resolve(
            whole,
            context=_judgeable(told),
            hints=(item.parent_place_hint, item.source_municipality),
            geo=item.geo,
        )
        return Tags(
            relevance=relevance,
            relevant=by_definition or relevance >= self.thresholds.relevant,
            group=judgement.group,
            group_probability=min(judgement.group_probability, 1.0),
            topic=judgement.topic,
            topic_probability=min(judgement.topic_probability, 1.0),
            municipality=place.municipality,
            settlement=place.settlement,
            address=find_address(item.address or "") or find_address(whole),
            urgency=urgency(words, judgement.topic, judgement.topic_probability),
            needs_review=self._needs_review(relevance, judgement, place),
            heads=heads,
            signature=signature(words),
            model=self.model.version,
        )

    def _needs_review(self, relevance: float, judgement: Judgement, place: Place) -> bool:
        """Whether an operator should look: never at what is surely irrelevant."""
        limits = self.thresholds
        if relevance < limits.unsure_from:
            return False
        return (
            relevance < limits.unsure_to
            or judgement.group_probability < limits.group
            or place.municipality is None
            or place.municipality.probability < limits.municipality
        )


def _answered(item: Item) -> str | None:
    """The text that a comment answers."""
    return _judgeable(item.context) if item.kind == PostKind.COMMENT and item.context else None


def _judgeable(text: str) -> str:
    """The first characters, without lone surrogates and NUL (offsets stay)."""
    cut = text[:MAX_CHARS]
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode("utf-8")
