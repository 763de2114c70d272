"""What the checks of the store run on: a database, a clock and the implementation under test."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from store import Backfills, Holds, Outbox, Quotas, Sources, Store, Versions

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def move(self, by: timedelta) -> None:
        self.time += by


@dataclass
class Kit:
    """A database and the implementation under test."""

    url: str
    sources: type[Sources] = Sources
    holds: type[Holds] = Holds
    versions: type[Versions] = Versions
    quotas: type[Quotas] = Quotas
    outbox: type[Outbox] = Outbox
    backfills: type[Backfills] = Backfills
    clock: Clock = field(default_factory=Clock)
    stores: list[Store] = field(default_factory=list)

    def open(self, now: Callable[[], datetime] | None = None) -> Store:
        """As a newly started process would."""
        store = Store(self.url, now or self.clock)
        self.stores.append(store)
        return store

    def live(self) -> Store:
        return self.open(real_now)

    def apart(self) -> "Kit":
        """The same for another process."""
        return Kit(self.url, self.sources, self.holds, self.versions, self.quotas, self.outbox, self.backfills)

    def close(self) -> None:
        for store in self.stores:
            store.close()


def real_now() -> datetime:
    return datetime.now(UTC)


CHECKS: list[Callable[[Kit], None]] = []


def check(function: Callable[[Kit], None]) -> Callable[[Kit], None]:
    CHECKS.append(function)
    return function


def in_processes(work: Callable[[Kit, str, Any], None], kit: Kit, count: int) -> list[Any]:
    spawn = multiprocessing.get_context("spawn")
    answers: Any = spawn.Queue()
    processes = [spawn.Process(target=work, args=(kit.apart(), f"p{n}", answers)) for n in range(count)]
    for process in processes:
        process.start()
    try:
        found = [answers.get(timeout=60) for _ in processes]
    finally:
        for process in processes:
            process.join(timeout=60)
        answers.close()
    assert [process.exitcode for process in processes] == [0] * count
    return found
