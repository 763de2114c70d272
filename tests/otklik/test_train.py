"""`otklik train` and what is done with its model, as an operator does it."""

import csv
import gzip
import json
from itertools import product

from classifier.head import TextHead
from classifier.training.vectors import MISSING
from tests.classifier.nets import word_net

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


def test_a_head_is_trained_measured_and_used(otklik):
    table = [(said, body) for body, (_, all_) in zip(("водоканал", "дорстрой", "минздрав"), TOPICS.items(), strict=True)
             for said in (f"{phrase} {street}" for phrase, street in product(all_, STREETS))]  # fmt: skip
    with (otklik.folder / "own.csv").open("w", encoding="utf-8-sig", newline="") as file:  # as Excel writes it
        csv.writer(file, delimiter=";").writerows([("сообщение", "кому"), *table])
    done = otklik("train", "own.csv", "--target", "кому", "--text", "сообщение", "--out", "who.npz")
    assert (done.returncode, done.stdout) == (0, "Модель записана: who.npz.\n"), done.stderr
    assert [line for line in done.stderr.splitlines() if line != MISSING] == [
        "Чтение и разбор текстов",
        "Обучение: 72 текстов, 3 меток",
        "Запись модели",
    ]
    asked = otklik("evaluate", "who.npz", "own.csv", "--text", "сообщение", "--json")
    figures = json.loads(asked.stdout)
    assert (figures["n"], figures["unknown"], figures["label"]) == (72, 0, "кому")
    assert min(figures["weighted_f1"], figures["macro_f1"], figures["accuracy"]) > 0.95
    shown = otklik("evaluate", "who.npz", "own.csv", "--text", "сообщение").stdout.splitlines()
    assert shown[0] == "Метка: кому, строк: 72"
    assert shown[3].split() == ["F1", "точность", "полнота", "строк", "ответов", "метка"]
    assert sorted(line.split()[-1] for line in shown[4:]) == ["водоканал", "дорстрой", "минздрав"]
    tagged = otklik("tag", "--head", "who=who.npz", stdin='{"text": "Огромная яма на дороге у вокзала"}\n')
    assert json.loads(tagged.stdout)["heads"]["who"]["value"] == "дорстрой"


def test_labels_that_were_never_learned_are_mistakes(otklik):
    net = word_net({"вода": (4.0, 0.0), "дорога": (0.0, 4.0)}, ("водоканал", "дорстрой"))
    TextHead("кому", net).save(otklik.folder / "who.npz", {"created": "2026-01-01"})
    (otklik.folder / "rows.csv").write_text("text,кому\nвода,водоканал\nдорога,минздрав\nпусто,\n", encoding="utf-8")
    shown = otklik("evaluate", "who.npz", "rows.csv")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[:3] == [
        "Метка: кому, строк: 2",
        "F1 взвешенное 0.500, F1 простое 0.333, доля верных 0.500",
        "Строк с метками, которых не было при обучении: 1",
    ]


def test_tables_that_teach_nothing(otklik):
    (otklik.folder / "own.csv").write_text("text,кому\nнет воды,водоканал\n", encoding="utf-8")
    done = otklik("train", "own.csv", "--target", "кто", "--out", "who.npz")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "В файле own.csv нет столбцов: кто. Есть: text, кому. Назовите нужные: --target СТОЛБЕЦ, --text СТОЛБЕЦ.",
    )
    done = otklik("train", "own.csv", "--target", "кому", "--out", "who.npz")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "В файле own.csv строк с меткой кому: 1, разных меток: 1. Нужно не меньше 10 строк и двух меток.",
    )
    done = otklik("train", "none.csv", "--target", "кому", "--out", "who.npz")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2, "Файл none.csv не читается: нет такого файла или папки."
    )  # fmt: skip
    (otklik.folder / "bad.csv").write_bytes("text,кому\nвода".encode("cp1251"))
    done = otklik("train", "bad.csv", "--target", "кому", "--out", "who.npz")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2, "Файл bad.csv не понят: нужна таблица CSV в кодировке UTF-8."
    )  # fmt: skip
    assert not (otklik.folder / "who.npz").exists()


def test_what_to_train_is_said_once(otklik):
    for arguments in (("--out", "a.npz"), ("own.csv", "--data", "data", "--out", "a.npz")):
        done = otklik("train", *arguments)
        assert done.returncode == 2
        assert "укажите одно: таблицу или --data ПАПКА" in done.stderr
    done = otklik("train", "own.csv", "--out", "a.npz")
    assert done.returncode == 2
    assert "какому столбцу таблицы учить?" in done.stderr


def test_data_that_is_not_there(otklik):
    done = otklik("train", "--data", "nowhere", "--out", "own.npz")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "Файл данных nowhere/perm.csv.gz не читается: нет такого файла или папки. "
        "Укажите папку с perm.csv.gz и telegram.csv.gz: otklik train --data ПАПКА."
    )
    assert list(otklik.folder.iterdir()) == []


def test_a_further_head(otklik):
    net = word_net({"вода": (4.0, 0.0), "дорога": (0.0, 4.0)}, ("водоканал", "дорстрой"))
    TextHead("executor", net).save(otklik.folder / "who.npz", {"created": "2026-01-01"})
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
