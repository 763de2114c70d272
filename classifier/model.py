"""The shipped model: topic and group of texts given as lemmas, and relevance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from classifier.curve import STRAIGHT, Curve
from classifier.modelfile import Array, ModelError, pack_strings, read, unpack_strings, write
from classifier.net import TINY, Net
from classifier.relevance import Relevance

KIND = "classifier"
GROUP_SHARE = 0.5
"""Out of fold on the Perm set 0.3 to 1.5 differ by less than 0.001 in either F1."""

LIKELIEST = 5
"""Topics kept of a text: they hold 0.90 of the probability of a text of Perm (mean), and a tag stays small."""


def shipped() -> Traversable:
    """The model that comes with the program."""
    return files("classifier").joinpath("data", "model.npz")


class Judgement(NamedTuple):
    """What the heads say of one text."""

    group: str
    group_probability: float
    topic: str
    topic_probability: float
    topics: tuple[tuple[str, float], ...] = ()
    """The likeliest, and how likely."""


@dataclass(frozen=True, eq=False)
class Model:
    """`groups[columns[k]]` is the group of the topic `topic.labels[k]`."""

    kind: ClassVar[str] = KIND

    topic: Net
    relevance: Relevance
    groups: tuple[str, ...]
    columns: npt.NDArray[np.int64]
    curve: Curve = STRAIGHT
    """Of groups; topics have their own."""
    header: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Date and the first digits of the checksum: enough to tell which file judged."""
        return f"{self.header.get('created', 'unsaved')}-{str(self.header.get('sha256', ''))[:8]}"

    @cached_property
    def group_of(self) -> dict[str, str]:
        """Topic to group."""
        return {topic: self.groups[g] for topic, g in zip(self.topic.labels, self.columns, strict=True)}

    def probabilities(self, texts: Sequence[Sequence[str]]) -> tuple[Array, Array]:
        """Of topics (n × K) and of their groups (n × G), for texts given as lemmas."""
        topics = self.topic.probabilities(texts)
        return topics, group_sums(topics, self.columns)

    def decide(self, topics: Array, groups: Array) -> Array:
        """Indices of the chosen topics; see `decide`."""
        return decide(topics, groups, self.columns, self.topic.leaning)

    def sureness(self, topics: Array, groups: Array, chosen: Array) -> tuple[Array, Array]:
        """How often a group and a topic of such a probability are right, for the chosen topic of each text."""
        rows = np.arange(len(chosen))
        group = self.curve(groups[rows, self.columns[chosen]])
        return group, np.minimum(self.topic.curve(topics[rows, chosen]), group)

    def topic_parts(self, lemmas: Sequence[str], topic: str) -> tuple[dict[str, float], float]:
        """What each word and pair of a text adds to the score of a topic, and the rest: their sum is the score."""
        return self.topic.contributions(lemmas, topic)

    def judge(self, texts: Sequence[Sequence[str]]) -> list[Judgement]:
        """Judge texts given as lemmas.

        Probabilities are those that the answers are right. A topic is never surer than its group.
        """
        if not texts:
            return []
        topics, groups = self.probabilities(texts)
        best = self.decide(topics, groups)
        sure_group, sure_topic = self.sureness(topics, groups, best)
        return [
            Judgement(self.groups[g], gp, self.topic.labels[t], tp, likeliest)
            for g, gp, t, tp, likeliest in zip(
                self.columns[best].tolist(),
                sure_group.tolist(),
                best.tolist(),
                sure_topic.tolist(),
                self._likeliest(topics),
                strict=True,
            )
        ]

    def _likeliest(self, topics: Array) -> list[tuple[tuple[str, float], ...]]:
        """Of each text, the likeliest topics first."""
        some = min(LIKELIEST, topics.shape[1])
        order = np.argpartition(-topics, some - 1, axis=1)[:, :some]
        chances = np.take_along_axis(topics, order, axis=1)
        return [
            tuple(sorted(((self.topic.labels[k], round(p, 4)) for k, p in row), key=lambda one: -one[1]))
            for row in (zip(*pair, strict=True) for pair in zip(order.tolist(), chances.tolist(), strict=True))
        ]

    def save(self, path: Path, header: Mapping[str, Any]) -> str:
        """Write the model's file and return its checksum."""
        arrays = {
            "groups": pack_strings(list(self.groups)),
            "columns": self.columns.astype(np.int16),
            "curve": self.curve.array(),
            **self.topic.arrays("topic"),
            **self.relevance.arrays(),
        }
        return write(path, {"kind": KIND, **header}, arrays)

    @classmethod
    def load(cls, source: Path | Traversable | None = None) -> "Model":
        """Load a model's file; without `source` the shipped one.

        Raises:
            ModelError: the file can't be used.
        """
        source = source or shipped()
        header, arrays = read(source)
        check_kind(header, KIND, source)
        try:
            return cls._from_arrays(header, arrays)
        except (KeyError, ValueError, IndexError) as error:
            raise ModelError(f"Файл модели {source} не годится этой программе: {error}. Обновите программу.") from error

    @classmethod
    def _from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> "Model":
        topic = Net.from_arrays("topic", arrays)
        columns = arrays["columns"].astype(np.int64)
        groups = tuple(unpack_strings(arrays["groups"]))
        if columns.shape != (len(topic.labels),) or not ((columns >= 0) & (columns < len(groups))).all():
            raise ValueError("topics and groups do not fit")
        return cls(
            topic=topic,
            relevance=Relevance.from_arrays(arrays),
            groups=groups,
            columns=columns,
            curve=Curve.of(arrays["curve"]),
            header=header,
        )


def group_sums(topics: npt.NDArray[Any], columns: npt.NDArray[np.int64]) -> Array:
    """Probabilities of groups (n × G) as the sums of their topics' (n × K)."""
    membership = np.zeros((len(columns), int(columns.max()) + 1), dtype=topics.dtype)
    membership[np.arange(len(columns)), columns] = 1.0
    sums: Array = topics @ membership
    return sums


def decide(
    topics: npt.NDArray[Any], groups: npt.NDArray[Any], columns: npt.NDArray[np.int64], leaning: npt.NDArray[Any]
) -> Array:
    """Indices of the chosen topics from probabilities of topics (n × K) and of their groups (n × G).

    Largest is the topic's probability times the root of its group's, after `leaning` towards rare topics: on the Perm
    set that is better for both than deciding either first.
    """
    logarithm = np.log(topics + TINY) + GROUP_SHARE * np.log(groups + TINY)[:, columns] + leaning
    chosen: Array = logarithm.argmax(axis=1)
    return chosen


def check_kind(header: Mapping[str, Any], expected: str, source: Path | Traversable) -> None:
    """Raise ModelError unless the file holds the expected kind of model."""
    found = header.get("kind")
    if found != expected:
        names = {KIND: "основная модель (темы и значимость)", "head": "отдельная голова (--head)"}
        raise ModelError(
            f"В файле {source} {names.get(str(found), 'модель неизвестного вида')}, "
            f"а нужна {names[expected]}. Проверьте путь."
        )
