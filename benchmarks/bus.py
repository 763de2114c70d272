"""How fast the buses are: `python -m benchmarks.bus [kafka|sqlite|latency]`.

Kafka: the worker loop with an empty step against kafka-python alone, same batch size, same commits.
SQLite: one process publishes and another consumes and commits at the same time, synchronous=FULL.
"""

import multiprocessing
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from kafka import KafkaConsumer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from benchmarks.common import alternate, table
from bus import Received, Record, open_bus
from bus.worker import BATCH, Worker
from tests.servers import KafkaServer

COUNT = 40_000
SIZE = 1_000
"""Bytes of a value: a tagged post of 300 characters is about that."""
TOPIC = "bench"
PARTITIONS = 4


def batches(count: int = COUNT) -> list[list[Record]]:
    now = datetime.now(UTC)
    return [
        [Record(f"source-{n % 50}", bytes(SIZE), now, {"schema": "post/1"}) for n in range(start, start + BATCH)]
        for start in range(0, count, BATCH)
    ]


class EmptyStep:
    def __init__(self, enough: int) -> None:
        self.left = enough
        self.started = 0.0
        self.worker: Worker | None = None

    def process(self, records: Sequence[Received]) -> None:
        self.started = self.started or time.perf_counter()
        self.left -= len(records)
        if self.left <= 0 and self.worker is not None:
            self.worker.stop()


def run_worker(url: str, total: int, journal: Path) -> float:
    """Records per second from the first batch to the last commit."""
    with closing(open_bus(url)) as bus:
        step = EmptyStep(total)
        step.worker = Worker(bus, [TOPIC], uuid.uuid4().hex, step, name="bench", journal=journal)
        step.worker.run()
        return total / (time.perf_counter() - step.started)


def run_kafka_python(bootstrap: str, total: int) -> float:
    consumer = KafkaConsumer(
        TOPIC, bootstrap_servers=bootstrap, group_id=uuid.uuid4().hex, enable_auto_commit=False,
        auto_offset_reset="earliest", partition_assignment_strategy=[CooperativeStickyAssignor],
        max_partition_fetch_bytes=4_000_000, fetch_max_bytes=16_000_000, metrics_enabled=False,
    )  # fmt: skip
    left, started = total, 0.0
    while left > 0:
        batch = consumer.poll(timeout_ms=1000, max_records=BATCH)
        if batch:
            started = started or time.perf_counter()
            left -= sum(len(messages) for messages in batch.values())
            consumer.commit()
    speed = total / (time.perf_counter() - started)
    consumer.close()
    return speed


def kafka() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = KafkaServer(Path(folder) / "kafka")
        server.start()
        try:
            sent = batches()
            total = sum(map(len, sent))
            with closing(open_bus(server.url)) as bus:
                bus.ensure_topics({TOPIC: PARTITIONS})
                bus.publish(TOPIC, sent[0][:1])
                started = time.perf_counter()
                for batch in sent:
                    bus.publish(TOPIC, batch)
                print(f"Kafka {server.version}: published {total / (time.perf_counter() - started):,.0f} records/s")
            journal = Path(folder) / "journal"
            figures = alternate(
                {
                    "kafka-python alone": lambda: run_kafka_python(server.bootstrap, total),
                    "worker loop, empty step": lambda: run_worker(server.url, total, journal),
                }
            )
        finally:
            server.stop()
    print(table(f"Kafka, consumed in batches of {BATCH}, commit after each", "records/s", figures))


def _publish(path: str) -> None:
    with closing(open_bus(f"sqlite:///{path}")) as bus:
        for batch in batches():
            bus.publish(TOPIC, batch)


def run_sqlite() -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/bus.db"
        total = sum(map(len, batches()))
        with closing(open_bus(f"sqlite:///{path}")) as bus:
            bus.ensure_topics({TOPIC: PARTITIONS})
        publisher = multiprocessing.get_context("spawn").Process(target=_publish, args=(path,))
        publisher.start()
        speed = run_worker(f"sqlite:///{path}", total, Path(folder) / "journal")
        publisher.join()
        return speed


def sqlite() -> None:
    figures = alternate({"in and out, two processes": run_sqlite})
    print(table(f"SQLite, synchronous=FULL, batches of {BATCH}", "records/s", figures))


def _publish_slowly(path: str) -> None:
    with closing(open_bus(f"sqlite:///{path}")) as bus:
        for _ in range(100):
            time.sleep(0.05)
            bus.publish(TOPIC, [Record("k", b"%f" % time.time(), datetime.now(UTC))])


def latency() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/bus.db"
        with closing(open_bus(f"sqlite:///{path}")) as bus:
            bus.ensure_topics({TOPIC: PARTITIONS})
            publisher = multiprocessing.get_context("spawn").Process(target=_publish_slowly, args=(path,))
            publisher.start()
            late: list[float] = []
            with closing(bus.consume([TOPIC], "g")) as consumer:
                while len(late) < 100:
                    late += [time.time() - float(r.record.value) for r in consumer.poll(10, 5)]
            publisher.join()
    late.sort()
    print(f"SQLite, publish to poll: median {median(late) * 1000:.0f} ms, 95 % {late[94] * 1000:.0f} ms")


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["sqlite", "latency", "kafka"]
    for name in wanted:
        {"kafka": kafka, "sqlite": sqlite, "latency": latency}[name]()
