"""Relevance out of fold; whole channels are held out: a model that knows a channel's catchwords proves nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from classifier.evaluation.crossval import FOLDS
from classifier.evaluation.sections import Given, Section, rows
from classifier.training.fit import SEED, fit_platt, fit_relevance
from classifier.training.folds import clusters, folds
from classifier.training.train import PADDED_COPIES, choose_vocabulary, corpus, relevance_set


def measure(given: Given) -> dict[str, Any]:
    """Recall and false alarms of relevance at probability 0.5, per kind of text, and recall at 2 % false alarms.

    The vocabulary (chosen without labels) is that of all texts; weights never saw the fold, nor the channel.
    """
    given.told("Значимость: перекрёстная проверка")
    data = corpus(given.folder)
    fold = folds(clusters([row.lemmas for row in data.citizens]), FOLDS, SEED)
    vocabulary, _ = choose_vocabulary(data)
    texts, relevant, weight = relevance_set(data)
    counts = vocabulary.count(row.lemmas for row in texts)
    known = [i for i, row in enumerate(data.citizens) if row.relevant is not None]
    channels = sorted({row.origin for row in data.others})
    channel_fold = {name: i % FOLDS for i, name in enumerate(channels)}
    chance = np.random.default_rng(SEED)
    own = chance.integers(FOLDS, size=len(data.own))
    parts = [
        fold[known],
        np.array([channel_fold[row.origin] for row in (*data.others, *data.windows)]),
        own,
        np.repeat(own, PADDED_COPIES),
    ]
    place = np.concatenate(parts)
    kinds = np.repeat(np.arange(5), [len(known), len(data.others), len(data.windows), len(own), len(data.copies)])
    scores = np.empty(len(texts))
    for held in range(FOLDS):
        kept, test = np.flatnonzero(place != held), np.flatnonzero(place == held)
        head = fit_relevance(counts[kept], relevant[kept], weight[kept])
        scores[test] = head.scores(counts[test])[:, 0]
    slope, intercept = fit_platt(scores, relevant, weight)
    positive = slope * scores + intercept >= 0.0
    limit = float(np.quantile(scores[kinds == 1], 0.98))
    return {
        "appeals_recall": float(positive[kinds == 0].mean()),
        "channels_alarms": float(positive[kinds == 1].mean()),
        "appeals_recall_at_2": float((scores[kinds == 0] > limit).mean()),
        "own_recall": float(positive[(kinds == 3) & relevant].mean()),
        "own_alarms": float(positive[(kinds == 3) & ~relevant].mean()),
        "padded_recall": float(positive[(kinds == 4) & relevant].mean()),
        "padded_alarms": float(positive[(kinds == 4) & ~relevant].mean()),
    }


_NAMES = {
    "appeals_recall": "recall on citizens' messages",
    "channels_alarms": "false alarms on channels never seen",
    "appeals_recall_at_2": "recall on citizens' messages at 2 % false alarms on channels never seen",
    "own_recall": "recall on our own short texts",
    "own_alarms": "false alarms on our own short texts",
    "padded_recall": "recall on our own texts among neutral phrases",
    "padded_alarms": "false alarms on our own texts among neutral phrases",
}


def show(found: Mapping[str, Any]) -> str:
    """A table."""
    return rows(("at probability 0.5", "share"), [(_NAMES[key], f"{found[key]:.3f}") for key in _NAMES])


SECTION = Section("relevance", "Relevance", measure, show)
