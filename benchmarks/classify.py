"""Whole classification in batches on one core, against two plain pipelines trained in the same run.

    python -m benchmarks.classify [FOLDER OF perm.csv.gz]

The plain ones give group and topic only (TF-IDF of words and of 2 to 5 letters, two linear SVMs), one on words as
written, the other on pymorphy3's lemmas, as the published figures of this data set were made; ours gives relevance,
group, topic, place, address, urgency and signature, once on masked texts and once with cleaning and masking from the
raw text. Which of the two judges better is in docs/evaluation.md. Texts are 280 characters. At the end: load time and
memory of a worker.
"""

import gc
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles

from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from benchmarks.common import alternate, table
from classifier import Classifier, Item
from classifier.evaluation.rivals import word_and_character_features
from classifier.places import Region
from classifier.training.data import Row, perm
from text import clean, lemmas, mask

TEXTS = 2_000
BATCH = 256
CHARS = 280
WRITTEN = "words as written + characters, two LinearSVC"
PUBLISHED = "published: lemmas + characters, two LinearSVC"
WHOLE = "otklik, everything, with cleaning and masking"
HOSTILE = {
    name: (unit * 20_000)[:20_000]
    for name, unit in {
        "one word": "вода ",
        "houses": "ул. Ленина, д. 5, ",
        "places": "Копейск Миасс ",
        "digits": "7 ",
        "letters without a space": "а",
        "sentences": "Нет воды на Ленина! ",
    }.items()
}
FEW_STEPS = 5
"""Of a plain solver: what prediction costs depends on its vocabulary and labels, not on how well it fits. It is
trained on all rows, as those with the F1 of docs/evaluation.md is."""


def _lemmatised(text: str) -> str:
    return " ".join(lemmas(text))


def _plain(rows: Sequence[Row], features: FeatureUnion) -> Callable[[list[str]], object]:
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


def _milliseconds(judge: Callable[[list[str]], object], text: str) -> float:
    start = time.process_time()
    judge([text])
    return 1000 * (time.process_time() - start)


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
    gc.freeze()  # as the role does

    def ours(batch: list[str]) -> object:
        return classifier.classify([Item(text) for text in batch])

    def from_raw(batch: list[str]) -> object:
        return ours([mask(clean(text)) for text in batch])

    written = _plain(rows, word_and_character_features())
    lemmatised = word_and_character_features()
    lemmatised.transformer_list[0][1].set_params(preprocessor=_lemmatised)
    published = _plain(rows, lemmatised)
    ours(texts)  # lemmas are cached in a running worker, so they are here
    figures = alternate(
        {
            WRITTEN: _speed(texts, written, BATCH),
            PUBLISHED: _speed(texts, published, BATCH),
            "otklik, everything": _speed(texts, ours, BATCH),
            WHOLE: _speed(texts, from_raw, BATCH),
        }
    )
    mean = sum(map(len, texts)) / len(texts)
    print(table(f"Classification of {len(texts)} texts, {mean:.0f} characters on average", "texts/s", figures))
    for plain in (WRITTEN, PUBLISHED):
        print(f"{WHOLE}: {median(figures[WHOLE]) / median(figures[plain]):.1f} times {plain}")
    alone = quantiles([_milliseconds(ours, text) for text in texts[:1000]], n=100)
    print(f"One post alone: median {alone[49]:.2f} ms, 99th percentile {alone[98]:.2f} ms")
    for name, text in HOSTILE.items():
        print(f"20,000 characters, {name}: {min(_milliseconds(from_raw, text) for _ in range(3)):.0f} ms")
    print(f"Load of the machine: {os.getloadavg()[0]:.1f}")
    print(subprocess.run([sys.executable, "-c", _WORKER], check=True, capture_output=True, text=True).stdout.strip())


if __name__ == "__main__":
    main()
