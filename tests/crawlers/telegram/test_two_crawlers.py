"""Crawlers that were given the same session: one holds it, and no two are ever connected."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bus import crashpoints, open_bus
from schemas import Post, decode, topics
from store import Holds
from tests.crawlers.harness import NAMES, World
from tests.crawlers.telegram.crawling import crawler, crawling
from tests.crawlers.telegram.site import NAME, Site
from tests.crawlers.telegram.test_live import runs, until

POINT = "crawl.after_ack_before_cursor"


def session_of(site: Site) -> str:
    return site.settings().hold


class Machine:
    """Crawler processes over one store, one bus and one session file."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.bus = f"sqlite:///{folder}/bus.db"
        self._command = [sys.executable, "-m", "tests.crawlers.telegram.crawling", self.bus]
        self._command += [f"sqlite:///{folder}/store.db", str(site.file)]
        self._stack = ExitStack()

    def start(self, *channels: str, crash_at: int | None = None) -> "subprocess.Popen[str]":
        env = os.environ | ({crashpoints.VARIABLE: f"{POINT}:{crash_at}"} if crash_at else {})
        process = self._stack.enter_context(
            subprocess.Popen(
                [*self._command, *(channels or (NAME, "zhkh_ural"))],
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
        self._stack.callback(process.kill)
        return process

    def close(self) -> None:
        self._stack.close()

    def holder(self) -> str | None:
        return Holds(self.site.here.store).holder(session_of(self.site))

    def posts(self) -> list[Post]:
        bus = open_bus(self.bus)
        try:
            bus.ensure_topics(NAMES)
            return [decode(Post, r.record.value, r.record.headers) for r in bus.read(topics.POSTS)]
        finally:
            bus.close()

    def has(self, number: int) -> bool:
        return any(post.id == f"telegram:{NAME}/{number}" for post in self.posts())


@pytest.fixture
def machine(site: Site, tmp_path: Path) -> Iterator[Machine]:
    made = Machine(site, tmp_path)
    try:
        yield made
    finally:
        made.close()


def wait(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_two_processes_with_one_session_are_never_connected_together(site: Site, machine: Machine) -> None:
    first, second = machine.start(), machine.start()
    names = {process.stdout.readline().strip(): process for process in (first, second) if process.stdout}
    for _ in range(2):
        wait(lambda: machine.holder() in names)
        post = site.channel.add("На Труда прорвало трубу")
        wait(lambda number=post.id: machine.has(number))
        holder = names.pop(str(machine.holder()))
        holder.kill()  # the other goes on once it has watched for a term that nobody renews the hold
    post = site.channel.add("Никто уже не читает")
    third = machine.start()
    wait(lambda: machine.has(post.id))
    third.send_signal(signal.SIGTERM)
    assert third.wait(30) == 0
    assert machine.holder() is None
    assert (site.simulator.together, site.simulator.duplicated) == (1, set())


@pytest.mark.parametrize("crash_at", [1, 2])
def test_a_crawler_killed_between_bus_and_cursor_loses_and_doubles_nothing(
    site: Site, machine: Machine, crash_at: int
) -> None:
    for number in range(130):
        site.channel.add(f"Новость {number}")
    # Of one channel: beside another one's visit it could be killed elsewhere, where what is on the bus comes again.
    assert machine.start(NAME, crash_at=crash_at).wait(60) == -signal.SIGKILL
    other = machine.start()
    wait(lambda: machine.has(max(site.channel.posts)))
    wait(lambda: len(runs(site)) > 0)
    other.send_signal(signal.SIGTERM)
    assert other.wait(30) == 0
    newest = {f"telegram:{NAME}/{number}" for number in sorted(site.channel.posts)[-100:]}
    found = [post.id for post in machine.posts() if post.id.startswith(f"telegram:{NAME}/")]
    assert newest <= set(found)
    assert len(found) == len(set(found))
    assert site.simulator.together == 1


def test_a_released_session_is_taken_over_at_once(site: Site) -> None:
    async def run() -> None:
        sources = [(NAME, site.settings())]
        async with crawling(site.here, sources, owner="one", term=timedelta(hours=1)):
            await until(lambda: len(runs(site)) == 1)
            async with crawling(site.here, sources, owner="two", term=timedelta(hours=1)):
                site.here.sources.force_due(NAME)
                await until(lambda: len(runs(site)) == 2)
                assert Holds(site.here.store).holder(session_of(site)) == "one"
        async with crawling(site.here, sources, owner="three", term=timedelta(hours=1)):
            site.here.sources.force_due(NAME)
            await until(lambda: len(runs(site)) == 3)

    asyncio.run(run())
    assert site.simulator.together == 1


def test_a_clock_that_jumps_hands_no_session_to_a_second_crawler(site: Site) -> None:
    site.channel.joined = True

    async def run() -> None:
        sources = [(NAME, site.settings())]
        async with crawling(site.here, sources, owner="one"), crawling(site.here, sources, owner="two"):
            await until(lambda: len(runs(site)) == 1)
            for hours in (2, -4, 1000):
                site.here.clock.forward(hours=hours)
                post = site.channel.add("Часы переведены")
                await until(lambda number=post.id: f"telegram:{NAME}/{number}" in site.posts())

    asyncio.run(run())
    assert (site.simulator.together, site.simulator.duplicated) == (1, set())


@contextmanager
def stolen(here: World, name: str) -> Iterator[None]:
    """Somebody else has the session, though it was held and renewed."""
    holds = Holds(here.store)
    taken = None
    while taken is None:
        taken = holds.take(name, "thief", timedelta())
    yield
    assert holds.release(taken)


def test_a_crawler_that_lost_its_session_disconnects_and_gives_its_sources_back(site: Site) -> None:
    async def run() -> None:
        async with crawling(site.here, [(NAME, site.settings())]):
            await until(lambda: len(runs(site)) == 1)
            site.simulator.slow = 3.0
            site.here.sources.force_due(NAME)
            calls = site.simulator.called("GetHistory")
            await until(lambda: site.simulator.called("GetHistory") > calls)
            with stolen(site.here, session_of(site)):
                await until(lambda: site.simulator.connections == 0)
                await until(lambda: site.here.sources.list()[0].lease_owner is None)
            site.simulator.slow = 0.0
            await until(lambda: len(runs(site)) == 2)

    asyncio.run(run())
    assert site.simulator.together == 1


def test_once_leaves_what_another_crawler_holds_to_it(site: Site) -> None:
    async def run() -> None:
        sources = [(NAME, site.settings())]
        async with crawling(site.here, sources, owner="one"):
            await until(lambda: len(runs(site)) == 1)
            async with crawler(site.here, sources, owner="two") as second:
                assert await second.once() == {}
                assert second.elsewhere == {NAME}
            await until(lambda: len(runs(site)) == 2)

    asyncio.run(run())
    assert site.simulator.together == 1
