"""A head measured on a table of texts and labels: what `otklik evaluate` prints."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier.evaluation.measures import accuracy, f1_by_label, macro_f1, weighted_f1
from classifier.head import TextHead
from classifier.training.data import DataError, prepare
from classifier.training.heads import TEXT, read_table

BATCH = 512


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """`texts` have the label, `answers` were given it."""

    label: str
    f1: float
    precision: float
    recall: float
    texts: int
    answers: int


@dataclass(frozen=True, slots=True)
class Figures:
    """`unknown` texts have labels that the head was not trained on: they count, and can't be right."""

    label: str
    n: int
    weighted_f1: float
    macro_f1: float
    accuracy: float
    unknown: int
    labels: tuple[LabelFigures, ...]


def evaluate_head(head: TextHead, path: Path, *, text: str = TEXT, target: str | None = None) -> Figures:
    """Figures of a head on the rows of a table; `target` is the column, by default the one the head was trained on.

    Raises:
        DataError: the table can't be read, or has no labelled row.
    """
    column = target or head.label
    rows = read_table(path, text, column)
    if not rows:
        raise DataError(f"В файле {path} нет ни одной строки с меткой {column}: сравнивать не с чем.")
    lemmas = [prepare(said)[1] for said, _ in rows]
    answers = [value for first in range(0, len(rows), BATCH) for value, _ in head.judge(lemmas[first : first + BATCH])]
    truths = [label for _, label in rows]
    names = sorted({*truths, *answers})
    place = {name: i for i, name in enumerate(names)}
    truth, answer = np.array([place[t] for t in truths]), np.array([place[a] for a in answers])
    f1, support = f1_by_label(truth, answer, len(names))
    given = np.bincount(answer, minlength=len(names))
    right = np.bincount(truth[truth == answer], minlength=len(names))
    known = set(head.net.labels)
    return Figures(
        label=column,
        n=len(rows),
        weighted_f1=weighted_f1(truth, answer, len(names)),
        macro_f1=macro_f1(truth, answer, len(names)),
        accuracy=accuracy(truth, answer),
        unknown=sum(label not in known for label in truths),
        labels=tuple(
            LabelFigures(
                name,
                float(f1[i]),
                float(right[i] / max(given[i], 1)),
                float(right[i] / max(support[i], 1)),
                int(support[i]),
                int(given[i]),
            )
            for i, name in enumerate(names)
        ),
    )
