"""`otklik train` and what is done with its model, as an operator does it."""

import csv
import gzip
import json
from itertools import product

import numpy as np

from classifier.features import Vocabulary
from classifier.head import TextHead
from classifier.linear import LinearHead

TOPICS = {
    ("ЖКХ", "Отсутствие воды"): ("нет воды в доме", "когда дадут воду", "вода не идёт из крана", "сидим без воды"),
    ("Дороги", "Ямы"): ("яма на дороге", "разбитая дорога во дворе", "колесо пробил в яме", "асфальт провалился"),
    ("Медицина", "Запись"): ("нет талонов к врачу", "не записаться на приём", "очередь в поликлинике", "врача нет"),
}
STREETS = ("на Садовой", "на Полевой", "на Лесной", "у вокзала", "возле рынка", "за школой")
CHANNEL = ("курс валюты вырос", "команда выиграла матч", "вышел новый фильм", "учёные открыли планету")


def data(folder) -> None:
    folder.mkdir()
    citizens = [(group, topic, f"{said} {street}") for (group, topic), all_ in TOPICS.items()
                for said, street in product(all_, STREETS)]  # fmt: skip
    for name, header, rows in (
        ("perm", ("group", "topic", "text"), citizens),
        ("telegram", ("channel", "text"), [("канал", f"{said}, номер {n}") for said, n in product(CHANNEL, range(12))]),
    ):
        with gzip.open(folder / f"{name}.csv.gz", "wt", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])


def test_a_model_is_trained_and_used(otklik):
    data(otklik.folder / "data")
    done = otklik("train", "--data", "data", "--out", "own.npz")
    assert (done.returncode, done.stdout) == (0, "Модель записана: own.npz.\n"), done.stderr
    assert done.stderr.splitlines()[0] == "Чтение и разбор текстов"
    otklik.config("classifier: {model: own.npz}\n")
    tagged = otklik("tag", "--config", "region.yaml", stdin='{"text": "Огромная яма на дороге у вокзала"}\n')
    (tags,) = [json.loads(line) for line in tagged.stdout.splitlines()]
    assert (tags["group"], tags["topic"]) == ("Дороги", "Ямы")
    assert tags["model"] != json.loads(otklik("tag", stdin='{"text": "яма"}\n').stdout)["model"]
    # The region's file may name only what this model knows.
    otklik.config("classifier: {model: own.npz}\nauthorities:\n  - {id: a, name: А, groups: [ЖКХ, Дорги]}\n")
    refused = otklik("check", "region.yaml")
    assert refused.returncode == 2
    assert "Классификатор не знает такой группы." in refused.stderr
    assert "Может быть, «Дороги»?" in refused.stderr


def test_data_that_is_not_there(otklik):
    done = otklik("train", "--data", "nowhere", "--out", "own.npz")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "Файл данных nowhere/perm.csv.gz не читается: No such file or directory. "
        "Укажите папку с perm.csv.gz и telegram.csv.gz: otklik train --data ПАПКА."
    )
    assert list(otklik.folder.iterdir()) == []


def test_a_further_head(otklik):
    labels = LinearHead(("водоканал", "дорстрой"), np.ones(2), np.array([[-4.0], [4.0]]), np.zeros(1))
    vocabulary = Vocabulary(["вода", "дорога"])
    TextHead("executor", vocabulary, np.array([3, 3]), labels).save(
        otklik.folder / "who.npz", {"created": "2026-01-01"}
    )
    lines = '{"text": "Нет воды"}\n{"text": "Разбита дорога"}\n'
    done = otklik("tag", "--head", "who=who.npz", stdin=lines)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["heads"]["who"]["value"] for line in done.stdout.splitlines()] == ["водоканал", "дорстрой"]
    otklik.config("classifier: {heads: {who: who.npz}}\n")
    same = otklik("tag", "--config", "region.yaml", stdin=lines)
    assert [json.loads(line)["heads"] for line in same.stdout.splitlines()] == [
        json.loads(line)["heads"] for line in done.stdout.splitlines()
    ]


def test_corrections_are_learned_from(otklik):
    data(otklik.folder / "data")
    at = "2026-03-05T09:00:00Z"
    said = {"text": "Огромная яма на дороге у вокзала", "topic": "Запись", "by": "И", "at": at}
    otklik.write("c.jsonl", said, said | {"topic": "Нет такой"}, said | {"text": "курс валюты вырос", "topic": "Ямы"})
    done = otklik("train", "--data", "data", "--out", "own.npz", "--corrections", "c.jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[1:3] == ["c.jsonl: строка 2: нет такой темы: «Нет такой»", "Исправлений учтено: 2"]
    otklik.config("classifier: {model: own.npz}\n")
    line = '{"text": "Огромная яма на дороге у вокзала"}\n'
    tags = json.loads(otklik("tag", "--config", "region.yaml", stdin=line).stdout)
    assert (tags["group"], tags["topic"]) == ("Медицина", "Запись")
