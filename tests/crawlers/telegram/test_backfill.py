"""Back-fills and a running crawler take turns with one account, and no two are ever connected."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bus import crashpoints
from crawlers.backfill import Run
from crawlers.telegram.session import VARIABLE
from crawlers.telegram.settings import TelegramSettings
from schemas import topics
from store import Holds
from tests.crawlers.harness import World, world
from tests.crawlers.past import SINCE, UNTIL, Channel, Collecting, channel, new_key, planned
from tests.crawlers.telegram.test_live import until
from tests.crawlers.telegram.test_two_crawlers import stolen, wait


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, f"sqlite:///{tmp_path}/bus.db") as made:
        yield made


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Channel]:
    key = new_key()
    monkeypatch.setenv(VARIABLE, key)
    with channel(tmp_path, key) as made:
        yield made


def hold_of(one: Channel) -> str:
    return TelegramSettings.model_validate(one.settings).hold


class Processes:
    """A crawler and back-fills over one store, one bus and one session file."""

    def __init__(self, here: World, one: Channel, folder: Path) -> None:
        self.here = here
        self.one = one
        self._urls = [f"sqlite:///{folder}/bus.db", f"sqlite:///{folder}/store.db"]

    def crawler(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.crawlers.telegram.crawling", *self._urls]
        command += [str(self.one.settings["session"]), self.one.channel.name]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True)

    def backfill(self, crash_at: int | None = None) -> "subprocess.Popen[str]":
        """It leaves what is free to the crawler for longer than that needs to look for it."""
        env = os.environ | ({crashpoints.VARIABLE: f"crawl.after_cursor:{crash_at}"} if crash_at else {})
        command = [sys.executable, "-m", "tests.crawlers.past", *self._urls, "telegram", json.dumps(self.one.settings)]
        command += [SINCE.isoformat(), UNTIL.isoformat(), "right", "10"]
        return subprocess.Popen(command, env=env, text=True)

    def fresh(self) -> int:
        """Wait until a new post was collected by the crawler; how many visits there were."""
        post = self.one.channel.add("Снова нет света")
        id_ = f"telegram:{self.one.channel.name}/{post.id}"
        wait(lambda: any(found.id == id_ for found in self.here.posts()))
        return len(self.here.sources.runs("ryadom"))


def test_a_running_crawler_and_a_back_fill_both_do_their_work(here: World, one: Channel, tmp_path: Path) -> None:
    processes = Processes(here, one, tmp_path)
    crawler = processes.crawler()
    killed = finished = None
    try:
        before = processes.fresh()
        killed = processes.backfill(crash_at=5)
        assert killed.wait(60) == -signal.SIGKILL
        assert processes.fresh() > before  # the crawler took over what the dead one had
        finished = processes.backfill()
        meanwhile = 0
        while finished.poll() is None:
            processes.fresh()
            meanwhile += 1
        assert finished.returncode == 0
        assert meanwhile >= 5
        processes.fresh()
        crawler.send_signal(signal.SIGTERM)
        assert crawler.wait(30) == 0
    finally:
        for process in (crawler, killed, finished):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
    history = [post.id for post in here.posts(topics.HISTORY)]
    found = Counter(history + [post.id for post in here.posts()])
    assert one.ids() <= set(found)
    assert len(history) > 100
    assert set(found.values()) == {1}
    assert (one.simulator.together, one.simulator.duplicated) == (1, set())
    assert Holds(here.store).holder(hold_of(one)) is None


def test_one_that_lost_the_account_disconnects_and_goes_on_when_it_can(here: World, one: Channel) -> None:
    async def steal(_: object, over: asyncio.Event) -> None:
        await until(lambda: one.simulator.called("GetReplies") > 0)
        one.simulator.slow = 1.0
        with stolen(here, hold_of(one)):
            await until(lambda: one.simulator.connections == 0)
            one.simulator.slow = 0.0
            calls = len(one.simulator.calls)
            await asyncio.sleep(0.5)  # less than what nobody renews is watched for
            assert len(one.simulator.calls) == calls
        assert not over.is_set()

    result = asyncio.run(Collecting(here, planned(one.kind, one.settings)).run(beside=steal))
    assert result.finished
    assert sorted(post.id for post in here.posts(topics.HISTORY)) == sorted(one.ids())
    assert one.simulator.together == 1


def test_one_that_is_stopped_while_it_waits_wants_the_account_no_more(here: World, one: Channel) -> None:
    holds = Holds(here.store)
    hold = holds.take(hold_of(one), "crawler", timedelta(minutes=1))
    assert hold is not None
    running: list[Run] = []

    async def wanted(_: object, over: asyncio.Event) -> None:
        while not await asyncio.to_thread(holds.wanted, hold):
            assert await asyncio.to_thread(holds.renew, hold)
            await asyncio.sleep(0.1)
        running[0].stop()
        await over.wait()

    collecting = Collecting(here, planned(one.kind, one.settings))
    result = asyncio.run(collecting.run(ready=running.append, beside=wanted))
    assert result.stopped
    assert not holds.wanted(hold)
    assert one.simulator.calls == []
