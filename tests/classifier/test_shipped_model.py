"""What is promised of the model in the repository."""

import json
from pathlib import Path

import numpy as np
import pytest

from classifier import Classifier, Item, Model
from classifier.features import judged_lemmas
from classifier.model import shipped
from classifier.training.names import allowed
from text import morph

HELD_OUT = [json.loads(line) for line in Path(__file__).with_name("relevance_heldout.jsonl").read_text().splitlines()]
MAX_BYTES = 15 * 1024 * 1024


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load()


def _tokens(model: Model) -> list[str]:
    return model.topic.embedding.words.tokens


def test_it_is_small() -> None:
    assert len(shipped().read_bytes()) <= MAX_BYTES


def test_every_token_was_seen_in_three_texts(model: Model) -> None:
    frequency = model.topic.frequency
    assert len(frequency) == len(_tokens(model))
    assert int(frequency.min()) >= 3


def test_no_token_is_a_name(model: Model) -> None:
    assert [token for token in _tokens(model) if not allowed(token)] == []


def test_no_token_is_read_as_a_name_first(model: Model) -> None:
    """The same by another way than the one that chose them: no word is, before anything else, a person's name."""
    tokens = [*_tokens(model), *model.relevance.words.listed.tokens]
    words = {
        word for token in tokens if not token.endswith("*") and not token.startswith("~") for word in token.split()
    }
    read_as_names = {
        word for word in words if {"Name", "Surn", "Patr"} & morph().parse(word)[0].tag.grammemes and word != "0"
    }
    assert read_as_names <= {
        *("арт", "барак", "беговой", "боковой", "дождевой", "кит", "кордон", "марка", "марс", "мороз", "пол", "рой")
    }
    common = {"иванов", "петров", "сидоров", "александр", "елена", "ольга", "сергей", "наталья", "иванович", "путин"}
    assert common & {word.strip("*~<>") for token in tokens for word in token.split()} == set()


def test_its_labels_are_those_of_the_data(model: Model) -> None:
    assert (len(model.groups), len(model.topic.labels)) == (26, 195)
    assert model.group_of["Отсутствие холодной воды"] == "ЖКХ"
    assert model.group_of["★ Открытые канализационные люки"] == "Благоустройство"


def test_its_header_says_where_it_comes_from(model: Model) -> None:
    assert model.header["texts"]["citizens"] == 20356
    assert len(model.header["data_sha256"]) == 64
    assert model.version == f"{model.header['created']}-{model.header['sha256'][:8]}"


def test_a_topic_belongs_to_its_group_and_is_no_likelier(model: Model) -> None:
    for judged in model.judge([judged_lemmas(case["text"]) for case in HELD_OUT]):
        assert model.group_of[judged.topic] == judged.group
        assert 0.0 <= judged.topic_probability <= judged.group_probability + 1e-6


def test_batches_do_not_change_the_answer(model: Model) -> None:
    texts = [judged_lemmas(case["text"]) for case in HELD_OUT]
    together, alone = model.judge(texts), [model.judge([text])[0] for text in texts]
    assert [j.topic for j in together] == [j.topic for j in alone]
    np.testing.assert_allclose([j.topic_probability for j in together], [j.topic_probability for j in alone], atol=1e-5)


@pytest.mark.parametrize(
    ("text", "group", "topic"),
    [
        ("Второй день нет холодной воды, когда дадут?", "ЖКХ", "Отсутствие холодной воды"),
        ("Батареи ледяные, отопления нет", "ЖКХ", "Ненадлежащее качество или отсутствие отопления"),
        ("Во дворе открыт канализационный люк", "Благоустройство", "★ Открытые канализационные люки"),
        ("Стая бездомных собак, примите меры по отлову", "Безопасность", "Отлов безнадзорных собак и кошек"),
        (
            "Не могу записаться к терапевту, талонов нет",
            "Здравоохранение/Медицина",
            "Технические проблемы с записью на прием к врачу",
        ),
        ("Мусор не вывозят вторую неделю", "Мусор/Свалки/ТКО", "★ Уборка/Вывоз мусора"),
        ("Автобус не ходит по расписанию", "Общественный транспорт", "График движения общественного транспорта"),
        ("Тротуары не чистят от снега и наледи, сплошной лёд", "Дороги", None),
    ],
)
def test_plain_complaints(classifier: Classifier, text: str, group: str, topic: str | None) -> None:
    tags = classifier.classify([Item(text)])[0]
    assert (tags.group, tags.relevant) == (group, True)
    assert topic is None or tags.topic == topic


def test_relevance_on_our_held_out_texts(classifier: Classifier) -> None:
    """80 hard texts of which none is in the training set: news of troubles, and talk that only sounds like them."""
    tags = classifier.classify([Item(case["text"]) for case in HELD_OUT])
    right = [tag.relevant == case["relevant"] for tag, case in zip(tags, HELD_OUT, strict=True)]
    found = [tag.relevant for tag, case in zip(tags, HELD_OUT, strict=True) if case["relevant"]]
    assert len(HELD_OUT) == 80
    assert sum(right) / len(right) >= 0.85
    assert sum(found) / len(found) >= 0.9


def test_held_out_texts_are_not_trained_on() -> None:
    training = Path(__file__).parents[2] / "classifier" / "training" / "relevance.jsonl"
    trained = {json.loads(line)["text"] for line in training.read_text().splitlines()}
    assert trained & {case["text"] for case in HELD_OUT} == set()
