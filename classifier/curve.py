"""From how sure a model says it is to how often it is right."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A rising line through knots: `said` from 0 to 1, `right` the share of right answers there."""

    said: Floats
    right: Floats

    def __call__(self, probability: npt.NDArray[np.floating] | float) -> Floats:
        """Calibrated probabilities of answers."""
        return np.asarray(np.interp(probability, self.said, self.right))

    def array(self) -> Floats:
        """For the model's file, 2 × knots."""
        return np.vstack([self.said, self.right])

    @classmethod
    def of(cls, array: npt.NDArray[np.float64]) -> "Curve":
        """The inverse of `array`.

        Raises:
            ValueError: it is no rising line from 0 to 1.
        """
        if array.ndim != 2 or len(array) != 2 or array.shape[1] < 2 or (np.diff(array) < 0).any():
            raise ValueError("curve of calibration")
        return cls(array[0], array[1])


STRAIGHT = Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
"""What is said is believed."""
