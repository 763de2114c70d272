"""Five-fold cross-validation of the recipe of the shipped model; near-duplicates are kept in one fold.

Everything that is learned (tokens, weights, factors, curves) is learned without the fold that is measured.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from classifier.evaluation.measures import Floats, Ints
from classifier.model import decide, group_sums
from classifier.net import TINY
from classifier.training.data import Row
from classifier.training.descent import Task
from classifier.training.names import unknown_capitals
from classifier.training.net import (
    Labelled,
    Scores,
    fit_blend,
    fit_curve,
    fit_parts,
    leaning,
    part_of,
    tasks_of,
)
from classifier.training.tokens import choose_words
from classifier.training.vectors import begin

FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Labels in order, and for each text the index of its label, the answer, and how sure that is; the same of groups
    where there are any. `task` is as trained."""

    names: tuple[str, ...]
    task: Task
    answers: Ints
    sure: Floats
    group_answers: Ints
    group_sure: Floats

    @property
    def truth(self) -> Ints:
        """The index of each text's label."""
        return self.task.truth


def out_of_fold(
    data: Labelled,
    rows: Sequence[Row],
    fold: Ints,
    told: Callable[[str], None],
) -> OutOfFold:
    """Answers for each text by a net that has seen neither it nor its near-duplicates."""
    names, tasks = tasks_of(data)
    shape = (len(rows), len(names))
    scores = Scores(*(np.empty(shape, dtype=np.float32) for _ in range(2)))
    for held in range(FOLDS):
        kept, test = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        texts = [data.texts[i] for i in kept.tolist()]
        chosen = choose_words(texts, unknown_capitals(rows[i].text for i in kept.tolist()))
        some = [part_of(task, kept) for task in tasks]
        parts = fit_parts(chosen.words.views(texts), some, begin(chosen.words.tokens))
        found = parts.scores(chosen.words.views([data.texts[i] for i in test.tolist()]))
        scores.hidden[test], scores.linear[test] = found.hidden, found.linear
        told(f"  часть {held + 1} из {FOLDS}")
    return calibrated(names, tasks[0], scores, fold)


def calibrated(names: tuple[str, ...], task: Task, scores: Scores, fold: Ints) -> OutOfFold:
    """Answers from out-of-fold scores: factors, leaning and curves of each fold come from the others."""
    count = len(task.truth)
    answers, group_answers = np.zeros((2, count), dtype=np.int64)
    sure, group_sure = np.zeros((2, count))
    found = OutOfFold(names, task, answers, sure, group_answers, group_sure)
    columns = task.parent
    for held in np.unique(fold):
        other, test = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        known = part_of(task, other)
        blend, towards = fit_blend(scores.rows(other), known), leaning(known)
        before, now = scores.rows(other).probabilities(blend), scores.rows(test).probabilities(blend)
        if columns is None:
            earlier, answer = ((np.log(one + TINY) + towards).argmax(axis=1) for one in (before, now))
        else:
            sums_before, sums = group_sums(before, columns), group_sums(now, columns)
            earlier, answer = decide(before, sums_before, columns, towards), decide(now, sums, columns, towards)
            curve = fit_curve(_at(sums_before, columns[earlier]), columns[earlier] == columns[known.truth])
            found.group_answers[test] = columns[answer]
            found.group_sure[test] = curve(_at(sums, columns[answer]))
        curve = fit_curve(_at(before, earlier), earlier == known.truth)
        found.answers[test], found.sure[test] = answer, curve(_at(now, answer))
    return found


def _at(probability: Floats, columns: Ints) -> Floats:
    return probability[np.arange(len(columns)), columns]
