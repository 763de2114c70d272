"""The shipped model: topic and group of texts given as lemmas, and relevance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from classifier.features import Vocabulary
from classifier.linear import LinearHead
from classifier.modelfile import Array, ModelError, pack_strings, read, unpack_strings, write
from classifier.relevance import Relevance

KIND = "classifier"
_TINY = 1e-12


def shipped() -> Traversable:
    """The model that comes with the program."""
    return files("classifier").joinpath("data", "model.npz")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the topic head says of one text."""

    group: str
    group_probability: float
    topic: str
    topic_probability: float


@dataclass(frozen=True, eq=False)
class Model:
    """`groups[columns[k]]` is the group of the topic `topic.labels[k]`."""

    kind: ClassVar[str] = KIND

    vocabulary: Vocabulary
    frequency: npt.NDArray[np.int64]
    """In how many training texts each token occurs; at least 3."""
    topic: LinearHead
    relevance: Relevance
    groups: tuple[str, ...]
    columns: npt.NDArray[np.int64]
    header: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Date and the first digits of the checksum: enough to tell which file judged."""
        return f"{self.header.get('created', 'unsaved')}-{str(self.header.get('sha256', ''))[:8]}"

    @cached_property
    def group_of(self) -> dict[str, str]:
        """Topic to group."""
        return {topic: self.groups[g] for topic, g in zip(self.topic.labels, self.columns, strict=True)}

    @cached_property
    def _membership(self) -> npt.NDArray[np.float32]:
        matrix = np.zeros((len(self.columns), len(self.groups)), dtype=np.float32)
        matrix[np.arange(len(self.columns)), self.columns] = 1.0
        return matrix

    def judge(self, texts: Sequence[Sequence[str]]) -> list[Judgement]:
        """Judge texts given as lemmas. A group's probability is the sum of its topics'.

        The topic is the one with the largest product of its own and its group's probability, the group is the
        topic's: on the Perm set that is better for both than deciding either first.
        """
        if not texts:
            return []
        counts = self.vocabulary.count(texts)
        topics = self.topic.probabilities(counts)
        groups = topics @ self._membership
        rows = np.arange(len(texts))
        best = decide(topics, groups, self.columns)
        group = self.columns[best]
        return [
            Judgement(self.groups[g], min(gp, 1.0), self.topic.labels[t], tp)
            for g, gp, t, tp in zip(
                group.tolist(),
                groups[rows, group].tolist(),
                best.tolist(),
                topics[rows, best].tolist(),
                strict=True,
            )
        ]

    def save(self, path: Path, header: Mapping[str, Any]) -> str:
        """Write the model's file and return its checksum."""
        arrays = {
            "vocabulary": pack_strings(self.vocabulary.tokens),
            "frequency": self.frequency.astype(np.int32),
            "groups": pack_strings(list(self.groups)),
            "columns": self.columns.astype(np.int16),
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
        vocabulary = Vocabulary(unpack_strings(arrays["vocabulary"]))
        topic = LinearHead.from_arrays("topic", arrays, len(vocabulary))
        columns = arrays["columns"].astype(np.int64)
        groups = tuple(unpack_strings(arrays["groups"]))
        if columns.shape != (len(topic.labels),) or not ((columns >= 0) & (columns < len(groups))).all():
            raise ValueError("topics and groups do not fit")
        return cls(
            vocabulary=vocabulary,
            frequency=arrays["frequency"].astype(np.int64),
            topic=topic,
            relevance=Relevance.from_arrays(arrays),
            groups=groups,
            columns=columns,
            header=header,
        )


def decide(topics: npt.NDArray[Any], groups: npt.NDArray[Any], columns: npt.NDArray[np.int64]) -> Array:
    """Indices of the chosen topics from probabilities of topics (n × K) and of their groups (n × G)."""
    chosen: Array = (np.log(topics + _TINY) + np.log(groups + _TINY)[:, columns]).argmax(axis=1)
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
