"""Size, load, memory of the gazetteer, and how fast places are found in texts: one region and the whole country.

    python -m benchmarks.places

Texts are invented here: 40 syllabic and common words each, a name of a settlement in every third.
"""

import random
import time

import psutil

from classifier.places import Region, Table, load
from classifier.places.build import OUT
from classifier.places.match import find

TEXTS, WORDS, NAMED = 4_000, 40, 3
ROUNDS = 3
CHANCE = random.Random(1)
COMMON = [
    *("у", "нас", "во", "дворе", "снова", "нет", "воды", "и", "света", "никто", "не", "чистит", "снег", "на", "дороге"),
    *("когда", "починят", "крышу", "дома", "в", "доме", "новая"),
]
SYLLABLES = [first + second for first in "бвгдклмнпрст" for second in "аеиоу"]


def _invented(table: Table) -> list[str]:
    names = [name.name for name in table.names if name.kind in {"town", "village"}]
    words = COMMON + ["".join(CHANCE.choices(SYLLABLES, k=3)) for _ in range(200)]
    texts = [CHANCE.choices(words, k=WORDS) for _ in range(TEXTS)]
    for text in texts[::NAMED]:
        text.insert(CHANCE.randrange(WORDS), f"в {CHANCE.choice(names)}")
    return [" ".join(text) for text in texts]


def _per_second(table: Table, texts: list[str]) -> float:
    def once() -> float:
        started = time.process_time()
        for text in texts:
            find(text, table)
        return len(texts) / (time.process_time() - started)

    return max(once() for _ in range(ROUNDS))


def main() -> None:
    process = psutil.Process()
    find("Мотовилиха", Region.load("perm").table)  # the dictionary of words is the classifier's, not ours
    print(f"file {OUT.stat().st_size / 1e6:.2f} MB")
    before = process.memory_info().rss
    started = time.process_time()
    table = load(OUT)
    words = len(table.index)
    took = time.process_time() - started
    print(
        f"load of all Russia {took:.2f} s, {(process.memory_info().rss - before) / 1e6:.0f} MB, {words:,} first words"
    )
    texts = _invented(load())  # by another table: this one's memory is measured
    before = process.memory_info().rss
    for text in texts:
        find(text, table)
    print(f"names decoded by {len(texts):,} texts {(process.memory_info().rss - before) / 1e6:.0f} MB more")
    for name, one in (("perm", Region.load("perm").table), ("chelyabinsk", Region.load("74").table), ("Russia", table)):
        speed = _per_second(one, _invented(one))
        print(f"{name:<12} {speed:>8,.0f} texts/s")


if __name__ == "__main__":
    main()
