"""Features and linear heads against scikit-learn."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from classifier.features import Listed, judged_lemmas, tfidf
from classifier.linear import quantise, softmax
from classifier.training.data import perm
from classifier.training.fit import idf_of

LEMMAS = st.lists(st.sampled_from(["нет", "вода", "отопление", "5", "17", "яма", "дорога", "жк", "электричество"]))


@pytest.fixture(scope="module")
def corpus(small_data: Path) -> tuple[list[tuple[str, ...]], list[str]]:
    rows = perm(small_data)
    return [row.lemmas for row in rows], [str(row.topic) for row in rows]


def test_links_are_not_words() -> None:
    assert judged_lemmas("Нет воды https://vk.com/wall-1_2?z=photo и www.site.ru/вода тут") == [
        "нет",
        "вода",
        "и",
        "тут",
    ]


@given(st.lists(LEMMAS, max_size=6))
def test_counts_are_those_of_each_text(texts: list[list[str]]) -> None:
    vocabulary = Listed(["вода", "нет", "отопление", "17", "яма"])
    counts = vocabulary.count(texts)
    assert counts.shape == (len(texts), 5)
    assert counts.has_canonical_format
    for row, lemmas in zip(counts.toarray(), texts, strict=True):
        assert row.tolist() == [lemmas.count(token) for token in vocabulary.tokens]


def test_tfidf_equals_scikit_learn(corpus: tuple[list[tuple[str, ...]], list[str]]) -> None:
    texts, _ = corpus
    theirs = TfidfVectorizer(analyzer=list, min_df=3, sublinear_tf=True)
    expected = theirs.fit_transform(texts)
    counts = Listed(theirs.get_feature_names_out().tolist()).count(texts)
    np.testing.assert_allclose(tfidf(counts, idf_of(counts)).toarray(), expected.toarray(), rtol=1e-12, atol=1e-15)


def test_quantisation_error_is_bounded() -> None:
    weights = np.random.default_rng(1).normal(size=(50, 7))
    weights[3] = 0.0
    packed, scale = quantise(weights)
    error = np.abs(packed * scale[:, None] - weights)
    assert (error <= np.abs(weights).max(axis=1, keepdims=True) / 253 + 1e-7).all()
    assert (packed[3] == 0).all()


def test_softmax_bears_large_scores() -> None:
    assert softmax(np.array([[1000.0, 0.0], [-1000.0, -1000.0]])).tolist() == [[1.0, 0.0], [0.5, 0.5]]


def test_a_text_of_unknown_words_has_a_zero_row() -> None:
    counts = Listed(["вода"]).count([["абракадабра"], []])
    assert tfidf(counts, np.array([1.0])).toarray().tolist() == [[0.0], [0.0]]
