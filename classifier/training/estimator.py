"""The hidden layer as a scikit-learn estimator."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, check_random_state, validate_data

from classifier.features import Floats32
from classifier.linear import softmax
from classifier.training.descent import Ints, Settings, Task, fit
from classifier.training.vectors import Begin

DEFAULT = Settings()


class HiddenLayerClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One hidden layer over a sparse or dense matrix; see `classifier.training.descent` for the parameters.

    Attributes: `classes_` (K), `embedding_` (features × H, `scale` folded in), `hidden_bias_` (H), `weights_` (H × K),
    `bias_` (K). A single class is always the answer.
    """

    def __init__(
        self,
        *,
        hidden: int = DEFAULT.hidden,
        epochs: int = DEFAULT.epochs,
        batch: int = DEFAULT.batch,
        rate: float = DEFAULT.rate,
        drop_tokens: float = DEFAULT.drop_tokens,
        drop_hidden: float = DEFAULT.drop_hidden,
        scale: float = DEFAULT.scale,
        agree: float = DEFAULT.agree,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.epochs = epochs
        self.batch = batch
        self.rate = rate
        self.drop_tokens = drop_tokens
        self.drop_hidden = drop_hidden
        self.scale = scale
        self.agree = agree
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(
        self,
        X: Any,  # noqa: N803  scikit-learn's name
        y: Any,
        *,
        parent: Ints | None = None,
        helpers: Sequence[Task] = (),
        start: Begin | None = None,
        told: Callable[[float], None] = lambda _: None,
    ) -> Self:
        """Learn `y`. `parent` maps a label (a number) to its group, whose probability then counts as much as the
        label's; `helpers` are learned beside it and not kept; `start` gives the first values of the embedding."""
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=np.float32)  # noqa: N806
        check_classification_targets(y)
        self.classes_, truth = np.unique(y, return_inverse=True)
        main = Task(truth.astype(np.int64), len(self.classes_), None if parent is None else parent[self.classes_])
        settings = Settings(**{field.name: getattr(self, field.name) for field in fields(Settings)})  # the same names
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        learned = fit(csr_matrix(X), [main, *helpers], settings, seed, start=start, progress=told)
        self.embedding_ = learned.embedding * np.float32(self.scale)
        self.hidden_bias_ = learned.hidden_bias
        self.weights_ = learned.weights[0]
        self.bias_ = learned.bias[0]
        return self

    def scores(self, X: Any) -> Floats32:  # noqa: N803
        """Texts × classes."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float32, reset=False)  # noqa: N806
        hidden = np.maximum(X @ self.embedding_ + self.hidden_bias_, 0.0)
        found: Floats32 = hidden @ self.weights_ + self.bias_
        return found

    def decision_function(self, X: Any) -> Floats32:  # noqa: N803
        """`scores`; with two classes how far the second is ahead of the first."""
        found = self.scores(X)
        return found[:, 1] - found[:, 0] if found.shape[1] == 2 else found

    def predict_proba(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """Rows sum to 1."""
        return softmax(self.scores(X).astype(np.float64))

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """The likeliest classes."""
        best = self.scores(X).argmax(axis=1)
        answers: npt.NDArray[Any] = self.classes_[best]
        return answers
