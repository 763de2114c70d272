"""Figures from labels and probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ECE_BINS = 15
RESAMPLES = 500
"""Bootstrap samples: the ends of an interval then vary by about 0.0005."""
SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)
"""Of the texts, the surest first, for the curve of coverage against accuracy."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the 2.5 % and 97.5 % quantiles of its bootstrap distribution."""

    value: float
    low: float
    high: float


def f1_by_label(truth: Ints, answer: Ints, labels: int, weight: Floats | None = None) -> tuple[Floats, Floats]:
    """F1 and number of texts of each label; 0 where neither truth nor answer has the label. `weight` per text."""
    right = np.bincount(truth, weights=_times(weight, truth == answer), minlength=labels)
    support = np.bincount(truth, weights=weight, minlength=labels).astype(np.float64)
    given = np.bincount(answer, weights=weight, minlength=labels)
    return 2.0 * right / np.maximum(support + given, 1e-12), support


def _times(weight: Floats | None, matched: Bools) -> Floats:
    return matched.astype(np.float64) if weight is None else weight * matched


def weighted_f1(truth: Ints, answer: Ints, labels: int, weight: Floats | None = None) -> float:
    """Mean F1 of the labels, weighted by how many texts have each; scikit-learn's average="weighted"."""
    f1, support = f1_by_label(truth, answer, labels, weight)
    return float(f1 @ support / support.sum())


def macro_f1(truth: Ints, answer: Ints, labels: int) -> float:
    """Mean F1 of the labels that truth or answer has; scikit-learn's average="macro"."""
    f1, _ = f1_by_label(truth, answer, labels)
    return float(f1[np.union1d(truth, answer)].mean())


def accuracy(truth: Ints, answer: Ints) -> float:
    """Share of right answers."""
    return float((truth == answer).mean())


def calibration_error(probability: Floats, right: Bools, bins: int = ECE_BINS) -> float:
    """Expected calibration error with bins of equal width. Naeini et al. (2015)."""
    return sum(size * abs(sure - share) for sure, share, size in calibration_curve(probability, right, bins)) / len(
        right
    )


def calibration_curve(probability: Floats, right: Bools, bins: int = ECE_BINS) -> list[tuple[float, float, int]]:
    """For each bin that holds any text: mean probability, share of right answers, number of texts."""
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    inside = [place == b for b in range(bins)]
    return [(float(probability[m].mean()), float(right[m].mean()), int(m.sum())) for m in inside if m.any()]


def coverage(probability: Floats, right: Bools, shares: Sequence[float] = SHARES) -> list[tuple[float, float, float]]:
    """For each share of the texts, the surest first: the share, the least probability among them, their accuracy."""
    order = np.argsort(-probability, kind="stable")
    result = []
    for share in shares:
        part = order[: int(share * len(order))]
        result.append((share, float(probability[part[-1]]), float(right[part].mean())))
    return result


def drawn(chance: np.random.Generator, count: int) -> Floats:
    """How often each of `count` things is drawn in a sample of the same size with replacement."""
    return np.bincount(chance.integers(count, size=count), minlength=count).astype(np.float64)


def bootstrap_f1(truth: Ints, answer: Ints, labels: int, cluster: Ints, seed: int) -> Interval:
    """Weighted F1 with its interval. Whole clusters of near-duplicates are drawn, not texts: repeats are no evidence.

    Efron (1979); for clusters Field and Welsh (2007).
    """
    _, place = np.unique(cluster, return_inverse=True)
    count = int(place.max()) + 1
    chance = np.random.default_rng(seed)
    values = [weighted_f1(truth, answer, labels, drawn(chance, count)[place]) for _ in range(RESAMPLES)]
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(weighted_f1(truth, answer, labels), float(low), float(high))


def confusions(truth: Ints, answer: Ints, names: Sequence[str], most: int) -> list[tuple[str, str, int, int]]:
    """The most frequent mistakes: true label, answer, how often, of how many texts of that label."""
    wrong = np.flatnonzero(truth != answer)
    pairs, counts = np.unique(truth[wrong] * len(names) + answer[wrong], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]
    support = np.bincount(truth, minlength=len(names))
    return [
        (names[pair // len(names)], names[pair % len(names)], int(n), int(support[pair // len(names)]))
        for pair, n in zip(pairs[order].tolist(), counts[order].tolist(), strict=True)
    ]
