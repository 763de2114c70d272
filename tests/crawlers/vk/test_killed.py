"""A crawler killed anywhere in a visit to a wall, a board or a search loses nothing and counts nothing twice."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bus import open_bus
from schemas import Post, decode, topics
from tests.crawlers.vk.kit import WALL
from tests.simulators.vk import Community, VkSimulator, load

FORMS: dict[str, dict[str, Any]] = {
    "wall": {"wall": WALL},
    "board": {"board": WALL},
    "search": {"search": {"words": "вода"}},
}


@pytest.fixture
def community() -> Community:
    made = load(datetime.now(UTC))
    for number in range(300):
        made.add(f"Вода, дом {number}", datetime.now(UTC))
    for number in range(60):
        made.start_topic(f"Дом {number}", "Где вода?", datetime.now(UTC))
    return made


class Crawler:
    """Runs processes over one bus and one store."""

    def __init__(self, folder: Path, simulator: VkSimulator, form: str) -> None:
        settings = FORMS[form] | {"token": simulator.token, "api_url": simulator.url, "depth": 1000}
        self._bus = f"sqlite:///{folder}/bus.db"
        store = f"sqlite:///{folder}/store.db"
        self._command = [sys.executable, "-m", "tests.crawlers.vk.killed", self._bus, store, json.dumps(settings)]

    def start(self, **env: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, env=os.environ | env)

    def run(self, **env: str) -> int:
        with self.start(**env) as process:
            return process.wait(timeout=120)

    def posts(self) -> Counter[tuple[str, int]]:
        bus = open_bus(self._bus)
        try:
            found = [decode(Post, r.record.value, r.record.headers) for r in bus.read(topics.POSTS)]
        finally:
            bus.close()
        return Counter((post.id, post.revision) for post in found)


def wanted(community: Community, form: str) -> set[str]:
    if form == "board":
        return set(community.board_ids())
    if form == "wall":
        return set(community.ids())
    day = datetime.now(UTC).timestamp() - 23 * 3600  # a first search reaches back to an hour more
    return {
        f"vk:{community.owner}_{post.id}"
        for post in community.posts.values()
        if "вода" in post.text.lower() and post.date > day
    }


def goes_on_to_the_end(crawler: Crawler, community: Community, form: str) -> None:
    """Another process after the one that was killed."""
    assert crawler.run() == 0
    found = crawler.posts()
    assert wanted(community, form) <= {id_ for id_, _ in found}
    assert {revision for _, revision in found} == {0}


@pytest.mark.parametrize(("form", "crash_at"), [("board", 4), ("search", 5)])
def test_between_the_bus_and_the_cursor(
    tmp_path: Path, simulator: VkSimulator, community: Community, form: str, crash_at: int
) -> None:
    crawler = Crawler(tmp_path, simulator, form)
    assert crawler.run(OTKLIK_CRASH_AT=f"crawl.after_ack_before_cursor:{crash_at}") == -signal.SIGKILL
    assert 0 < len(crawler.posts()) < len(wanted(community, form))
    goes_on_to_the_end(crawler, community, form)


@pytest.mark.parametrize(("form", "call"), [("wall", 3), ("board", 40), ("search", 2)])
def test_between_two_pages(tmp_path: Path, simulator: VkSimulator, community: Community, form: str, call: int) -> None:
    crawler = Crawler(tmp_path, simulator, form)
    process = crawler.start()

    def kill(_method: str, _answer: dict[str, Any]) -> None:
        if len(simulator.calls) == call:
            process.kill()

    simulator.answered = kill
    assert process.wait(timeout=120) == -signal.SIGKILL
    simulator.answered = None
    goes_on_to_the_end(crawler, community, form)
