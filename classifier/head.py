"""A head of the operator's own: any label learned from text, an authority for example."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier.features import Vocabulary
from classifier.linear import LinearHead
from classifier.model import check_kind
from classifier.modelfile import ModelError, pack_strings, read, unpack_strings, write

KIND = "head"


@dataclass(frozen=True, eq=False)
class TextHead:
    """Its own vocabulary and one linear head. `label` is the column it was trained on."""

    label: str
    vocabulary: Vocabulary
    frequency: npt.NDArray[np.int64]
    head: LinearHead
    header: Mapping[str, Any] = field(default_factory=dict)

    def judge(self, texts: Sequence[Sequence[str]]) -> list[tuple[str, float]]:
        """Best label and its probability for texts given as lemmas."""
        if not texts:
            return []
        probabilities = self.head.probabilities(self.vocabulary.count(texts))
        best = probabilities.argmax(axis=1)
        return [(self.head.labels[k], float(row[k])) for k, row in zip(best, probabilities, strict=True)]

    def save(self, path: Path, header: Mapping[str, Any]) -> str:
        """Write the head's file and return its checksum."""
        arrays = {
            "vocabulary": pack_strings(self.vocabulary.tokens),
            "frequency": self.frequency.astype(np.int32),
            **self.head.arrays("label"),
        }
        return write(path, {"kind": KIND, "label": self.label, **header}, arrays)

    @classmethod
    def load(cls, source: Path | Traversable) -> "TextHead":
        """Load a head's file.

        Raises:
            ModelError: the file can't be used.
        """
        header, arrays = read(source)
        check_kind(header, KIND, source)
        try:
            vocabulary = Vocabulary(unpack_strings(arrays["vocabulary"]))
            return cls(
                label=str(header["label"]),
                vocabulary=vocabulary,
                frequency=arrays["frequency"].astype(np.int64),
                head=LinearHead.from_arrays("label", arrays, len(vocabulary)),
                header=header,
            )
        except (KeyError, ValueError, IndexError) as error:
            raise ModelError(f"Файл модели {source} не годится этой программе: {error}. Обновите программу.") from error
