"""From the data folder to the file of the shipped model. Same data and date, same bytes."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from classifier.features import PREFIX_LETTERS, Vocabulary
from classifier.model import Model
from classifier.training import relevance as relevance_training
from classifier.training.data import Row, data_digest, perm, telegram
from classifier.training.fit import (
    SEED,
    SVC_C,
    Blend,
    Ints,
    blended,
    fit_blend,
    fit_svc,
    group_columns,
)
from classifier.training.folds import clusters, folds
from classifier.training.names import unknown_capitals
from classifier.training.vocabulary import MIN_TEXTS, choose, document_frequency, frequencies

Progress = Callable[[str], None]
"""Told of each stage in Russian, for an operator's terminal."""

CALIBRATION_FOLDS = 3
"""Out-of-fold scores for the two blend factors; more folds move them by less than 2 %."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """`citizens` carry group and topic; `others` are channels' posts."""

    citizens: list[Row]
    others: list[Row]


def corpus(folder: Path) -> Corpus:
    """What a model is trained on, besides our own texts.

    Raises:
        DataError: a file is missing or has other columns.
    """
    return Corpus(perm(folder), telegram(folder))


def choose_vocabulary(data: Corpus) -> tuple[Vocabulary, Ints]:
    """Listed tokens and the number of different texts that hold each."""
    total = document_frequency(row.lemmas for row in data.citizens)
    proper = unknown_capitals(row.text for row in (*data.citizens, *data.others))
    vocabulary = Vocabulary(choose(total, proper, MIN_TEXTS))
    return vocabulary, frequencies(vocabulary, total)


def fit_topics(
    counts: csr_matrix, rows: Sequence[Row], blend: Blend | None, cluster: Ints | None = None
) -> tuple[Any, tuple[str, ...], Ints, Blend]:
    """Calibrated topic head, groups, and each topic's group; without `blend` it is fitted on out-of-fold margins."""
    labels = [str(row.topic) for row in rows]
    parents = [str(row.group) for row in rows]
    parent = dict(zip(labels, parents, strict=True))
    topic, group = fit_svc(counts, labels), fit_svc(counts, parents)
    columns = group_columns(topic.labels, group.labels, parent)
    if blend is None:
        fold = folds(clusters([row.lemmas for row in rows]) if cluster is None else cluster, CALIBRATION_FOLDS, SEED)
        blend = out_of_fold_blend(counts, labels, parents, fold, topics=topic.labels, groups=group.labels)
    return blended(topic, group, blend, columns), group.labels, columns, blend


def out_of_fold_blend(
    counts: csr_matrix,
    labels: Sequence[str],
    parents: Sequence[str],
    fold: Ints,
    *,
    topics: Sequence[str],
    groups: Sequence[str],
) -> Blend:
    """`fit_blend` on margins that no text's own fold had a part in."""
    margins = np.full((len(labels), len(topics)), -1.0)
    group_margins = np.full((len(labels), len(groups)), -1.0)
    for held in range(CALIBRATION_FOLDS):
        train, test = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        for values, names, out in ((labels, topics, margins), (parents, groups, group_margins)):
            head = fit_svc(counts[train], [values[int(i)] for i in train])
            index = {name: i for i, name in enumerate(names)}
            # a rare label may be missing from a training part: its margin stays at -1, "surely not"
            out[np.ix_(test, np.array([index[name] for name in head.labels]))] = head.scores(counts[test])
    place = {name: i for i, name in enumerate(topics)}
    truth = np.array([place[label] for label in labels], dtype=np.int64)
    parent = dict(zip(labels, parents, strict=True))
    return fit_blend(margins, group_margins, group_columns(topics, groups, parent), truth)


def train(folder: Path, out: Path, progress: Progress = lambda _: None, *, created: date | None = None) -> Model:
    """Train the shipped model and write it to `out`; the model as read back from there is returned.

    `created` goes into the header (by default today): with the same data and date the file is the same byte by byte.

    Raises:
        DataError: a data file is missing or has other columns.
    """
    progress("Чтение и разбор текстов")
    data = corpus(folder)
    progress("Выбор словаря")
    vocabulary, frequency = choose_vocabulary(data)
    progress(f"Обучение тем: {len(vocabulary)} признаков, {len(data.citizens)} текстов")
    counts = vocabulary.count(row.lemmas for row in data.citizens)
    topic, groups, columns, blend = fit_topics(counts, data.citizens, None)
    progress("Обучение значимости")
    relevance = relevance_training.fit(relevance_training.corpus(data.citizens, data.others))
    model = Model(vocabulary, frequency, topic, relevance, groups, columns)
    progress("Запись модели")
    model.save(
        out,
        {
            "created": (created or date.today()).isoformat(),  # noqa: DTZ011  the operator's calendar day
            "data_sha256": data_digest(folder),
            "seed": SEED,
            "settings": {
                "prefix_letters": PREFIX_LETTERS,
                "min_texts": MIN_TEXTS,
                "svc_c": SVC_C,
                "relevance": {name: asdict(mix) for name, mix in relevance_training.MIXES.items()},
                "blend": [round(blend.topic, 4), round(blend.group, 4)],
            },
            "texts": {
                "citizens": len(data.citizens),
                "channels": len(data.others),
                "own": len(relevance_training.own_examples()),
            },
            "thresholds": _thresholds(),
        },
    )
    return Model.load(out)


def _thresholds() -> dict[str, float]:
    return {"relevant": 0.5, "unsure_from": 0.3, "unsure_to": 0.7, "group": 0.5, "municipality": 0.55}
