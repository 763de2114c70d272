"""What all fitting shares: the seed and the inverse document frequency."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from classifier.features import Floats, inverse_frequency

SEED = 20240901

Ints = npt.NDArray[np.int64]


def idf_of(counts: csr_matrix) -> Floats:
    """Inverse document frequency over the rows of `counts`."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    return inverse_frequency(frequency, counts.shape[0])
