"""Stochastic descent for one hidden layer over a sparse matrix: numpy only, the same numbers for the same seed.

    hidden = max(0, scale · X · E + b),  scores = hidden · W + c

Rows of `E` that a batch doesn't touch aren't moved, so that a step costs what its texts hold and not what the
vocabulary holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from classifier.features import Floats32
from classifier.linear import softmax

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a network is trained."""

    hidden: int = 256
    epochs: int = 16
    batch: int = 256
    rate: float = 0.003
    drop_tokens: float = 0.5
    drop_hidden: float = 0.5
    scale: float = 8.0
    agree: float = 1.0
    """How much two views of a text, with different tokens and hidden units dropped, are to agree on the first task; 0
    trains with one view, in half the time."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be told of each text: `truth` is the index of its label, -1 where it has none; `parent` the group of
    each label, whose probability counts as much as the label's own. `weight` is that of the task among the others."""

    truth: Ints
    labels: int
    parent: Ints | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Learned weights: `embedding` (V × H), `hidden_bias` (H), per task `weights` (H × K) and `bias` (K)."""

    embedding: Floats32
    hidden_bias: Floats32
    weights: tuple[Floats32, ...]
    bias: tuple[Floats32, ...]


class _Adam:
    """Kingma and Ba (2015); β as usual for sparse inputs (0.9, 0.99)."""

    def __init__(self, values: Floats32) -> None:
        self.values = values
        self._first = np.zeros_like(values)
        self._second = np.zeros_like(values)
        self._steps = 0

    def step(self, gradient: Floats32, rate: float, rows: Ints | slice = slice(None)) -> None:
        self._steps += 1
        first = 0.9 * self._first[rows] + 0.1 * gradient
        second = 0.99 * self._second[rows] + 0.01 * gradient * gradient
        self._first[rows], self._second[rows] = first, second
        correction = np.sqrt(1.0 - 0.99**self._steps) / (1.0 - 0.9**self._steps)
        self.values[rows] -= np.float32(rate * correction) * first / (np.sqrt(second) + np.float32(1e-8))


def fit(
    matrix: csr_matrix,
    tasks: Sequence[Task],
    settings: Settings,
    seed: int,
    *,
    start: Callable[[np.random.Generator, int], Floats32] | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Layers:
    """Train on all rows of `matrix` (texts × V, float32). `start` gives the first values of the embedding, by default
    chance does; `progress` is told the part done after each epoch."""
    chance = np.random.default_rng(seed)
    count, width = matrix.shape
    hidden = settings.hidden
    # small texts sets get small batches: a step must not be a whole epoch
    batch = int(np.clip(count // 60, 8, settings.batch))
    first_values = start or (lambda source, size: source.normal(scale=0.05, size=(width, size)).astype(np.float32))
    embedding, hidden_bias = _Adam(first_values(chance, hidden)), _Adam(np.zeros(hidden, dtype=np.float32))
    weights = [
        _Adam(chance.normal(scale=0.5 / np.sqrt(hidden), size=(hidden, task.labels)).astype(np.float32))
        for task in tasks
    ]
    bias = [_Adam(np.zeros(task.labels, dtype=np.float32)) for task in tasks]
    steps = settings.epochs * -(-count // batch)
    done = 0
    for epoch in range(settings.epochs):
        order = chance.permutation(count)
        for first in range(0, count, batch):
            rows = np.tile(order[first : first + batch], 2 if settings.agree else 1)
            part = matrix[rows]
            kept = chance.random(part.nnz, dtype=np.float32) >= settings.drop_tokens
            part.data *= kept * np.float32(settings.scale / (1.0 - settings.drop_tokens))
            part.eliminate_zeros()  # half of the work
            rate = settings.rate * min(1.0, 0.1 + 10.0 * done / steps) * (1.0 - done / steps)
            done += 1
            inner = part @ embedding.values + hidden_bias.values
            open_ = (inner > 0) & (chance.random(inner.shape, dtype=np.float32) >= settings.drop_hidden)
            gate = open_.astype(np.float32) / np.float32(1.0 - settings.drop_hidden)
            active = inner * gate
            back = np.zeros_like(active)
            for number, (task, w, c) in enumerate(zip(tasks, weights, bias, strict=True)):
                probability = softmax(active @ w.values + c.values)
                error = _error(probability, task, rows)
                if settings.agree and not number:
                    error += apart(probability) * np.float32(settings.agree / len(rows))
                back += error @ w.values.T
                w.step(active.T @ error, rate)
                c.step(error.sum(axis=0), rate)
            back *= gate
            columns = part.tocsc()
            touched = np.flatnonzero(np.diff(columns.indptr))
            embedding.step(columns[:, touched].T @ back, rate, touched)
            hidden_bias.step(back.sum(axis=0), rate)
        progress((epoch + 1) / settings.epochs)
    never = np.flatnonzero(np.bincount(matrix.indices, minlength=width) == 0)
    embedding.values[never] = 0.0  # what chance gave them says nothing, and would not compress
    return Layers(
        embedding.values,
        hidden_bias.values,
        tuple(w.values for w in weights),
        tuple(c.values for c in bias),
    )


def _error(probability: Floats32, task: Task, rows: Ints) -> Floats32:
    """Gradient of the mean loss by the scores: minus the logarithm of the label's probability, or the mean of that and
    of minus the logarithm of its group's."""
    truth = task.truth[rows]
    known = np.flatnonzero(truth >= 0)
    error: Floats32 = probability.copy()
    error[known, truth[known]] -= 1.0
    if task.parent is not None:
        same = task.parent[None, :] == task.parent[truth][:, None]
        sums = np.maximum((probability * same).sum(axis=1, keepdims=True), 1e-9)
        error += probability - probability * same / sums
        error *= 0.5
    error[truth < 0] = 0.0
    error *= np.float32(task.weight / len(rows))
    return error


def apart(probability: Floats32) -> Floats32:
    """Gradient by the scores of how far the first half of the rows is from the second, which views the same texts: half
    the sum of the Kullback-Leibler divergences of each from the other.

    Liang et al. (2021), "R-Drop: regularized dropout for neural networks".
    """
    one, other = np.split(np.maximum(probability, np.float32(1e-7)), 2)
    ratio = np.log(one) - np.log(other)

    def half(of: Floats32, to: Floats32, ratio: Floats32) -> Floats32:
        far = of * ratio
        result: Floats32 = (far - of * far.sum(axis=1, keepdims=True) + of - to) * np.float32(0.5)
        return result

    return np.concatenate([half(one, other, ratio), half(other, one, -ratio)])
