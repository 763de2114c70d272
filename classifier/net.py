"""Scores of labels from a bag of words: a hidden layer and, beside it, a direct line from each unit to each label.

    view   = Σ row(unit) / √(Σ length²(unit))       over its different words and pairs, for each of the two views
    scores = max(0, inner view · inner · turn + hidden_bias) · weights + direct view · direct + bias

A unit's rows times `inner` and `direct` are computed when it is first met and kept, so that a text costs one addition
per unit, however many pieces a word has. Numpy and scipy only.
"""

import itertools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from classifier.curve import STRAIGHT, Curve
from classifier.features import Floats, Floats32
from classifier.linear import quantise, softmax
from classifier.modelfile import Array, pack_strings, unpack_strings
from classifier.words import Words
from text.kept import Kept

KEPT_UNITS = 50_000
"""Words and pairs whose vectors are kept: 91 MB at 453 numbers each, twice that while the table grows. An endless
stream of new words must not fill the memory."""
_FIRST_ROOM = 1024
TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Numbers per token (tokens × width) as int8 with a scale per token."""

    packed: npt.NDArray[np.int8]
    scale: Floats32

    @classmethod
    def of(cls, values: Floats32) -> "Table":
        """Quantised."""
        return cls(*quantise(values))

    def sum(self, columns: Sequence[int], values: Floats) -> Floats32:
        """The weighted sum of the rows of some tokens."""
        rows = self.packed[columns].astype(np.float32)
        return np.asarray((values * self.scale[columns]).astype(np.float32) @ rows)


class Embedding:
    """Vectors of units: their rows over the tokens times `inner` (tokens × R) and `direct` (tokens × K)."""

    def __init__(self, words: Words, inner: Table, direct: Table) -> None:
        self.words = words
        self.inner = inner
        self.direct = direct
        self.hidden = inner.packed.shape[1]
        self._width = self.hidden + direct.packed.shape[1] + 2  # and the squared lengths of the row in both views
        self._forget()

    def _forget(self) -> None:
        self._places: Kept[int] = Kept(self._place, sys.maxsize)  # `texts` forgets: rows must last for a batch
        self._vectors = np.zeros((_FIRST_ROOM, self._width), dtype=np.float32)

    def _place(self, unit: str) -> int:
        place = len(self._places)
        if place == len(self._vectors):
            self._vectors = np.concatenate([self._vectors, np.zeros_like(self._vectors)])
        found, kept = self.words.row(unit), self._vectors[place]
        for table, (columns, values), part, length in (
            (self.inner, found.inner(), slice(0, self.hidden), -2),
            (self.direct, found.direct(), slice(self.hidden, -2), -1),
        ):
            if columns:
                kept[part] = table.sum(columns, values)
                kept[length] = values @ values
        return place

    def unit(self, unit: str) -> tuple[Floats32, Floats32, Floats32]:
        """The two vectors of a unit, and the squared lengths of its row in the two views."""
        place = self._places[unit]  # which may replace the vectors
        row = self._vectors[place]
        return row[: self.hidden], row[self.hidden : -2], row[-2:]

    def texts(self, texts: Sequence[Sequence[str]]) -> tuple[Floats32, Floats32]:
        """Vectors of texts given as lemmas, n × R and n × K; zero for a text of unknown words."""
        units = list(map(self.words.units, texts))
        ends = list(itertools.accumulate(map(len, units), initial=0))
        if ends[-1] > KEPT_UNITS and len(texts) > 1:  # a batch of long texts
            half = len(texts) // 2
            first, second = self.texts(texts[:half]), self.texts(texts[half:])
            return np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])
        if len(self._places) > KEPT_UNITS:
            self._forget()
        places = list(map(self._places.__getitem__, itertools.chain.from_iterable(units)))
        bags = csr_matrix(
            (np.ones(len(places), dtype=np.float32), np.array(places, dtype=np.int32), np.array(ends, dtype=np.int32)),
            shape=(len(texts), len(self._vectors)),
        )
        summed: Floats32 = bags @ self._vectors
        norms = np.sqrt(summed[:, -2:])
        norms[norms == 0.0] = 1.0
        summed[:, : self.hidden] /= norms[:, :1]
        summed[:, self.hidden : -2] /= norms[:, 1:]
        return summed[:, : self.hidden], summed[:, self.hidden : -2]


@dataclass(frozen=True, slots=True, eq=False)
class Net:
    """`labels` (K), `turn` (R × H), `hidden_bias` (H), `weights` (H × K), `bias` (K); `frequency` in how many training
    texts each token occurs. `leaning` (K) is added to the logarithm of the probabilities where one label is chosen:
    rare labels would else hardly ever be. `curve` tells how often an answer of some probability is right."""

    labels: tuple[str, ...]
    embedding: Embedding
    frequency: npt.NDArray[np.int64]
    turn: Floats32
    hidden_bias: Floats32
    weights: Floats32
    bias: Floats32
    leaning: Floats32
    curve: Curve = STRAIGHT

    def scores(self, texts: Sequence[Sequence[str]]) -> Floats32:
        """Calibrated scores of texts given as lemmas, n × K."""
        inner, direct = self.embedding.texts(texts)
        result: Floats32 = np.maximum(inner @ self.turn + self.hidden_bias, 0.0) @ self.weights + direct + self.bias
        return result

    def probabilities(self, texts: Sequence[Sequence[str]]) -> Floats32:
        """n × K, rows sum to 1."""
        return softmax(self.scores(texts))

    def judge(self, texts: Sequence[Sequence[str]]) -> list[tuple[str, float]]:
        """The label of each text and the probability that it is right."""
        if not texts:
            return []
        probabilities = self.probabilities(texts)
        best = (np.log(probabilities + TINY) + self.leaning).argmax(axis=1)
        sure = self.curve(probabilities[np.arange(len(texts)), best])
        return [(self.labels[k], float(one)) for k, one in zip(best.tolist(), sure.tolist(), strict=True)]

    def contributions(self, lemmas: Sequence[str], label: str) -> tuple[dict[str, float], float]:
        """What each word and pair of one text adds to the score of a label, and the rest; their sum is the score.

        The hidden layer is linear between its thresholds: with the hidden units that this text opens, the score is a
        sum over its words.
        """
        k = self.labels.index(label)
        units = self.embedding.words.units(lemmas)
        found = [self.embedding.unit(unit) for unit in units]
        lengths = np.sqrt(sum((squared for *_, squared in found), np.zeros(2)))
        lengths[lengths == 0.0] = 1.0
        inner = sum((vector for vector, *_ in found), np.zeros(len(self.turn))) / lengths[0]
        opened = inner @ self.turn + self.hidden_bias > 0
        column = np.where(opened, self.weights[:, k], 0.0).astype(np.float64)
        turned = self.turn @ column
        parts = {
            unit: float(vector @ turned / lengths[0] + direct[k] / lengths[1])
            for unit, (vector, direct, squared) in zip(units, found, strict=True)
            if squared.any()
        }
        return parts, float(self.hidden_bias @ column + self.bias[k])

    def arrays(self, name: str) -> dict[str, Array]:
        """For the model's file."""
        embedding = self.embedding
        return {
            f"{name}.labels": pack_strings(list(self.labels)),
            f"{name}.tokens": pack_strings(embedding.words.tokens),
            f"{name}.idf": embedding.words.idf.astype(np.float32),
            f"{name}.frequency": self.frequency.astype(np.int32),
            f"{name}.inner": embedding.inner.packed,
            f"{name}.inner_scale": embedding.inner.scale,
            f"{name}.direct": embedding.direct.packed,
            f"{name}.direct_scale": embedding.direct.scale,
            f"{name}.turn": self.turn,
            f"{name}.hidden_bias": self.hidden_bias,
            f"{name}.weights": self.weights,
            f"{name}.bias": self.bias,
            f"{name}.leaning": self.leaning,
            f"{name}.curve": self.curve.array(),
        }

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, Array]) -> "Net":
        """The inverse of `arrays`.

        Raises:
            KeyError: an array is missing.
            ValueError: shapes contradict each other.
        """
        labels = tuple(unpack_strings(arrays[f"{name}.labels"]))
        tokens = unpack_strings(arrays[f"{name}.tokens"])
        keys = (
            "idf",
            "frequency",
            "inner",
            "inner_scale",
            "direct",
            "direct_scale",
            "turn",
            "hidden_bias",
            "weights",
            "bias",
            "leaning",
        )
        found = {key: arrays[f"{name}.{key}"] for key in keys}
        width, outputs, hidden = len(tokens), len(labels), found["hidden_bias"].size
        expected = {
            **dict.fromkeys(("idf", "frequency", "inner_scale", "direct_scale"), (width,)),
            "inner": (width, len(found["turn"])),
            "turn": (len(found["turn"]), hidden),
            "direct": (width, outputs),
            "weights": (hidden, outputs),
            "bias": (outputs,),
            "leaning": (outputs,),
        }
        wrong = [key for key, shape in expected.items() if found[key].shape != shape]
        if wrong:
            raise ValueError(f"head {name}: {width} tokens, {outputs} labels do not fit {', '.join(wrong)}")
        return cls(
            labels=labels,
            embedding=Embedding(
                Words(tokens, found["idf"].astype(np.float64)),
                Table(found["inner"], found["inner_scale"]),
                Table(found["direct"], found["direct_scale"]),
            ),
            frequency=found["frequency"].astype(np.int64),
            turn=found["turn"],
            hidden_bias=found["hidden_bias"],
            weights=found["weights"],
            bias=found["bias"],
            leaning=found["leaning"],
            curve=Curve.of(arrays[f"{name}.curve"]),
        )
