"""Curves of calibration."""

import numpy as np
import pytest

from classifier.curve import STRAIGHT, Curve
from classifier.evaluation.measures import calibration_error
from classifier.training.net import TEXTS_PER_KNOT, fit_curve


def test_what_is_oversure_is_believed_less() -> None:
    chance = np.random.default_rng(2)
    said = chance.random(8000)
    right = chance.random(8000) < said**2
    curve = fit_curve(said[:4000], right[:4000])
    assert calibration_error(said[4000:], right[4000:]) > 0.1
    assert calibration_error(curve(said[4000:]), right[4000:]) < 0.03
    assert (np.diff(curve(np.linspace(0, 1, 50))) >= 0).all()
    assert (curve(0.0), curve(1.0) <= 1.0) == (0.0, True)


def test_few_texts_bend_nothing() -> None:
    few = 2 * TEXTS_PER_KNOT - 1
    assert fit_curve(np.linspace(0, 1, few), np.ones(few, dtype=bool)) is STRAIGHT
    assert fit_curve(np.zeros(0), np.zeros(0, dtype=bool)) is STRAIGHT


def test_a_curve_that_falls_is_refused() -> None:
    assert Curve.of(STRAIGHT.array())(0.3) == pytest.approx(0.3)
    for broken in ([[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0]], [[0.0], [0.0]]):
        with pytest.raises(ValueError, match="curve of calibration"):
            Curve.of(np.array(broken))
