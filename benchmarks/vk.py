"""What one service key gives through the real collector and runner: `python -m benchmarks.vk`.

Two questions, both against the simulator over HTTP, whose answers take 150 ms, with store and bus in SQLite files:

- *rate*: eight walls with more comments than can be read. How much of the key's 5 calls a second is used while there is
  work, and does any sliding second at the simulator hold a call more?
- *refresh*: 300 communities, in one of which somebody writes a comment every half second. How long does it take to come
  round to each of them, beside the arithmetic optimum: 300 x the calls a visit took / 5 calls a second?
"""

import argparse
import asyncio
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

from benchmarks.quotas import busiest, rate
from bus import open_bus
from crawlers.base import Source
from crawlers.context import Context, Quotas, Uncounted
from crawlers.net import Http, LocalSlots
from crawlers.plan import Planned, source_rows
from crawlers.runner import Runner
from crawlers.schedule import Every
from crawlers.vk.collector import VkCollector
from crawlers.vk.settings import VkSettings
from crawlers.vk.tokens import PER_SECOND
from intake import Intake
from schemas import topics
from store import Forgotten, Sources, Store, Versions
from store import Quotas as Ledger
from tests.simulators.vk import Community, VkSimulator
from text import AuthorHasher

ANSWER = 0.15
LIMIT = PER_SECOND["service"]
COMMUNITIES = 300
WRITE_EVERY = 0.5
"""Seconds: about half the visits find something new, so that both methods are used."""
MIN_USED = 0.9
"""Of the rate."""
MAX_RATIO = 1.1
"""Of the achieved refresh interval to the optimum. The ledger alone costs 1.08 (docs/quotas.md)."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Machine:
    """A store, a bus and the sources that one crawler process visits."""

    store: Store
    bus: Any
    simulator: VkSimulator
    communities: Sequence[Community]

    def __post_init__(self) -> None:
        self.sources = Sources(self.store)
        self.intake = Intake(
            self.bus,
            Versions(self.store),
            Forgotten(self.store),
            AuthorHasher(b"a key of thirty-two bytes, bench"),
            utc_now,
        )
        common = {"token": self.simulator.token, "api_url": self.simulator.url}
        self.planned = [
            Planned(
                Source(f"vk-{one.id}", VkSettings.model_validate({"wall": f"-{one.id}", **common}), None, "UTC"),
                "vk",
                Every(timedelta(seconds=1)),  # always due: the key's rate is what limits them
            )
            for one in self.communities
        ]

    async def crawl(self, quotas: Quotas, seconds: float | None = None) -> None:
        """Visit every source once, or all of them again and again for so long."""
        async with Http(user_agent="Otklik/bench", now=utc_now) as http:
            context = Context(http, "Otklik/bench", utc_now, LocalSlots(utc_now), quotas)
            collector = VkCollector(context)
            self.sources.sync(source_rows(self.planned, {"vk": collector}))
            runner = Runner(
                self.planned,
                {"vk": collector},
                sources=self.sources,
                intake=self.intake,
                bus=self.bus,
                now=utc_now,
                owner="bench",
                grace=0,
            )
            if seconds is None:
                await runner.once()
            else:
                asyncio.get_running_loop().call_later(seconds, runner.stop)
                await runner.run()
            await collector.close()

    def visits(self, since: datetime) -> Counter[str]:
        """Visits that ended after `since`, by source."""
        found: Counter[str] = Counter()
        for one in self.planned:
            found[one.source.id] = sum(run.finished >= since for run in self.sources.runs(one.source.id, 1_000))
        return found


@contextmanager
def machine(communities: Sequence[Community]) -> Iterator[Machine]:
    with tempfile.TemporaryDirectory() as folder, VkSimulator(communities) as simulator:
        store = Store(f"sqlite:///{folder}/store.db")
        store.upgrade()
        bus = open_bus(f"sqlite:///{folder}/bus.db")
        bus.ensure_topics({topics.POSTS: 2, topics.HISTORY: 1, topics.REACH: 1, topics.SOURCES: 1})
        try:
            yield Machine(store, bus, simulator, communities)
        finally:
            bus.close()
            store.close()


def community(number: int, posts: int, comments: int) -> Community:
    """With posts of the last minutes, whose comments are read at once when there are more of them."""
    made = Community(number, f"town{number}", f"Город {number}")
    at = utc_now() - timedelta(minutes=3)
    for one in range(posts):
        post = made.add(f"На улице {one} опять яма", at)
        for other in range(comments):
            made.comment(post, f"И у нас, дом {other}", at)
    return made


@contextmanager
def writing(communities: Sequence[Community]) -> Iterator[None]:
    """Meanwhile, residents write: under the first post of one community after the other."""
    done = threading.Event()

    def write() -> None:
        for one in cycle(communities):
            if done.wait(WRITE_EVERY):
                return
            one.comment(one.posts[1], "Так и не засыпали", utc_now())

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def measure_rate(seconds: float) -> None:
    """More work than fits: eight walls of 100 posts with a comment each."""
    with machine([community(number, 100, 1) for number in range(1, 9)]) as made:
        made.simulator.slow = ANSWER
        asyncio.run(made.crawl(Ledger(made.store), seconds))
        arrivals = made.simulator.arrivals[made.simulator.token]
        used = rate(arrivals, LIMIT) / LIMIT
        print(
            f"rate: {len(arrivals)} calls, {rate(arrivals, LIMIT):.2f}/s of {LIMIT} ({used:.1%}, wanted >= "
            f"{MIN_USED:.0%}), busiest second {busiest(arrivals)} (allowed {LIMIT})"
        )


def measure_refresh(count: int, seconds: float) -> None:
    """Everything has been read once; then comments come in."""
    with machine([community(number, 3, 2) for number in range(1, count + 1)]) as made:
        asyncio.run(made.crawl(Uncounted(utc_now)))
        made.simulator.slow = ANSWER
        calls_before, since, start = len(made.simulator.calls), utc_now(), time.monotonic()
        with writing(made.communities):
            asyncio.run(made.crawl(Ledger(made.store), seconds))
        elapsed = time.monotonic() - start
        by_method = Counter(name for name, _ in made.simulator.calls[calls_before:])
        calls = sum(by_method.values())
        visits = made.visits(since)
        per_visit = calls / visits.total()
        achieved, optimum = count * elapsed / visits.total(), count * per_visit / LIMIT
        arrivals = made.simulator.arrivals[made.simulator.token][calls_before:]
        print(
            f"refresh: {count} communities, {visits.total()} visits, {calls} calls in {elapsed:.0f} s "
            f"({', '.join(f'{name} {number}' for name, number in sorted(by_method.items()))}; {per_visit:.2f} a visit)"
        )
        print(
            f"  each every {achieved:.1f} s; optimum {optimum:.1f} s; x{achieved / optimum:.3f}, "
            f"wanted <= {MAX_RATIO}; visits per community {min(visits.values())} to {max(visits.values())}; "
            f"busiest second {busiest(arrivals)}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="of the first measurement")
    parser.add_argument("--refresh-seconds", type=float, default=150)
    parser.add_argument("--communities", type=int, default=COMMUNITIES)
    arguments = parser.parse_args()
    measure_rate(arguments.seconds)
    measure_refresh(arguments.communities, arguments.refresh_seconds)


if __name__ == "__main__":
    main()
