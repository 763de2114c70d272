"""Estimators and their calibration. The results are plain `LinearHead`s."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from classifier.features import Floats, inverse_frequency, tfidf
from classifier.linear import LinearHead, merge, softmax

SEED = 20240901
SVC_C = 0.6
"""Weighted F1 group / topic on one split of the Perm set: 0.3 gives 0.773/0.485, 0.6 0.780/0.490, 1.0 no better."""

Ints = npt.NDArray[np.int64]


def idf_of(counts: csr_matrix) -> Floats:
    """Inverse document frequency over the rows of `counts`."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    return inverse_frequency(frequency, counts.shape[0])


def fit_svc(counts: csr_matrix, labels: Sequence[str], *, c: float = SVC_C) -> LinearHead:
    """One-against-rest linear SVM; scores are its margins, not yet probabilities.

    With two labels the single column speaks for the second.
    """
    idf = idf_of(counts)
    estimator = LinearSVC(C=c, random_state=SEED).fit(tfidf(counts, idf), np.asarray(labels))
    return LinearHead(
        tuple(map(str, estimator.classes_)), idf, np.ascontiguousarray(estimator.coef_.T), estimator.intercept_
    )


@dataclass(frozen=True, slots=True)
class Blend:
    """How strongly topic margins and group margins speak in the scores of topics."""

    topic: float
    group: float


def group_columns(topics: Sequence[str], groups: Sequence[str], parent: dict[str, str]) -> Ints:
    """For each topic the index of its group."""
    index = {group: i for i, group in enumerate(groups)}
    return np.array([index[parent[topic]] for topic in topics], dtype=np.int64)


def fit_blend(topic_margins: Floats, group_margins: Floats, columns: Ints, truth: Ints) -> Blend:
    """The two factors that make out-of-fold topics likeliest (minimal log loss): temperature scaling with two scores.

    Guo et al. (2017), "On calibration of modern neural networks", with the group's margin as a second input.
    """

    def loss(factors: Floats) -> float:
        scores = factors[0] * topic_margins + factors[1] * group_margins[:, columns]
        chosen = scores[np.arange(len(truth)), truth]
        largest = scores.max(axis=1)
        return float((largest + np.log(np.exp(scores - largest[:, None]).sum(axis=1)) - chosen).mean())

    found = minimize(loss, x0=np.array([5.0, 2.0]), method="Nelder-Mead", options={"xatol": 0.05, "fatol": 1e-4})
    return Blend(float(found.x[0]), float(found.x[1]))


def fit_temperature(margins: Floats, truth: Ints) -> float:
    """The one factor for a head without groups; margins are texts × columns (one column for two labels)."""
    scores = np.hstack([np.zeros_like(margins), margins]) if margins.shape[1] == 1 else margins

    def loss(factor: Floats) -> float:
        chosen = softmax(factor[0] * scores)[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    found = minimize(loss, x0=np.array([4.0]), method="Nelder-Mead", options={"xatol": 0.05, "fatol": 1e-4})
    return float(found.x[0])


def blended(topic: LinearHead, group: LinearHead, blend: Blend, columns: Ints) -> LinearHead:
    """Topic head whose softmax is calibrated."""
    return merge(topic, blend.topic, group, blend.group, columns.tolist())


def scaled(head: LinearHead, slope: float, intercept: float = 0.0) -> LinearHead:
    """The head with its scores stretched and shifted."""
    return LinearHead(head.labels, head.idf, slope * head.weights, slope * head.bias + intercept)
