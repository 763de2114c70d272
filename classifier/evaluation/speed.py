"""Size of the shipped model, time to load it, and how fast it judges topics and relevance on one core."""

import time
from collections.abc import Mapping
from typing import Any

from classifier.evaluation.sections import Given, Section, rows
from classifier.model import Model, shipped
from classifier.training.data import perm

TEXTS = 3_000
BATCH = 64
TURNS = 3


def measure(given: Given) -> dict[str, Any]:
    """Medians of a few turns. The whole classification against its rival: `make bench`."""
    given.told("Скорость")
    lemmas = [row.lemmas for row in perm(given.folder)[:TEXTS]]
    loads, turns = [], []
    for _ in range(TURNS):
        start = time.perf_counter()
        model = Model.load()
        loads.append(time.perf_counter() - start)
        model.judge(lemmas)
        start = time.perf_counter()
        for first in range(0, len(lemmas), BATCH):
            model.judge(lemmas[first : first + BATCH])
        turns.append(len(lemmas) / (time.perf_counter() - start))
    return {
        "bytes": len(shipped().read_bytes()),
        "load_seconds": sorted(loads)[TURNS // 2],
        "lemmas_to_topics_per_second": sorted(turns)[TURNS // 2],
    }


def show(found: Mapping[str, Any]) -> str:
    """A table."""
    return rows(
        ("what", "figure"),
        [
            ("model's file", f"{found['bytes'] / 1e6:.1f} MB"),
            ("load", f"{found['load_seconds']:.2f} s"),
            (
                "relevance and topics of lemmatised texts, batches of 64",
                f"{found['lemmas_to_topics_per_second']:.0f} /s",
            ),
        ],
    )


SECTION = Section("speed", "Speed and size", measure, show)
