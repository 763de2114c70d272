"""Whole classification in batches on one core, against two plain pipelines trained in the same run.

    python -m benchmarks.classify [FOLDER OF perm.csv.gz]

Both pipelines give group and topic only, by two linear SVMs over one TF-IDF of n-grams: (a) of words as written and of
characters, (b) of lemmas by pymorphy3, each word form parsed once, and of characters, as the data's README has it. Ours
gives relevance, group, topic, place, address, urgency, language and signature, once on masked texts and once with
cleaning and masking from the raw text, which the pipelines do without. Which of them judges better is in
docs/evaluation.md. Texts are 280 characters. At the end: single posts, load time and memory of a worker.
"""

import os
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any

from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

from benchmarks.common import alternate, table
from classifier import Classifier, Item
from classifier.evaluation.rivals import word_and_character_features
from classifier.places import Region
from classifier.training.data import Row, perm
from text import clean, mask, morph

_WORD = re.compile(r"\w\w+")
"""As scikit-learn's own words are."""
TEXTS = 2_000
BATCH = 256
CHARS = 280
FEW_STEPS = 5
"""Of the baseline's solver: what prediction costs depends on its vocabulary and labels, not on how well it fits. It is
trained on all rows, as the one with the F1 of docs/evaluation.md is."""


@lru_cache(200_000)
def _lemma(word: str) -> str:
    return str(morph().parse(word)[0].normal_form)


def _lemmas(text: str) -> list[str]:
    return [_lemma(word) for word in _WORD.findall(text.lower())]


def _lemma_and_character_features() -> Any:
    """Those of the published pipeline: lemmas and pairs, and 2 to 5 letters."""
    words = TfidfVectorizer(analyzer="word", tokenizer=_lemmas, token_pattern=None, ngram_range=(1, 2), min_df=3,
                            sublinear_tf=True)  # fmt: skip
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    return make_union(words, letters)


def _baseline(rows: Sequence[Row], features: Any) -> Callable[[list[str]], object]:
    matrix = features.fit_transform([row.text for row in rows])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        group = LinearSVC(max_iter=FEW_STEPS).fit(matrix, [str(row.group) for row in rows])
        topic = LinearSVC(max_iter=FEW_STEPS).fit(matrix, [str(row.topic) for row in rows])

    def predict(texts: list[str]) -> object:
        found = features.transform(texts)
        return group.predict(found), topic.predict(found)

    return predict


def _speed(texts: Sequence[str], judge: Callable[[list[str]], object], batch: int) -> Callable[[], float]:
    def run() -> float:
        start = time.process_time()  # of the one core, whatever else the machine does meanwhile
        for first in range(0, len(texts), batch):
            judge(list(texts[first : first + batch]))
        return len(texts) / (time.process_time() - start)

    return run


_WORKER = """
import time
start = time.perf_counter()
from classifier import Classifier, Item
from classifier.places import Region
classifier = Classifier.load(region=Region.load("chelyabinsk"))
loaded = time.perf_counter() - start
classifier.classify([Item("Нет воды в Копейске")])
status = open("/proc/self/status").read()  # ru_maxrss would remember the parent's peak
peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
print(f"Load with imports {loaded:.2f} s; memory of a worker after one text {peak:.0f} MB")
"""


def main() -> None:
    """Print texts per second."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core, threads of BLAS included
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OTKLIK_DATA", "../shared/data"))
    rows = perm(folder)
    texts = [row.text[:CHARS] for row in rows if len(row.text) >= CHARS // 2][:TEXTS]
    classifier = Classifier.load(region=Region.load("chelyabinsk"))

    def ours(batch: list[str]) -> object:
        return classifier.classify([Item(text) for text in batch])

    def from_raw(batch: list[str]) -> object:
        return ours([mask(clean(text)) for text in batch])

    words = _baseline(rows, word_and_character_features())
    lemmas = _baseline(rows, _lemma_and_character_features())
    for judge in (words, lemmas, ours):
        judge(texts)
    figures = alternate(
        {
            "(a) words + characters, two LinearSVC": _speed(texts, words, BATCH),
            "(b) lemmas + characters, two LinearSVC": _speed(texts, lemmas, BATCH),
            "otklik, everything": _speed(texts, ours, BATCH),
            "otklik, everything, with cleaning and masking": _speed(texts, from_raw, BATCH),
        }
    )
    mean = sum(map(len, texts)) / len(texts)
    print(table(f"Classification of {len(texts)} texts, {mean:.0f} characters on average", "texts/s", figures))
    published = median(figures["(b) lemmas + characters, two LinearSVC"])
    whole = median(figures["otklik, everything, with cleaning and masking"])
    print(f"With cleaning and masking against (b): ×{whole / published:.2f}")
    alone = sorted(1000 / _speed([text], from_raw, 1)() for text in texts)
    print(f"One post alone: median {median(alone):.2f} ms, 99 % within {alone[len(alone) * 99 // 100]:.2f} ms")
    print(subprocess.run([sys.executable, "-c", _WORKER], check=True, capture_output=True, text=True).stdout.strip())


if __name__ == "__main__":
    main()
