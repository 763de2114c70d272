"""Cross-validation folds that keep repeated and nearly repeated texts together."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from text import likeness, signature

NEAR = 0.7
"""Estimated Jaccard likeness from which on two texts are one: reposts with a changed greeting reach it, different
complaints about one thing stay below 0.4."""
_BAND = 4
"""Places of the signature that must agree before two texts are compared: at likeness 0.7 one of the 8 bands agrees
with probability 0.9, at 0.3 with 0.06."""


def clusters(texts: Sequence[Sequence[str]]) -> npt.NDArray[np.int64]:
    """For each text (as lemmas) the number of its cluster of near-duplicates."""
    parent = list(range(len(texts)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    exact: dict[tuple[str, ...], int] = {}
    bands: dict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
    signatures = [signature(text) for text in texts]
    for i, text in enumerate(texts):
        first = exact.setdefault(tuple(text), i)
        if first != i:
            parent[root(i)] = root(first)
            continue
        marks = signatures[i]
        for start in range(0, len(marks), _BAND):
            bucket = bands[start, marks[start : start + _BAND]]
            for j in bucket[:20]:  # a bucket of hundreds is boilerplate: a few comparisons find its cluster
                if root(i) != root(j) and likeness(marks, signatures[j]) >= NEAR:
                    parent[root(i)] = root(j)
            bucket.append(i)
    return np.array([root(i) for i in range(len(texts))], dtype=np.int64)


def folds(cluster: npt.NDArray[np.int64], count: int, seed: int) -> npt.NDArray[np.int64]:
    """For each text the number of its fold; a cluster is never split, folds are about equal."""
    unique, sizes = np.unique(cluster, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(unique))
    # the largest clusters first, each into the smallest fold
    order = order[np.argsort(-sizes[order], kind="stable")]
    load = np.zeros(count, dtype=np.int64)
    fold_of: dict[int, int] = {}
    for i in order:
        target = int(load.argmin())
        fold_of[int(unique[i])] = target
        load[target] += sizes[i]
    return np.array([fold_of[int(c)] for c in cluster], dtype=np.int64)
