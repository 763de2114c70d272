"""The buses that the conformance suite runs on, as benches."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from bus import Bus
from bus.kafka import KafkaBus
from bus.memory import MemoryBus, MemoryLog
from bus.sqlite import SqliteBus

LEASE = timedelta(seconds=4)
"""Short, so that a death is noticed while the test still waits; longer than a busy machine keeps a thread from its
heartbeat: 1.5 s were not."""
ROOT = Path(__file__).resolve().parent.parent.parent


class MemoryBench:
    prunes = True

    def __init__(self) -> None:
        self.log = MemoryLog()

    def bus(self) -> Bus:
        return MemoryBus(self.log)

    def die(self, topics: Sequence[str], group: str, polled: int) -> None:
        consumer = self.bus().consume(topics, group)
        assert len(consumer.poll(polled, 1)) == polled
        del consumer  # nobody holds it: dead


class ProcessBench:
    """A bus that other processes can reach, so a member can really be killed."""

    prunes = True
    make: str
    """Python that makes the bus, in the process that will die."""

    def bus(self) -> Bus:
        raise NotImplementedError

    def die(self, topics: Sequence[str], group: str, polled: int) -> None:
        program = f"""
import sys, time
from datetime import timedelta
from pathlib import Path
from bus.kafka import KafkaBus
from bus.sqlite import SqliteBus
consumer = {self.make}.consume({list(topics)!r}, {group!r})
got = []
while len(got) < {polled}:
    got += consumer.poll(100, 0.2)
print("polled", flush=True)
time.sleep(600)
"""
        with subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ)
        ) as process:
            assert process.stdout is not None
            try:
                assert process.stdout.readline() == "polled\n"
            finally:
                process.send_signal(signal.SIGKILL)


class SqliteBench(ProcessBench):
    def __init__(self, folder: Path) -> None:
        self._path = folder / "bus.db"
        self.make = f"SqliteBus(Path({str(self._path)!r}), lease=timedelta(seconds={LEASE.total_seconds()}))"

    def bus(self) -> Bus:
        return SqliteBus(self._path, lease=LEASE)


class KafkaBench(ProcessBench):
    prunes = False

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self.make = f"KafkaBus({bootstrap!r}, session=timedelta(seconds={LEASE.total_seconds()}))"

    def bus(self) -> Bus:
        return KafkaBus(self._bootstrap, session=LEASE)
