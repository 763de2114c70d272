"""The process that the crash tests kill: a worker whose effects are rows of a SQLite file.

    python -m tests.bus.crash_worker BUS_URL TOPIC FOLDER [--swapped]

It ends by itself once the topic is worked off. An effect is idempotent: applying a record again changes nothing but
`times`. A record with the value `poison` kills the process. `--swapped` commits before the effect, which is wrong.
"""

import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bus import Bus, Received
from bus.kafka import KafkaBus
from bus.sqlite import SqliteBus
from bus.worker import Worker
from tests.bus.benches import LEASE

GROUP = "effects"


class Apply:
    def __init__(self, path: Path) -> None:
        self._path = path

    def process(self, records: Sequence[Received]) -> None:
        with closing(sqlite3.connect(self._path)) as db, db:
            db.execute("CREATE TABLE IF NOT EXISTS effects (id TEXT PRIMARY KEY, times INTEGER NOT NULL)")
            for received in records:
                if received.record.value == b"poison":
                    os.kill(os.getpid(), signal.SIGKILL)
                if received.record.value == b"hopeless":
                    raise ValueError("hopeless")
                db.execute(
                    "INSERT INTO effects VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET times = times + 1",
                    (received.record.headers["n"],),
                )


class Swapped(Worker):
    """Commits first: what a crash then takes away never comes again."""

    def _work(self, records: list[Received]) -> None:
        self._consumer.commit({r.at: r.offset + 1 for r in records})
        super()._work(records)


def short_leased(url: str) -> Bus:
    """As `open_bus`, but a dead member's partitions are free after `LEASE`, and not only after 10 s."""
    if url.startswith("kafka://"):
        return KafkaBus(url.removeprefix("kafka://"), session=LEASE)
    return SqliteBus(Path(url.removeprefix("sqlite:///")), lease=LEASE)


def main() -> None:
    url, topic, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    bus = short_leased(url)
    kind = Swapped if "--swapped" in sys.argv else Worker
    worker = kind(
        bus, [topic], GROUP, Apply(folder / "effects.db"), name="crash", journal=folder / "journal", batch=10,
        poll_timeout=0.2, chance=lambda: 0.0,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())

    def watch() -> None:
        while any(bus.group_lag(topic, GROUP).values()):
            time.sleep(0.3)
        worker.stop()

    threading.Thread(target=watch, daemon=True).start()
    worker.run()
    bus.close()


if __name__ == "__main__":
    main()
