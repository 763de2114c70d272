"""Whole classification in batches on one core, against a plain word and character pipeline trained in the same run.

    python -m benchmarks.classify [FOLDER OF perm.csv.gz]

The baseline gives group and topic only (TF-IDF of words and of characters, two linear SVMs); ours gives relevance,
group, topic, place, address, urgency and signature. Texts are 280 characters, already masked.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union
from sklearn.svm import LinearSVC

from benchmarks.common import alternate, table
from classifier import Classifier, Item
from classifier.places import Region
from classifier.training.data import Row, perm

TEXTS = 4_000
BATCH = 256
CHARS = 280
TRAIN_ROWS = 4_000
"""Enough for a vocabulary of the usual size; more would only make the training longer, not the prediction slower."""


def _baseline(rows: Sequence[Row]) -> Callable[[list[str]], object]:
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    features = make_union(words, characters)
    matrix = features.fit_transform([row.text for row in rows])
    group = LinearSVC().fit(matrix, [str(row.group) for row in rows])
    topic = LinearSVC().fit(matrix, [str(row.topic) for row in rows])

    def predict(texts: list[str]) -> object:
        found = features.transform(texts)
        return group.predict(found), topic.predict(found)

    return predict


def _speed(texts: Sequence[str], judge: Callable[[list[str]], object], batch: int) -> Callable[[], float]:
    def run() -> float:
        start = time.perf_counter()
        for first in range(0, len(texts), batch):
            judge(list(texts[first : first + batch]))
        return len(texts) / (time.perf_counter() - start)

    return run


def main() -> None:
    """Print texts per second."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core, threads of BLAS included
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OTKLIK_DATA", "../shared/data"))
    rows = perm(folder)
    texts = [row.text[:CHARS] for row in rows if len(row.text) >= CHARS // 2][:TEXTS]
    classifier = Classifier.load(region=Region.load("chelyabinsk"))

    def ours(batch: list[str]) -> object:
        return classifier.classify([Item(text) for text in batch])

    baseline = _baseline(rows[-TRAIN_ROWS:])
    ours(texts)  # lemmas are cached in a running worker, so they are here
    figures = alternate(
        {
            "words + characters, two LinearSVC": _speed(texts, baseline, BATCH),
            "otklik, everything": _speed(texts, ours, BATCH),
            "otklik, one by one": _speed(texts[:1000], ours, 1),
        }
    )
    mean = sum(map(len, texts)) / len(texts)
    print(table(f"Classification of {len(texts)} texts, {mean:.0f} characters on average", "texts/s", figures))


if __name__ == "__main__":
    main()
