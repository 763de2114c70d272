"""Speed of what every text goes through before and beside the model, and the worst that a hostile text costs.

    python -m benchmarks.text

Texts are invented here: words of the rules of urgency among syllables, so that some rules look twice.
"""

import random
import time
from collections.abc import Callable, Sequence

from classifier import Classifier
from classifier.places import Region
from classifier.tagline import item_of_line
from classifier.urgency import urgency
from classifier.urgency_rules import table as rules
from text import clean, language, lemmas, mask, morph

TEXTS, WORDS = 2_000, 40
ROUNDS = 5
CHANCE = random.Random(1)
SYLLABLES = [first + second for first in "бвгдклмнпрст" for second in "аеиоу"]


def _invented(count: int, words: int) -> list[str]:
    telling = sorted({word for rule in rules().rules for part in rule.parts for word in part.split()})
    common = ["".join(CHANCE.choices(SYLLABLES, k=3)) for _ in range(3_000)]
    return [
        " ".join(CHANCE.choice(telling if CHANCE.random() < 0.05 else common) for _ in range(words)) + "."
        for _ in range(count)
    ]


def _microseconds(run: Callable[[], object], count: int) -> float:
    def once() -> float:
        started = time.process_time()
        run()
        return time.process_time() - started

    return min(once() for _ in range(ROUNDS)) / count * 1e6


HOSTILE = {
    "one letter, 1 MB": "а" * 1_000_000,
    "one word, a million times": "вода " * 1_000_000,
    "digits": "1" * 1_000_000,
    "telephones": "8 912 345 67 89 " * 60_000,
    "emoji": "👍🏽" * 500_000,
    "links": "https://example.org/a?b=c " * 50_000,
    "nested HTML": "<div>" * 200_000 + "x" + "</div>" * 200_000,
    "halves of characters": "\ud83d" * 100_000,
    "right-to-left marks": "\u202eнет воды\u202c" * 50_000,
    "every byte": bytes(range(256)).decode("latin1") * 4_000,
    "towns": "Копейск Миасс Троицк Сатка " * 50_000,
    "urgent words": "запах газа " * 100_000,
    "drawn-out words": "пооомммогииите " * 100_000,
    "1,800 forms of the dictionary": " ".join(sorted(morph().dictionary.words.keys("пере"))[:80_000:44]),
    "2,200 words never seen": " ".join("".join(CHANCE.choices(SYLLABLES, k=4)) for _ in range(3_000)),
}


def _hostile(classifier: Classifier) -> dict[str, float]:
    """Milliseconds of the processor for one text, the first time it is seen."""
    found = {}
    for name, text in HOSTILE.items():
        started = time.process_time()
        classifier.classify([item_of_line({"text": text})])
        found[name] = (time.process_time() - started) * 1e3
    return found


def main() -> None:
    """Print microseconds a text, then milliseconds a hostile text."""
    texts = _invented(TEXTS, WORDS)
    words: Sequence[list[str]] = [lemmas(text) for text in texts]  # a running worker knows its words
    pairs = list(zip(texts, words, strict=True))
    print(f"{TEXTS} texts of {sum(map(len, texts)) / TEXTS:.0f} characters, µs of the processor a text")
    for name, run in (
        ("clean", lambda: [clean(text) for text in texts]),
        ("mask", lambda: [mask(text) for text in texts]),
        ("lemmas, words known", lambda: [lemmas(text) for text in texts]),
        ("language", lambda: [language(*pair) for pair in pairs]),
        ("urgency", lambda: [urgency(*pair, month=1) for pair in pairs]),
    ):
        print(f"  {name:<28} {_microseconds(run, TEXTS):>8.1f}")
    classifier = Classifier.load(region=Region.load("chelyabinsk"))
    classifier.classify([item_of_line({"text": "нет воды в Копейске, 8 912 345-67-89"})])
    print("Cleaning, masking and judging one hostile text, ms of the processor")
    for name, value in _hostile(classifier).items():
        print(f"  {name:<28} {value:>8.1f}")


if __name__ == "__main__":
    main()
