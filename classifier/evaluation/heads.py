"""What the same recipe reaches elsewhere: heads of an operator's own, and topics in another region."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from classifier.evaluation.crossval import FOLDS, out_of_fold
from classifier.evaluation.measures import accuracy, bootstrap_f1, macro_f1, weighted_f1
from classifier.evaluation.sections import Given, Section, rows
from classifier.training.data import kursk, perm, spb
from classifier.training.fit import SEED
from classifier.training.folds import clusters, folds
from classifier.training.names import unknown_capitals
from classifier.training.net import Labelled, train_net

KURSK_GROUPS: dict[str, tuple[str, ...]] = {
    "0": ("Дороги",),
    "1": ("Безопасность",),
    "3": ("ЖКХ", "Благоустройство", "Электроснабжение", "Газ"),
    "4": ("Здравоохранение", "Коронавирус"),
    "5": ("Культура", "Памятники"),
    "7": ("Образование",),
    "8": ("Общественный транспорт",),
    "9": ("Связь",),
    "10": ("Социальное обслуживание",),
    "11": ("Строительство",),
    "13": ("Торговля",),
    "14": ("Экономика",),
    "15": ("Спорт",),
    "16": ("Экология", "Мусор"),
}
"""First words of Perm's groups that stand for a category of Kursk, as the README of the data maps them."""


def measure(given: Given) -> dict[str, Any]:
    """Executor out of fold, a fifth of Saint Petersburg's texts, all of Kursk."""
    given.told("Своя голова: исполнитель")
    citizens = perm(given.folder)
    cluster = clusters([row.lemmas for row in citizens])
    data = Labelled([row.lemmas for row in citizens], [str(row.executor) for row in citizens])
    found = out_of_fold(data, citizens, folds(cluster, FOLDS, SEED), given.told)
    answer = found.answers
    executor = {
        **asdict(bootstrap_f1(found.truth, answer, len(found.names), cluster, SEED)),
        "macro": macro_f1(found.truth, answer, len(found.names)),
        "accuracy": accuracy(found.truth, answer),
        "texts": len(citizens),
    }
    given.told("Своя голова: категория в Санкт-Петербурге")
    return {"executor": executor, "spb": _spb(given), "kursk": _kursk(given)}


def _spb(given: Given) -> dict[str, Any]:
    """Different texts only; a fifth of them, near-duplicates together, is held out."""
    data = spb(given.folder)
    fold = folds(clusters([row.lemmas for row in data]), FOLDS, SEED)
    kept = [row for row, part in zip(data, fold, strict=True) if part]
    held = [row for row, part in zip(data, fold, strict=True) if not part]
    proper = unknown_capitals(row.text for row in kept)
    net = train_net(Labelled([row.lemmas for row in kept], [str(row.topic) for row in kept]), proper).net
    answers = [answer for answer, _ in net.judge([row.lemmas for row in held])]
    return {**_figures([str(row.topic) for row in held], answers), "texts": len(held)}


def _kursk(given: Given) -> dict[str, Any]:
    """The shipped model, which knows no text of Kursk; categories that Perm has no group for are left out."""
    data = [row for row in kursk(given.folder) if row.topic in KURSK_GROUPS]
    model = given.model
    category = {group: _category(group) for group in model.groups}
    answers = [category[one.group] for one in model.judge([row.lemmas for row in data])]
    return {**_figures([str(row.topic) for row in data], answers), "texts": len(data)}


def _category(group: str) -> str:
    return next((one for one, names in KURSK_GROUPS.items() if group.startswith(names)), "?")


def _figures(truths: Sequence[str], answers: Sequence[str]) -> dict[str, float]:
    names = sorted({*truths, *answers})
    truth, answer = np.searchsorted(names, truths), np.searchsorted(names, answers)
    return {
        "weighted": weighted_f1(truth, answer, len(names)),
        "macro": macro_f1(truth, answer, len(names)),
        "accuracy": accuracy(truth, answer),
    }


def show(found: Mapping[str, Any]) -> str:
    """A table."""
    executor, city, other = found["executor"], found["spb"], found["kursk"]
    return rows(
        ("what", "texts", "weighted F1", "macro F1", "accuracy"),
        [
            (
                "executor (10 bodies of Perm), out of fold",
                executor["texts"],
                f"{executor['value']:.3f} ({executor['low']:.3f}–{executor['high']:.3f})",
                f"{executor['macro']:.3f}",
                f"{executor['accuracy']:.3f}",
            ),
            *(
                (name, one["texts"], f"{one['weighted']:.3f}", f"{one['macro']:.3f}", f"{one['accuracy']:.3f}")
                for name, one in (
                    ("category (15) of Saint Petersburg, a fifth of the texts held out", city),
                    ("category of Kursk by the shipped model, which saw no text of Kursk", other),
                )
            ),
        ],
    )


SECTION = Section("heads", "Heads of an operator's own, and another region", measure, show)
