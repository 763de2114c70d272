"""Training: reproducible, without rare tokens and names, clear about missing data."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

import classifier
from classifier.training.data import DataError
from classifier.training.folds import clusters, folds
from classifier.training.names import allowed, is_person, unknown_capitals

CREATED = date(2026, 1, 2)


def test_same_data_and_date_give_the_same_bytes(small_data: Path, tmp_path: Path) -> None:
    stages: list[str] = []
    first = classifier.train(small_data, tmp_path / "a.npz", stages.append, created=CREATED)
    classifier.train(small_data, tmp_path / "b.npz", created=CREATED)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert first.header["created"] == "2026-01-02"
    assert stages[0] == "Чтение и разбор текстов"
    assert first.groups == ("Дороги", "ЖКХ", "Медицина")
    judged = first.judge([["нет", "вода"], ["яма", "на", "дорога"], ["очередь", "к", "врач"]])
    assert [(j.group, j.topic) for j in judged] == [
        ("ЖКХ", "Отсутствие воды"),
        ("Дороги", "Ямы"),
        ("Медицина", "Запись"),
    ]
    tokens = [*first.topic.embedding.words.tokens, *first.relevance.words.listed.tokens]
    assert int(first.topic.frequency.min()) >= 3
    assert int(first.relevance.frequency.min()) >= 3
    # in every citizen's text, and yet not in the vocabulary
    assert [t for t in tokens if "аделаид" in t or "мухоборов" in t] == []


def test_missing_data(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        classifier.train(tmp_path, tmp_path / "m.npz")
    assert str(caught.value) == (
        f"Файл данных {tmp_path / 'perm.csv.gz'} не читается: нет такого файла или папки. "
        "Укажите папку с perm.csv.gz и telegram.csv.gz: otklik train --data ПАПКА."
    )
    assert not (tmp_path / "m.npz").exists()


def test_data_with_other_columns(small_data: Path, tmp_path: Path) -> None:
    (tmp_path / "perm.csv.gz").write_bytes((small_data / "telegram.csv.gz").read_bytes())
    with pytest.raises(DataError) as caught:
        classifier.train(tmp_path, tmp_path / "m.npz")
    assert str(caught.value) == f"В файле данных {tmp_path / 'perm.csv.gz'} нет столбцов: group, topic."


@pytest.mark.parametrize(
    "word", ["иванов", "наталья", "александрович", "шевченко", "ленин", "махонина", "миша", "собянин", "сидоров-петров"]
)
def test_names_are_no_tokens(word: str) -> None:
    assert not allowed(word)
    assert not allowed(f"{word} вода")
    assert not allowed(f"улица {word}")


@pytest.mark.parametrize(
    "word", ["вода", "свет", "вера", "роман", "надежда", "мороз", "барак", "0", "врач", "котельная"]
)
def test_common_words_are_tokens_even_if_they_are_names_too(word: str) -> None:
    assert allowed(word)


@pytest.mark.parametrize("word", ["челябинск", "пермь", "ivanov", "qr", "5-й", ""])
def test_places_and_foreign_words_are_no_tokens(word: str) -> None:
    assert not allowed(word)


def test_unknown_words_with_capitals_are_names() -> None:
    texts = ["спросили у Плюшкедова про воду", "обещал Плюшкедов, но жыыкх не готов", "вчера жыыкх"]
    found = unknown_capitals(texts)
    assert found == {"плюшкедова", "плюшкедов"}
    assert not allowed("плюшкедов", found)


def test_common_nouns_are_not_persons() -> None:
    assert not is_person("дорога")
    assert is_person("петрович")


def test_near_duplicates_share_a_fold() -> None:
    base = "в нашем доме уже вторые сутки совсем нет холодной воды и никто не отвечает на звонки жителей подъезда"
    texts = [
        tuple(base.split()),
        (*base.split(), "помогите"),
        tuple(base.split()),
        ("яма", "на", "дороге", "во", "дворе"),
    ]
    cluster = clusters(texts)
    assert cluster[0] == cluster[1] == cluster[2] != cluster[3]


def test_folds_are_even_and_keep_clusters() -> None:
    cluster = np.repeat(np.arange(40), [10, *[1] * 39])
    fold = folds(cluster, 5, seed=1)
    assert len(set(fold[:10].tolist())) == 1
    assert np.bincount(fold).tolist() == [10, 10, 10, 10, 9]
    assert (fold == folds(cluster, 5, seed=1)).all()
