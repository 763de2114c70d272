"""Plain systems on the same folds, from raw cleaned texts."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

from classifier.evaluation.measures import Ints, macro_f1, weighted_f1
from classifier.training.fit import SEED

Labels = npt.NDArray[Any]
Rival = Callable[[Sequence[str], Labels, Sequence[str]], Labels]
"""Training texts and labels, and texts to answer for."""


def word_and_character_features() -> Any:
    """TF-IDF of words and pairs and of 2 to 5 letters, as the usual strong baseline has them."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    return make_union(words, letters)


def _majority(_: Sequence[str], labels: Labels, asked: Sequence[str]) -> Labels:
    names, counts = np.unique(labels, return_counts=True)
    return np.full(len(asked), names[counts.argmax()])


def _on(features: Callable[[], Any], estimator: Callable[[], Any], *data: Any) -> Labels:
    texts, labels, asked = data
    made = features()
    answers: Labels = estimator().fit(made.fit_transform(texts), labels).predict(made.transform(asked))
    return answers


def _fasttext(texts: Sequence[str], labels: Labels, asked: Sequence[str]) -> Labels:
    """The library's own softmax over words, pairs and 3 to 6 letters; settings of its tutorial, 25 epochs."""
    import fasttext  # noqa: PLC0415  in the extra `train`, not installed with the program

    names = np.unique(labels)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "train.txt"
        lines = (f"__label__{np.searchsorted(names, label)} {' '.join(text.split())}" for text, label in
                 zip(texts, labels, strict=True))  # fmt: skip
        file.write_text("\n".join(lines), encoding="utf-8")
        model = fasttext.train_supervised(
            str(file), epoch=25, lr=0.5, wordNgrams=2, minn=3, maxn=6, dim=100, thread=1, seed=SEED, bucket=200_000,
            verbose=0,
        )  # fmt: skip
        found, _ = model.predict([" ".join(text.split()) for text in asked])
    answers: Labels = names[[int(one[0].removeprefix("__label__")) for one in found]]
    return answers


def _five_thousand_words() -> Any:
    return TfidfVectorizer(max_features=5_000)


_ALL: dict[str, Rival] = {
    "majority": _majority,
    "TF-IDF (5,000 words) + logistic regression": partial(
        _on, _five_thousand_words, partial(LogisticRegression, C=5.0, max_iter=100, tol=1e-3)
    ),
    "words + characters, LinearSVC": partial(
        _on, word_and_character_features, partial(LinearSVC, C=0.3, random_state=SEED)
    ),
    "fastText (fasttext-numpy2)": _fasttext,
}
RIVALS: dict[str, Rival] = {
    name: rival for name, rival in _ALL.items() if rival is not _fasttext or find_spec("fasttext") is not None
}


def rival_answers(name: str, texts: Sequence[str], labels: Sequence[str], fold: Ints) -> dict[str, float]:
    """Weighted and macro F1 of a rival out of fold."""
    values = np.asarray(labels)
    answers = np.empty_like(values)
    for held in np.unique(fold):
        kept, test = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        answers[test] = RIVALS[name]([texts[i] for i in kept.tolist()], values[kept], [texts[i] for i in test.tolist()])
    names, truth = np.unique(values, return_inverse=True)
    answer = np.searchsorted(names, answers)
    return {
        "weighted": weighted_f1(truth, answer, len(names)),
        "macro": macro_f1(truth, answer, len(names)),
    }
