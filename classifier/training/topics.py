"""The head of topics."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from classifier.curve import Curve
from classifier.model import decide, group_sums
from classifier.net import Net
from classifier.training.data import Row
from classifier.training.descent import Ints
from classifier.training.names import unknown_capitals
from classifier.training.net import Blend, Labelled, fit_curve, train_net


def labelled(rows: Sequence[Row]) -> Labelled:
    """Topics, with groups as their parents, and the body a message went to as a helper: it tells apart what the words
    of a topic alone don't."""
    executors = [row.executor for row in rows]
    return Labelled(
        texts=[row.lemmas for row in rows],
        labels=[str(row.topic) for row in rows],
        parent={str(row.topic): str(row.group) for row in rows},
        helpers=[executors] if any(executors) else [],
    )


@dataclass(frozen=True, slots=True, eq=False)
class Topics:
    """The net of topics; `columns[k]` is the group of its label `k`, `curve` the groups' calibration."""

    net: Net
    groups: tuple[str, ...]
    columns: Ints
    curve: Curve
    blend: Blend


def train_topics(rows: Sequence[Row], told: Callable[[float], None] = lambda _: None) -> Topics:
    """Calibrated topics and groups."""
    data = labelled(rows)
    trained = train_net(data, unknown_capitals(row.text for row in rows), told)
    parent = data.parent or {}
    groups = tuple(sorted(set(parent.values())))
    columns = np.array([groups.index(parent[topic]) for topic in trained.net.labels], dtype=np.int64)
    sums = group_sums(trained.probability, columns)
    answer = columns[decide(trained.probability, sums, columns, trained.net.leaning)]
    curve = fit_curve(sums[np.arange(len(sums)), answer], answer == columns[trained.task.truth])
    return Topics(trained.net, groups, columns, curve, trained.blend)
