"""A head of the operator's own: any label learned from text, an authority for example."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from classifier.model import check_kind
from classifier.modelfile import ModelError, read, write
from classifier.net import Net

KIND = "head"


@dataclass(frozen=True, eq=False)
class TextHead:
    """A net with tokens of its own. `label` is the column it was trained on."""

    label: str
    net: Net
    header: Mapping[str, Any] = field(default_factory=dict)

    def judge(self, texts: Sequence[Sequence[str]]) -> list[tuple[str, float]]:
        """Label and its probability for texts given as lemmas."""
        return self.net.judge(texts)

    def save(self, path: Path, header: Mapping[str, Any]) -> str:
        """Write the head's file and return its checksum."""
        return write(path, {"kind": KIND, "label": self.label, **header}, self.net.arrays("label"))

    @classmethod
    def load(cls, source: Path | Traversable) -> "TextHead":
        """Load a head's file.

        Raises:
            ModelError: the file can't be used.
        """
        header, arrays = read(source)
        check_kind(header, KIND, source)
        try:
            return cls(label=str(header["label"]), net=Net.from_arrays("label", arrays), header=header)
        except (KeyError, ValueError, IndexError) as error:
            raise ModelError(f"Файл модели {source} не годится этой программе: {error}. Обновите программу.") from error
