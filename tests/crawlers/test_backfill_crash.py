"""A back-fill killed between acknowledgement and cursor, or between two pages, ends like one that lived."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus import open_bus
from crawlers.telegram.session import VARIABLE
from schemas import Post, decode, topics
from store import Backfills, Store
from tests.crawlers.past import SINCE, UNTIL, Past, new_key, past


@pytest.fixture(params=["vk", "api", "web", "news"])
def one(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Past]:
    key = new_key()
    monkeypatch.setenv(VARIABLE, key)
    with past(request.param, tmp_path, key) as made:
        yield made


class Processes:
    """One after another they collect one past, over one bus and one store."""

    def __init__(self, folder: Path, one: Past, order: str = "right") -> None:
        self.bus = f"sqlite:///{folder}/bus.db"
        self.store = f"sqlite:///{folder}/store.db"
        self._command = [sys.executable, "-m", "tests.crawlers.past", self.bus, self.store, one.kind]
        self._command += [json.dumps(one.settings), SINCE.isoformat(), UNTIL.isoformat(), order]

    def run(self, crash_at: str = "") -> int:
        """One process to its end; its exit status, negative for a signal."""
        env = os.environ | ({"OTKLIK_CRASH_AT": crash_at} if crash_at else {})
        return subprocess.run(self._command, env=env, timeout=120, check=False).returncode

    def posts(self) -> Counter[tuple[str, int]]:
        """(id, revision) of all that stands on the topic of history."""
        bus = open_bus(self.bus)
        try:
            found = [decode(Post, r.record.value, r.record.headers) for r in bus.read(topics.HISTORY)]
        finally:
            bus.close()
        return Counter((post.id, post.revision) for post in found)

    def finished(self) -> bool:
        store = Store(self.store)
        try:
            (state,) = Backfills(store).list()
        finally:
            store.close()
        return state.finished is not None


def test_killed_again_and_again_it_collects_the_same(one: Past, tmp_path: Path) -> None:
    processes = Processes(tmp_path, one)
    for crash_at in ("crawl.after_ack_before_cursor:1", "crawl.after_cursor:2", "crawl.after_ack_before_cursor:3"):
        assert processes.run(crash_at) == -signal.SIGKILL
        assert not processes.finished()
    assert processes.run() == 0
    assert processes.finished()
    assert processes.posts() == Counter(dict.fromkeys(((id_, 0) for id_ in one.ids()), 1))


def test_the_two_steps_swapped_are_seen_to_lose_posts(tmp_path: Path) -> None:
    with past("web", tmp_path, "") as one:
        processes = Processes(tmp_path, one, "swapped")
        assert processes.run("crawl.after_cursor:3") == -signal.SIGKILL
        assert processes.run() == 0
        assert one.ids() - {id_ for id_, _ in processes.posts()}
