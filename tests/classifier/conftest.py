"""One classifier for all tests of this folder: loading it takes half a second."""

import csv
import gzip
from pathlib import Path

import pytest

from classifier import Classifier
from classifier.places import Region

TOPICS = {
    ("ЖКХ", "Отсутствие воды"): ("нет воды в доме", "когда дадут воду", "вода не идёт из крана", "сидим без воды"),
    ("ЖКХ", "Холодные батареи"): ("батареи холодные", "нет отопления в квартире", "дома холодно, топите", "мёрзнем"),
    ("Дороги", "Ямы"): ("яма на дороге", "разбитая дорога во дворе", "колесо пробил в яме", "асфальт провалился"),
    ("Медицина", "Запись"): ("нет талонов к врачу", "не записаться на приём", "очередь в поликлинике", "врача нет"),
}
"""A small world of four topics, for training in tests."""
STREETS = ("на Садовой", "на Полевой", "на Лесной", "у вокзала", "возле рынка", "за школой")
CHANNEL = ("курс валюты вырос", "команда выиграла матч", "вышел новый фильм", "учёные открыли планету")


@pytest.fixture(scope="session")
def chelyabinsk() -> Region:
    return Region.load("chelyabinsk")


@pytest.fixture(scope="session")
def classifier(chelyabinsk: Region) -> Classifier:
    return Classifier.load(region=chelyabinsk)


def _write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two data files, of our own making."""
    folder = tmp_path_factory.mktemp("data")
    citizens = [
        ["", group, topic, f"{phrase} {street}, помогите Аделаиде Мухоборовой"]
        for (group, topic), phrases in TOPICS.items()
        for phrase in phrases
        for street in STREETS
    ]
    channels = [["канал", "", "", f"{phrase} номер {n}, подробнее в статье"] for phrase in CHANNEL for n in range(12)]
    _write(folder / "perm.csv.gz", ["executor", "group", "topic", "text"], citizens)
    _write(folder / "telegram.csv.gz", ["channel", "date", "category", "text"], channels)
    return folder
