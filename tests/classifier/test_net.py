"""The net: what predicts equals what was trained, and what explains sums to the score."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from classifier.head import TextHead
from classifier.linear import quantise, softmax
from classifier.net import KEPT_UNITS, Embedding, Net, Table
from classifier.training.data import perm
from classifier.training.descent import Layers, Settings, Task, apart, fit
from classifier.training.estimator import HiddenLayerClassifier
from classifier.training.fit import SEED
from classifier.training.net import Blend, Labelled, Parts, fit_parts, leaning, narrow, net_of, tasks_of, train_net
from classifier.training.tokens import Chosen, choose_words
from classifier.training.vectors import begin
from classifier.words import Words, distinct, pieces
from tests.classifier.nets import word_net

WORDS = st.lists(st.sampled_from(["нет", "вода", "отопление", "5", "17", "яма", "дорога", "ъ", "абракадабра"]))


@pytest.fixture(scope="module")
def trained(small_data: Path) -> tuple[list[tuple[str, ...]], Chosen, tuple[str, ...], Parts]:
    rows = perm(small_data)
    texts = [row.lemmas for row in rows]
    chosen = choose_words(texts, frozenset())
    names, tasks = tasks_of(
        Labelled(texts, [str(row.topic) for row in rows], {str(row.topic): str(row.group) for row in rows})
    )
    return texts, chosen, names, fit_parts(chosen.words.views(texts), tasks, begin(chosen.words.tokens))


def _task(labels: int) -> Task:
    return Task(np.arange(labels), labels)


def test_pieces_have_edges_and_numbers_have_none() -> None:
    assert sorted(pieces("мы")) == ["~<мы", "~<мы>", "~мы>"]
    assert pieces("0") == []
    assert distinct(["нет", "5", "вода", "17", "нет"]) == ["нет", "0", "вода"]


def test_a_word_of_many_pieces_counts_no_more_than_one_of_few() -> None:
    words = Words(
        ["вода", *pieces("вода"), *pieces("водоснабжение")], np.ones(1 + len(pieces("вода") + pieces("водоснабжение")))
    )
    squared = {word: float(words.row(word).values @ words.row(word).values) for word in ("вода", "водоснабжение", "ъ")}
    assert squared == pytest.approx({"вода": 2.0, "водоснабжение": 1.0, "ъ": 0.0})


def test_prediction_equals_the_training_side(
    trained: tuple[list[tuple[str, ...]], Chosen, tuple[str, ...], Parts],
) -> None:
    """The training side multiplies a sparse matrix by whole tables, the product adds up kept rows of words."""
    texts, chosen, names, parts = trained
    blend = Blend(0.7, 2.5)
    net = net_of(parts, chosen, names, _task(len(names)), blend)
    expected = parts.scores(chosen.words.views(texts)).probabilities(blend)
    np.testing.assert_allclose(net.probabilities(texts), expected, atol=0.02)  # int8 rows
    assert (net.probabilities(texts).argmax(axis=1) == expected.argmax(axis=1)).all()


def test_the_hidden_scores_are_the_mean_of_nets_that_begin_differently() -> None:
    texts = [(word, other) for word in ("вода", "яма", "свет") for other in ("нет", "дом", "двор") for _ in range(4)]
    chosen = choose_words(texts, frozenset())
    names, tasks = tasks_of(Labelled(texts, [word for word, _ in texts]))
    views, start = chosen.words.views(texts), begin(chosen.words.tokens)
    alone = [
        HiddenLayerClassifier(random_state=SEED + n).fit(views[0], tasks[0].truth, start=start).scores(views[0])
        for n in range(2)
    ]
    assert np.abs(alone[0] - alone[1]).max() > 0.01
    parts = fit_parts(views, tasks, start)
    np.testing.assert_allclose(parts.scores(views).hidden, (alone[0] + alone[1]) / 2, atol=1e-4)
    assert len(names) == 3


def test_a_narrower_embedding_keeps_the_sums_of_frequent_tokens() -> None:
    chance = np.random.default_rng(4)
    texts = csr_matrix(chance.random((200, 12)) * np.where(np.arange(12) < 8, 1.0, 0.001), dtype=np.float32)
    embedding = chance.normal(size=(12, 20)).astype(np.float32)
    whole = texts @ embedding
    errors = []
    for rank in (4, 8, 12, 99):
        base, turn = narrow(texts, embedding, rank)
        assert base.shape == (12, min(rank, 20))
        errors.append(np.abs(texts @ base @ turn - whole).max())
    assert errors[0] > 0.5  # eight tokens that count span eight directions
    assert errors[1] < 0.05
    assert errors[3] < 1e-4


def test_answers_lean_towards_rare_groups_and_the_rare_topics_of_a_group() -> None:
    truth = np.repeat([0, 1, 2], [60, 30, 10])
    plain = leaning(Task(truth, 3))
    np.testing.assert_allclose(plain, -0.35 * np.log([0.6, 0.3, 0.1]), rtol=1e-6)
    grouped = leaning(Task(truth, 3, np.array([0, 0, 1])))
    expected = -0.7 * np.log([0.9, 0.9, 0.1]) - 0.5 * np.log([2 / 3, 1 / 3, 1.0])
    np.testing.assert_allclose(grouped, expected, rtol=1e-6)


@given(st.lists(WORDS, min_size=1, max_size=5))
def test_what_words_add_sums_to_the_score(texts: list[list[str]]) -> None:
    chance = np.random.default_rng(5)
    tokens = ["вода", "отопление", "отопл*", "~<яма", "~ода", "0", "нет вода"]
    net = Net(
        labels=("а", "б", "в"),
        embedding=Embedding(
            Words(tokens, np.linspace(1, 2, len(tokens))),
            Table.of(chance.normal(size=(len(tokens), 4)).astype(np.float32)),
            Table.of(chance.normal(size=(len(tokens), 3)).astype(np.float32)),
        ),
        frequency=np.full(len(tokens), 3),
        turn=chance.normal(size=(4, 6)).astype(np.float32),
        hidden_bias=chance.normal(size=6).astype(np.float32),
        weights=chance.normal(size=(6, 3)).astype(np.float32),
        bias=chance.normal(size=3).astype(np.float32),
        leaning=np.zeros(3, dtype=np.float32),
    )
    scores = net.scores(texts)
    for text, row in zip(texts, scores, strict=True):
        for k, label in enumerate(net.labels):
            parts, rest = net.contributions(text, label)
            assert sum(parts.values()) + rest == pytest.approx(float(row[k]), abs=1e-4)
            assert set(parts) <= {*distinct(text), "нет вода"} - {"нет", "ъ"}
    together = net.scores(list(texts))
    alone = np.vstack([net.scores([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_an_endless_stream_of_words_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("classifier.net.KEPT_UNITS", 10)
    net = word_net({"вода": (2.0, 0.0)}, ("а", "б"))
    expected = net.scores([["вода"]]).tolist()
    for first in range(0, 100, 5):
        net.scores([[f"слово{n}", "вода"] for n in range(first, first + 5)])
        assert len(net.embedding._places) <= 16
    assert net.scores([["вода"]]).tolist() == expected


def test_a_saved_head_agrees(
    trained: tuple[list[tuple[str, ...]], Chosen, tuple[str, ...], Parts], tmp_path: Path
) -> None:
    texts, chosen, names, parts = trained
    net = net_of(parts, chosen, names, _task(len(names)), Blend(0.7, 2.5))
    TextHead("тема", net).save(tmp_path / "h.npz", {})
    loaded = TextHead.load(tmp_path / "h.npz")
    assert (loaded.label, loaded.net.labels) == ("тема", net.labels)
    np.testing.assert_allclose(loaded.net.probabilities(texts), net.probabilities(texts), atol=1e-5)
    assert loaded.judge([]) == []


def test_a_head_of_two_labels() -> None:
    streets = ("улица", "дом", "двор", "школа")
    texts = [(*words, street) for words in (("вода", "нет"), ("яма", "дорога")) for street in streets for _ in range(5)]
    net = train_net(Labelled(texts, ["а"] * 20 + ["б"] * 20), frozenset()).net
    assert net.labels == ("а", "б")
    assert net.probabilities([("вода",), ("дорога",)]).argmax(axis=1).tolist() == [0, 1]


def _separable(rows: int) -> tuple[object, Task]:
    truth = np.arange(rows) % 3
    return csr_matrix(np.eye(3, dtype=np.float32)[truth]), Task(truth, 3, np.array([0, 0, 1]))


def test_descent_learns_and_repeats() -> None:
    matrix, task = _separable(90)
    settings = Settings(hidden=8, epochs=20, drop_tokens=0.0, drop_hidden=0.0)
    one, other = (fit(matrix, [task], settings, 3) for _ in range(2))
    assert isinstance(one, Layers)
    assert (one.embedding == other.embedding).all()
    assert (one.embedding != fit(matrix, [task], settings, 4).embedding).any()
    hidden = np.maximum(matrix @ one.embedding * settings.scale + one.hidden_bias, 0)
    assert ((hidden @ one.weights[0] + one.bias[0]).argmax(axis=1) == task.truth).all()


def test_texts_without_a_label_teach_nothing() -> None:
    matrix, task = _separable(60)
    helper = Task(np.where(np.arange(60) < 30, task.truth, -1), 3)
    none = Task(np.full(60, -1), 3)
    settings = Settings(hidden=8, epochs=3)
    without = fit(matrix, [task, none], settings, 1)
    assert (without.bias[1] == 0).all()
    assert (fit(matrix, [task, helper], settings, 1).bias[1] != 0).any()


def test_views_are_drawn_to_each_other_by_the_gradient_of_their_divergence() -> None:
    scores = np.random.default_rng(5).normal(size=(6, 4))

    def divergence(of: npt.NDArray[np.float64]) -> float:
        one, other = np.split(softmax(of), 2)
        return float(((one - other) * np.log(one / other)).sum() / 2)

    step = 1e-6 * np.eye(scores.size).reshape(-1, *scores.shape)
    slopes = [(divergence(scores + one) - divergence(scores - one)) / 2e-6 for one in step]
    found = apart(softmax(scores).astype(np.float32))
    assert found == pytest.approx(np.reshape(slopes, scores.shape), abs=1e-5)
    assert np.abs(found).max() > 0.01


def test_agreement_keeps_answers_that_depend_on_dropped_units_near_each_other() -> None:
    matrix, task = _separable(60)
    noisy = Task(np.random.default_rng(2).permutation(task.truth), 3, task.parent)

    def spread(agree: float) -> float:
        settings = Settings(hidden=16, epochs=60, rate=0.03, drop_tokens=0.0, agree=agree)
        found = fit(matrix, [noisy], settings, 1)
        hidden = np.maximum(matrix @ found.embedding * settings.scale + found.hidden_bias, 0)
        kept = np.random.default_rng(3).random((50, *hidden.shape)) < 0.5
        return float((2 * hidden * kept @ found.weights[0]).std(axis=0).mean())

    assert spread(1.0) < 0.8 * spread(0.0)


def test_quantisation_error_is_bounded() -> None:
    weights = np.random.default_rng(1).normal(size=(50, 7)).astype(np.float32)
    packed, scale = quantise(weights)
    table = Table(packed, scale)
    exact, found = weights[[2, 5]].sum(axis=0), table.sum([2, 5], np.ones(2, dtype=np.float32))
    assert np.abs(exact - found).max() <= (scale[2] + scale[5]) / 2 + 1e-6


def test_a_batch_of_long_texts_is_judged_in_parts() -> None:
    net = word_net({"вода": (1.0, 0.0), "яма": (0.0, 1.0)}, ("вода", "яма"))
    texts = [[f"слово{n}x{i}" for i in range(1_999)] + ["вода" if n % 2 else "яма"] for n in range(40)]
    assert sum(map(len, texts)) > KEPT_UNITS
    np.testing.assert_array_equal(net.scores(texts), np.concatenate([net.scores([text]) for text in texts]))
    assert [label for label, _ in net.judge(texts)] == ["яма", "вода"] * 20
