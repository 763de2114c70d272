"""Five-fold cross-validation of the shipped settings, near-duplicates kept in one fold.

    python -m classifier.evaluate ../shared/data

Everything that is learned (vocabulary, weights, the two factors of the calibration) is learned without the fold that is
measured. Relevance is measured by evaluation_relevance.py.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC

from classifier.features import Vocabulary
from classifier.linear import softmax
from classifier.model import decide
from classifier.training.data import Row
from classifier.training.fit import SEED, fit_blend, fit_svc, group_columns
from classifier.training.folds import clusters, folds
from classifier.training.names import unknown_capitals
from classifier.training.train import corpus
from classifier.training.vocabulary import choose, document_frequency

FOLDS = 5
ECE_BINS = 15

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TopicFigures:
    """Weighted and macro F1, expected calibration error of groups, and group accuracy on the surest 80 %."""

    group_weighted: float
    group_macro: float
    topic_weighted: float
    topic_macro: float
    group_ece: float
    group_surest_80: float


def calibration_error(probability: Floats, right: npt.NDArray[np.bool_], bins: int = ECE_BINS) -> float:
    """Expected calibration error with bins of equal width. Naeini et al. (2015)."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        inside = place == b
        if inside.any():
            total += inside.sum() * abs(float(probability[inside].mean()) - float(right[inside].mean()))
    return total / len(probability)


def evaluate_topics(rows: Sequence[Row], fold: Ints) -> TopicFigures:
    """Out-of-fold figures of topic and group."""
    labels = np.array([str(row.topic) for row in rows])
    parents = np.array([str(row.group) for row in rows])
    topics, groups = sorted(set(labels)), sorted(set(parents))
    columns = group_columns(topics, groups, dict(zip(labels, parents, strict=True)))
    margins = np.full((len(rows), len(topics)), -1.0)
    group_margins = np.full((len(rows), len(groups)), -1.0)
    proper = unknown_capitals(row.text for row in rows)
    for held in range(FOLDS):
        train, test = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        vocabulary = Vocabulary(choose(document_frequency(rows[i].lemmas for i in train.tolist()), proper))
        counts = vocabulary.count(row.lemmas for row in rows)
        for values, names, out in ((labels, topics, margins), (parents, groups, group_margins)):
            head = fit_svc(counts[train], [str(value) for value in values[train]])
            out[np.ix_(test, np.searchsorted(names, head.labels))] = head.scores(counts[test])
    truth = np.searchsorted(topics, labels)
    probabilities = np.empty_like(margins)
    for held in range(FOLDS):
        other, test = fold != held, fold == held
        blend = fit_blend(margins[other], group_margins[other], columns, truth[other])
        probabilities[test] = softmax(blend.topic * margins[test] + blend.group * group_margins[test][:, columns])
    return _topic_figures(probabilities, columns, truth, np.searchsorted(groups, parents))


def _topic_figures(probabilities: Floats, columns: Ints, truth: Ints, parents: Ints) -> TopicFigures:
    sums = np.zeros((len(truth), int(columns.max()) + 1))
    np.add.at(sums.T, columns, probabilities.T)
    topic = decide(probabilities, sums, columns)
    group = columns[topic]
    sureness = sums[np.arange(len(truth)), group]
    right = group == parents
    surest = np.argsort(-sureness)[: int(0.8 * len(right))]
    return TopicFigures(
        group_weighted=float(f1_score(parents, group, average="weighted")),
        group_macro=float(f1_score(parents, group, average="macro")),
        topic_weighted=float(f1_score(truth, topic, average="weighted")),
        topic_macro=float(f1_score(truth, topic, average="macro")),
        group_ece=calibration_error(sureness, right),
        group_surest_80=float(right[surest].mean()),
    )


def baselines(rows: Sequence[Row], fold: Ints) -> dict[str, dict[str, float]]:
    """Weighted F1 of the majority and of plain TF-IDF of words with a linear SVM, on the same folds."""
    texts = [row.text for row in rows]
    result: dict[str, dict[str, float]] = {"majority": {}, "tfidf + LinearSVC": {}}
    for target in ("group", "topic"):
        values = np.array([str(getattr(row, target)) for row in rows])
        common, plain = np.empty_like(values), np.empty_like(values)
        for held in range(FOLDS):
            train, test = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
            names, counts = np.unique(values[train], return_counts=True)
            common[test] = names[counts.argmax()]
            vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
            matrix = vectorizer.fit_transform([texts[i] for i in train])
            estimator = LinearSVC(random_state=SEED).fit(matrix, values[train])
            plain[test] = estimator.predict(vectorizer.transform([texts[i] for i in test]))
        result["majority"][target] = float(f1_score(values, common, average="weighted", zero_division=0))
        result["tfidf + LinearSVC"][target] = float(f1_score(values, plain, average="weighted"))
    return result


def evaluate(folder: Path) -> dict[str, Any]:
    """All figures."""
    data = corpus(folder)
    fold = folds(clusters([row.lemmas for row in data.citizens]), FOLDS, SEED)
    return {
        "topics": evaluate_topics(data.citizens, fold),
        "baselines": baselines(data.citizens, fold),
    }


def main(folder: Path) -> None:
    """Print the figures."""
    found = evaluate(folder)
    topics: TopicFigures = found["topics"]
    print("| system | group, weighted F1 | topic, weighted F1 |\n| --- | --- | --- |")
    for name, figures in found["baselines"].items():
        print(f"| {name} | {figures['group']:.3f} | {figures['topic']:.3f} |")
    print(f"| ours | {topics.group_weighted:.3f} | {topics.topic_weighted:.3f} |\n")
    print(topics, "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
