"""A net made by hand, whose answers can be told beforehand."""

from collections.abc import Mapping

import numpy as np

from classifier.net import Embedding, Net, Table
from classifier.words import Words


def word_net(scores: Mapping[str, tuple[float, ...]], labels: tuple[str, ...]) -> Net:
    """What each word adds to the scores of the labels; there is no hidden layer to speak of."""
    words = sorted(scores)
    direct = np.array([scores[word] for word in words], dtype=np.float32)
    inner = Table.of(np.zeros((len(words), 1), dtype=np.float32))
    return Net(
        labels=labels,
        embedding=Embedding(Words(words, np.ones(len(words))), inner, Table.of(direct)),
        frequency=np.full(len(words), 3, dtype=np.int64),
        turn=np.ones((1, 1), dtype=np.float32),
        hidden_bias=np.zeros(1, dtype=np.float32),
        weights=np.zeros((1, len(labels)), dtype=np.float32),
        bias=np.zeros(len(labels), dtype=np.float32),
        leaning=np.zeros(len(labels), dtype=np.float32),
    )
