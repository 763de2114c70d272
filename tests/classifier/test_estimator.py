"""The estimator keeps scikit-learn's rules."""

import pytest
from sklearn.utils.estimator_checks import check_estimator

from classifier.training.estimator import HiddenLayerClassifier


@pytest.mark.filterwarnings("default")  # scikit-learn's own checks warn of what they try
def test_scikit_learns_checks() -> None:
    # more steps than the product takes: the checks learn from a hundred rows of two columns
    estimator = HiddenLayerClassifier(epochs=30, drop_tokens=0.0, rate=0.01, scale=1.0, random_state=1)
    checked = check_estimator(estimator, on_skip=None)
    assert len([one for one in checked if one["status"] == "passed"]) > 40
