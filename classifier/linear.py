"""Linear heads: tf-idf in, calibrated probabilities out. Numpy and scipy only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from classifier.features import Floats, tfidf
from classifier.modelfile import Array, pack_strings, unpack_strings

Weights = npt.NDArray[np.float32] | npt.NDArray[np.float64]


def softmax(scores: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Rows to probabilities."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: npt.NDArray[Any] = shifted / shifted.sum(axis=1, keepdims=True)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """`labels` (K), `idf` (V), `weights` (V × K), `bias` (K). Two labels need one column: the second against the first.

    Calibration (temperature, Platt) is folded into weights and bias when the head is trained.
    """

    labels: tuple[str, ...]
    idf: Floats
    weights: Weights
    bias: Floats

    def matrix(self, counts: csr_matrix) -> csr_matrix:
        """What the weights are multiplied with."""
        return tfidf(counts, self.idf)

    def scores(self, counts: csr_matrix) -> npt.NDArray[Any]:
        """Calibrated scores, texts × columns of `weights`."""
        matrix = self.matrix(counts)
        if self.weights.dtype == np.float32:  # half the memory traffic; the difference is far below quantisation
            matrix = matrix.astype(np.float32)
        result: npt.NDArray[Any] = matrix @ self.weights + self.bias
        return result

    def probabilities(self, counts: csr_matrix) -> npt.NDArray[Any]:
        """texts × labels, rows sum to 1."""
        scores = self.scores(counts)
        if scores.shape[1] == 1:
            scores = np.hstack([np.zeros_like(scores), scores])
        return softmax(scores)

    def contributions(self, counts: csr_matrix, label: str) -> tuple[dict[int, float], float]:
        """What each token of one text (a matrix of one row) adds to the score of a label, by column, and the bias.

        Their sum is the score. Of two labels the first has the score 0: nothing speaks for it but the other's lack.
        """
        k = self.labels.index(label) - (len(self.labels) == 2)
        if k < 0:
            return {}, 0.0
        row = tfidf(counts, self.idf)
        values = row.data * self.weights[row.indices, k].astype(np.float64)
        known = self.idf[row.indices] != 0.0
        return dict(zip(row.indices[known].tolist(), values[known].tolist(), strict=True)), float(self.bias[k])

    def arrays(self, name: str) -> dict[str, Array]:
        """For the model's file: weights as int8 with a scale per token, only for the tokens the head knows."""
        known = np.flatnonzero(self.idf)
        packed, scale = quantise(self.weights[known])
        return {
            f"{name}.labels": pack_strings(list(self.labels)),
            f"{name}.columns": known.astype(np.int32),
            f"{name}.idf": self.idf[known].astype(np.float32),
            f"{name}.weights": packed,
            f"{name}.scale": scale,
            f"{name}.bias": self.bias.astype(np.float64),
        }

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, Array], width: int) -> "LinearHead":
        """The inverse of `arrays`, to quantisation; `width` is the size of the vocabulary.

        Raises:
            KeyError: an array is missing.
            ValueError: shapes contradict each other.
        """
        labels = tuple(unpack_strings(arrays[f"{name}.labels"]))
        columns, packed = arrays[f"{name}.columns"], arrays[f"{name}.weights"]
        bias = arrays[f"{name}.bias"]
        outputs = 1 if len(labels) == 2 else len(labels)
        if packed.shape != (len(columns), outputs) or bias.shape != (outputs,):
            raise ValueError(f"head {name}: weights {packed.shape}, bias {bias.shape}, {len(labels)} labels")
        idf = np.zeros(width, dtype=np.float64)
        idf[columns] = arrays[f"{name}.idf"]
        weights = np.zeros((width, outputs), dtype=np.float32)
        weights[columns] = packed.astype(np.float32) * arrays[f"{name}.scale"][:, None]
        return cls(labels, idf, weights, bias.astype(np.float64))


def quantise(weights: Weights) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Rows of weights as int8 with one scale each: the error is at most 1/254 of a row's largest weight."""
    largest = np.abs(weights).max(axis=1) if weights.size else np.zeros(len(weights))
    scale = np.where(largest > 0, largest / 127.0, 1.0)
    return np.round(weights / scale[:, None]).astype(np.int8), scale.astype(np.float32)
