"""Where the embedding begins: at word vectors learned from a billion words of news, where they are installed.

Navec (natasha, MIT licence): 250,000 Russian words, 300 numbers each. They come inside the package `natasha`, which the
extra `train` names; nothing of them but their effect is left in a model. Without them the embedding begins at chance,
and topics lose about half a point of F1.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from classifier.features import Floats32

SPREAD = 0.1
"""Standard deviation of the first values of known words: twice that of the others, which chance gives."""
CHANCE = 0.05
_FILE = "data/emb/navec_news_v1_1B_250K_300d_100q.tar"

MISSING = "Векторов слов нет (extra train): скрытый слой начнёт со случайных чисел, F1 тем ниже примерно на 0,005"

Begin = Callable[[np.random.Generator, int], Floats32]
"""First values of an embedding (tokens × H) from a source of chance and H."""


@cache
def _navec() -> Any:
    """The vectors, or None where the extra isn't installed. natasha itself is not imported: only its file is read."""
    package = find_spec("natasha")
    if package is None or package.origin is None or find_spec("navec") is None:
        return None
    from navec import Navec  # noqa: PLC0415  not installed with the program

    return Navec.load(Path(package.origin).parent / _FILE)


def installed() -> bool:
    """Whether the word vectors are there."""
    return _navec() is not None


def begin(tokens: Sequence[str]) -> Begin:
    """First values for these tokens."""
    vectors = _navec()
    known = [] if vectors is None else [i for i, token in enumerate(tokens) if token in vectors]
    table = np.stack([vectors[tokens[i]] for i in known]).astype(np.float64) if known else np.zeros((0, 1))
    table -= table.mean(axis=0) if known else 0.0

    def values(chance: np.random.Generator, hidden: int) -> Floats32:
        result = chance.normal(scale=CHANCE, size=(len(tokens), hidden))
        if known:
            # the most telling directions, turned by chance, so that several runs do not begin alike
            _, _, directions = np.linalg.svd(table, full_matrices=False)
            size = min(hidden, len(directions))
            turn = np.linalg.qr(chance.normal(size=(hidden, hidden)))[0][:size]
            found = table @ directions[:size].T @ turn
            result[known] = found * (SPREAD / found.std())
        return result.astype(np.float32)

    return values
