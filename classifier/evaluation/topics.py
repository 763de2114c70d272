"""Topics and groups out of fold, against rivals on the same folds."""

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import numpy as np

from classifier.evaluation.crossval import FOLDS, OutOfFold, out_of_fold
from classifier.evaluation.measures import (
    Ints,
    bootstrap_f1,
    calibration_curve,
    calibration_error,
    confusions,
    coverage,
    f1_by_label,
    macro_f1,
)
from classifier.evaluation.rivals import RIVALS, rival_answers
from classifier.evaluation.sections import Given, Section, rows
from classifier.training.data import PERM, Row, perm
from classifier.training.fit import SEED
from classifier.training.folds import clusters, folds
from classifier.training.topics import labelled

SURE_SHARE = 0.8
MOST_CONFUSED = 25
TOPIC_BINS = 10
PUBLISHED = {"ruBert-large, three models": (0.802, 0.532), "ruBert-large, one model": (0.819, 0.544)}
"""Weighted F1 of group and topic on a random part of the same set (README of the data), not on these folds."""


def measure(given: Given) -> dict[str, Any]:
    """Figures of ours and of the rivals."""
    data = perm(given.folder)
    given.told("Темы: перекрёстная проверка")
    cluster = clusters([row.lemmas for row in data])
    fold = folds(cluster, FOLDS, SEED)
    result = figures(data, cluster, out_of_fold(labelled(data), data, fold, given.told))
    digest = sha256((given.folder / PERM).read_bytes()).hexdigest()
    same = given.earlier.get("perm_sha256") == digest
    result["rivals"] = _rivals(given, data, fold, given.earlier.get("rivals", {}) if same else {})
    result["perm_sha256"] = digest
    return result


def figures(data: list[Row], cluster: Ints, found: OutOfFold) -> dict[str, Any]:
    """Everything that is said of topics and groups from their out-of-fold answers."""
    columns = found.task.parent
    assert columns is not None
    parent = {str(row.topic): str(row.group) for row in data}
    groups = sorted(set(parent.values()))
    topic, group, truth = found.answers, found.group_answers, columns[found.truth]
    sure, right = found.group_sure, group == truth
    by_group, support = f1_by_label(truth, group, len(groups))
    surest = next(part for share, _, part in coverage(sure, right) if share == SURE_SHARE)
    return {
        "texts": len(data),
        "clusters": len(np.unique(cluster)),
        "group": {
            **asdict(bootstrap_f1(truth, group, len(groups), cluster, SEED)),
            "macro": macro_f1(truth, group, len(groups)),
            "accuracy": float(right.mean()),
            "ece": calibration_error(sure, right),
            "surest_80": surest,
        },
        "topic": {
            **asdict(bootstrap_f1(found.truth, topic, len(found.names), cluster, SEED)),
            "macro": macro_f1(found.truth, topic, len(found.names)),
            "accuracy": float((topic == found.truth).mean()),
            "ece": calibration_error(found.sure, topic == found.truth),
            "calibration": calibration_curve(found.sure, topic == found.truth, TOPIC_BINS),
        },
        "groups": [[name, float(by_group[i]), int(support[i])] for i, name in enumerate(groups)],
        "coverage": coverage(sure, right),
        "calibration": calibration_curve(sure, right),
        "confusions": confusions(truth, group, groups, MOST_CONFUSED),
        "duplicates": _disagreement(cluster, found.truth, truth),
    }


def _disagreement(cluster: Ints, topic: Ints, group: Ints) -> dict[str, float]:
    """Of pairs of near-duplicates, the share with different labels: as well as that, nobody can agree with them."""
    pairs = other_topic = other_group = 0
    order = np.argsort(cluster, kind="stable")
    for same in np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1):
        count = len(same)
        pairs += count * (count - 1) // 2
        other_topic += _different(topic[same])
        other_group += _different(group[same])
    return {"pairs": pairs, "topic": other_topic / max(pairs, 1), "group": other_group / max(pairs, 1)}


