"""From the data folder to the file of the shipped model. Same data and date, same bytes."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifier.features import PREFIX_LETTERS, Vocabulary
from classifier.model import Model
from classifier.training.corrections import COPIES, corrected
from classifier.training.data import Row, data_digest, own, padded, perm, telegram, windows
from classifier.training.fit import OWN_WEIGHT, RELEVANCE_C, SEED, Ints, fit_platt, fit_relevance, scaled
from classifier.training.names import unknown_capitals
from classifier.training.net import Told, settings
from classifier.training.topics import train_topics
from classifier.training.vectors import MISSING, installed
from classifier.training.vocabulary import MIN_TEXTS, choose, document_frequency, frequencies

Progress = Callable[[str], None]
"""Told of each stage in Russian, for an operator's terminal."""

PADDED_COPIES = 4
CALIBRATION_FOLDS = 3
"""Out-of-fold scores for Platt's two factors; more folds move them by less than 2 %."""
FEW_FROM_CHANNELS = 15
"""Tokens that only channels use must occur this often: they matter for relevance alone, and there are many."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """`citizens` carry group and topic; `others` are channels' posts, `windows` short runs of their words; `own` are
    our examples, `copies` padded ones, `corrected` what operators said. The latter add nothing to the vocabulary: a
    token needs three texts of the data."""

    citizens: list[Row]
    others: list[Row]
    windows: list[Row]
    own: list[Row]
    copies: list[Row]
    corrected: list[Row] = field(default_factory=list)


def corpus(folder: Path, corrections: Path | None = None, progress: Progress = lambda _: None) -> Corpus:
    """Everything a model is trained on.

    Raises:
        DataError: a file is missing or has other columns.
    """
    citizens, others = perm(folder), telegram(folder)
    rows, phrases = own()
    copies = padded(rows, phrases, PADDED_COPIES, SEED)
    said: list[Row] = []
    if corrections is not None:
        group_of = {str(row.topic): str(row.group) for row in citizens}
        said = corrected(corrections, group_of, lambda line: progress(f"{corrections}: {line}"))
        progress(f"Исправлений учтено: {len(said)}")
    return Corpus(citizens, others, windows(others, SEED), rows, copies, said)


def choose_vocabulary(data: Corpus) -> tuple[Vocabulary, Ints]:
    """Listed tokens and the number of different texts that hold each."""
    texts = [row.lemmas for row in (*data.citizens, *data.own)]
    wanted = document_frequency(texts)
    total = wanted + document_frequency(row.lemmas for row in data.others)
    proper = unknown_capitals(row.text for row in (*data.citizens, *data.others, *data.own))
    candidates = {token: count for token, count in total.items() if token in wanted or count >= FEW_FROM_CHANNELS}
    vocabulary = Vocabulary(choose(type(total)(candidates), proper, MIN_TEXTS))
    return vocabulary, frequencies(vocabulary, total)


def relevance_set(data: Corpus) -> tuple[list[Row], npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Texts, relevance and weights for the relevance head."""
    rows = [
        row
        for row in (*data.citizens, *data.others, *data.windows, *data.corrected, *data.own, *data.copies)
        if row.relevant is not None
    ]
    relevant = np.array([row.relevant for row in rows], dtype=np.bool_)
    weight = np.array([OWN_WEIGHT if row.origin.startswith("own") else 1.0 for row in rows])
    return rows, relevant, weight


def fit_relevance_head(vocabulary: Vocabulary, data: Corpus) -> Any:
    """Calibrated relevance head. Our own texts and their padded copies share a fold."""
    rows, relevant, weight = relevance_set(data)
    counts = vocabulary.count(row.lemmas for row in rows)
    fold = np.random.default_rng(SEED).integers(CALIBRATION_FOLDS, size=len(rows))
    count = len(data.own)
    start = len(rows) - count - len(data.copies)
    fold[start + count :] = np.repeat(fold[start : start + count], PADDED_COPIES)
    scores = np.empty(len(rows))
    for held in range(CALIBRATION_FOLDS):
        train, test = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        scores[test] = fit_relevance(counts[train], relevant[train], weight[train]).scores(counts[test])[:, 0]
    slope, intercept = fit_platt(scores, relevant, weight)
    return scaled(fit_relevance(counts, relevant, weight), slope, intercept)


def train(
    folder: Path,
    out: Path,
    progress: Progress = lambda _: None,
    *,
    created: date | None = None,
    corrections: Path | None = None,
    told: Told = lambda _: None,
) -> Model:
    """Train the shipped model and write it to `out`; the model as read back from there is returned.

    `told` hears the part done of the longest stage, the topics.
    `created` goes into the header (by default today): with the same data and date the file is the same byte by byte.
    `corrections` of operators count more than the data.

    Raises:
        DataError: a data file is missing or has other columns.
    """
    progress("Чтение и разбор текстов")
    data = corpus(folder, corrections, progress)
    progress("Выбор словаря")
    vocabulary, frequency = choose_vocabulary(data)
    labelled = [*data.citizens, *[row for row in data.corrected if row.topic] * COPIES]
    progress(f"Обучение тем: {len(labelled)} текстов")
    if not installed():
        progress(MISSING)
    topics = train_topics(labelled, told)
    progress("Обучение значимости")
    relevance = fit_relevance_head(vocabulary, data)
    model = Model(vocabulary, frequency, topics.net, relevance, topics.groups, topics.columns, topics.curve)
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
                "net": settings(),
                "blend": {name: round(value, 4) for name, value in asdict(topics.blend).items()},
                "relevance_c": RELEVANCE_C,
                "own_weight": OWN_WEIGHT,
            },
            "texts": {
                "citizens": len(data.citizens),
                "channels": len(data.others),
                "own": len(data.own),
                "corrected": len(data.corrected),
            },
            "thresholds": _thresholds(),
        },
    )
    return Model.load(out)


def _thresholds() -> dict[str, float]:
    return {"relevant": 0.5, "unsure_from": 0.3, "unsure_to": 0.7, "group": 0.5, "municipality": 0.55}
