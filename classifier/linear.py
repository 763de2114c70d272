"""What nets share: probabilities of scores, and weights in a byte each."""

from typing import Any

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32] | npt.NDArray[np.float64]


def softmax(scores: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Rows to probabilities."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: npt.NDArray[Any] = shifted / shifted.sum(axis=1, keepdims=True)
    return result


def quantise(weights: Weights) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Rows of weights as int8 with one scale each: the error is at most 1/254 of a row's largest weight."""
    largest = np.abs(weights).max(axis=1) if weights.size else np.zeros(len(weights))
    scale = np.where(largest > 0, largest / 127.0, 1.0)
    return np.round(weights / scale[:, None]).astype(np.int8), scale.astype(np.float32)
