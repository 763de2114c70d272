"""The role `classify` over a real Kafka against the classifier alone: `python -m benchmarks.worker [DATA FOLDER]`.

Both judge the same posts in batches of the same size; the worker also polls, decodes, publishes what it found with
acks=all, and commits. Time is the wall's. The broker runs on the same machine.
"""

import os
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.common import alternate, table
from bus import Received, Record, open_bus
from bus.worker import BATCH, Worker
from classifier import Classifier, item_of
from classifier.places import Region
from classifier.training.data import perm
from otklik.roles.classify import ClassifyStep
from schemas import Post, headers, topics
from tests.servers import KafkaServer

POSTS, CHARS = 5_000, 280
PARTITIONS = 4


def _posts(folder: Path) -> list[Post]:
    now = datetime.now(UTC)
    rows = [row for row in perm(folder) if len(row.text) >= CHARS // 2][:POSTS]
    return [
        Post(id=f"vk:-1_{n}", source=f"source-{n % 50}", published=now, collected=now, text=row.text[:CHARS])
        for n, row in enumerate(rows)
    ]


class _Counted(ClassifyStep):
    """Stops its worker after so many records."""

    worker: Worker
    left = 0
    started = 0.0

    def process(self, records: Sequence[Received]) -> None:
        self.started = self.started or time.perf_counter()
        super().process(records)
        self.left -= len(records)
        if self.left <= 0:
            self.worker.stop()


def _run_worker(url: str, classifier: Classifier, total: int, journal: Path) -> float:
    with closing(open_bus(url)) as bus:
        step = _Counted(classifier, bus)
        step.left = total
        step.worker = Worker(bus, [topics.POSTS], uuid.uuid4().hex, step, name="bench", journal=journal)
        step.worker.run()
        return total / (time.perf_counter() - step.started)


def _run_alone(classifier: Classifier, posts: Sequence[Post]) -> float:
    started = time.perf_counter()
    for first in range(0, len(posts), BATCH):
        classifier.classify([item_of(post) for post in posts[first : first + BATCH]])
    return len(posts) / (time.perf_counter() - started)


def main() -> None:
    """Print posts per second."""
    posts = _posts(Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OTKLIK_DATA", "../shared/data")))
    classifier = Classifier.load(region=Region.load("chelyabinsk"))
    _run_alone(classifier, posts)  # a running worker knows its words
    with tempfile.TemporaryDirectory() as folder:
        server = KafkaServer(Path(folder) / "kafka")
        server.start()
        try:
            with closing(open_bus(server.url)) as bus:
                bus.ensure_topics({topics.POSTS: PARTITIONS, topics.TAGGED: PARTITIONS})
                records = [Record(post.source, post.encode(), post.published, headers(Post)) for post in posts]
                for first in range(0, len(records), BATCH):
                    bus.publish(topics.POSTS, records[first : first + BATCH])
            journal = Path(folder) / "journal"
            figures = alternate(
                {
                    "the classifier alone": lambda: _run_alone(classifier, posts),
                    "the role over Kafka": lambda: _run_worker(server.url, classifier, len(posts), journal),
                }
            )
        finally:
            server.stop()
    print(table(f"{len(posts)} posts of up to {CHARS} characters, batches of {BATCH}", "posts/s", figures))


if __name__ == "__main__":
    main()