def _different(labels: Ints) -> int:
    _, counts = np.unique(labels, return_counts=True)
    total = len(labels)
    return int((total * (total - 1) - (counts * (counts - 1)).sum()) // 2)


def _rivals(given: Given, data: list[Row], fold: Ints, earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Those of an earlier evaluation of the same messages, or trained anew."""
    known = dict(earlier)
    for name in RIVALS:
        if given.rivals:
            given.told(f"Соперник: {name}")
            known[name] = {
                target: rival_answers(
                    name, [row.text for row in data], [str(getattr(row, target)) for row in data], fold
                )
                for target in ("group", "topic")
            }
    return known


def _better(interval: Mapping[str, float], published: float) -> str:
    return "yes" if interval["low"] > published else "no"


def show(found: Mapping[str, Any]) -> str:
    """Tables."""
    group, topic = found["group"], found["topic"]

    def span(one: Mapping[str, float]) -> str:
        return f"**{one['value']:.3f}** ({one['low']:.3f}–{one['high']:.3f})"

    systems: list[tuple[object, ...]] = [
        (
            name,
            *(f"{one[t]['weighted']:.3f}" for t in ("group", "topic")),
            *(f"{one[t]['macro']:.3f}" for t in ("group", "topic")),
        )
        for name, one in found["rivals"].items()
    ]
    systems.append(("**Otklik**", span(group), span(topic), f"{group['macro']:.3f}", f"{topic['macro']:.3f}"))
    published = [(name, g, t, _better(group, g), _better(topic, t)) for name, (g, t) in PUBLISHED.items()]
    duplicates = found["duplicates"]
    parts = [
        f"{found['texts']} messages of Perm in {found['clusters']} clusters of near-duplicates, {FOLDS} folds. "
        "Intervals of 95 % by bootstrap over clusters.",
        rows(("system", "group, weighted F1", "topic, weighted F1", "group, macro", "topic, macro"), systems),
        "Published figures, measured by their authors on another split (a random part, near-duplicates on both sides), "
        "so that they are comparable only roughly. *Better* is said only where the lower end of our interval is above:",
        rows(("system", "group", "topic", "ours better, group", "ours better, topic"), list(published)),
        f"Group accuracy {group['accuracy']:.3f}, on the surest 80 % {group['surest_80']:.3f}; topic accuracy "
        f"{topic['accuracy']:.3f}. Calibration error (15 bins): group {group['ece']:.3f}, topic {topic['ece']:.3f}. "
        f"Of {duplicates['pairs']} pairs of near-duplicates {duplicates['topic']:.1%} carry different topics and "
        f"{duplicates['group']:.1%} different groups: the noise of the labels.",
        "### Coverage and accuracy\nThe surest texts first; the rest would go to an operator.",
        rows(
            ("share judged", "least probability", "group accuracy"),
            [(f"{share:.0%}", f"{least:.3f}", f"{right:.3f}") for share, least, right in found["coverage"]],
        ),
        "### Calibration",
        rows(
            ("mean probability", "share right", "texts"),
            [(f"{sure:.3f}", f"{right:.3f}", n) for sure, right, n in found["calibration"]],
        ),
        "### Calibration of topics\nBelow 0.2 an operator looks at them, too.",
        rows(
            ("mean probability", "share right", "texts"),
            [(f"{sure:.3f}", f"{right:.3f}", n) for sure, right, n in topic["calibration"]],
        ),
        "### Groups",
        rows(
            ("group", "F1", "texts"),
            [(name, f"{f1:.3f}", n) for name, f1, n in sorted(found["groups"], key=lambda one: -one[2])],
        ),
        "### Most frequent mistakes",
        rows(("labelled", "answered", "times", "of"), [tuple(one) for one in found["confusions"]]),
    ]
    return "\n\n".join(parts)


SECTION = Section("topics", "Topics and groups", measure, show)
