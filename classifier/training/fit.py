"""The relevance's estimator and its calibration. The results are plain `LinearHead`s."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from classifier.features import Floats, inverse_frequency, tfidf
from classifier.linear import LinearHead

SEED = 20240901
RELEVANCE_C = 1.0
OWN_WEIGHT = 10.0
"""Weight of one of our own texts (and of each padded copy) against one of the sets. There are 100 times fewer of them,
and they alone teach that a trouble in the news is a trouble. 30 learns single phrases of theirs by heart."""

Ints = npt.NDArray[np.int64]


def idf_of(counts: csr_matrix) -> Floats:
    """Inverse document frequency over the rows of `counts`."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    return inverse_frequency(frequency, counts.shape[0])


def fit_relevance(counts: csr_matrix, relevant: npt.NDArray[np.bool_], weight: Floats) -> LinearHead:
    """Logistic regression of relevance; `weight` per text."""
    idf = idf_of(counts)
    estimator = LogisticRegression(C=RELEVANCE_C, max_iter=300, random_state=SEED)
    estimator.fit(tfidf(counts, idf), relevant, sample_weight=weight)
    return LinearHead(("no", "yes"), idf, np.ascontiguousarray(estimator.coef_.T), estimator.intercept_)


def fit_platt(scores: Floats, relevant: npt.NDArray[np.bool_], weight: Floats) -> tuple[float, float]:
    """Slope and intercept that calibrate out-of-fold scores. Platt (1999)."""
    estimator = LogisticRegression(C=1e6).fit(scores[:, None], relevant, sample_weight=weight)
    return float(estimator.coef_[0, 0]), float(estimator.intercept_[0])


def scaled(head: LinearHead, slope: float, intercept: float = 0.0) -> LinearHead:
    """The head with its scores stretched and shifted."""
    return LinearHead(head.labels, head.idf, slope * head.weights, slope * head.bias + intercept)
