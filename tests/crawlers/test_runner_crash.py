"""A crawler killed between the bus's acknowledgement and the cursor loses nothing and counts nothing twice."""

import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bus import open_bus
from schemas import Post, decode, topics
from store import Sources, Store
from tests.servers import KafkaServer
from tests.simulators.vk import Community, VkSimulator, load

POINT = "crawl.after_ack_before_cursor"


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def bus_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bus.db"
    server: KafkaServer = request.getfixturevalue("kafka_server")
    return server.url


@pytest.fixture
def wall() -> Iterator[tuple[VkSimulator, Community]]:
    community = load(datetime.now(UTC))
    with VkSimulator([community]) as simulator:
        yield simulator, community


class Crawler:
    """Runs crawler processes over one bus, one store and one wall."""

    def __init__(self, bus_url: str, folder: Path, api: str, order: str = "right") -> None:
        self.bus_url = bus_url
        self.store_url = f"sqlite:///{folder}/store.db"
        self.name = f"vk-{uuid.uuid4().hex}"
        self._command = [sys.executable, "-m", "tests.crawlers.crashing"]
        self._command += [bus_url, self.store_url, api, self.name, order]

    def run(self, crash_at: int | None = None) -> int:
        """One process to its end; its exit status, negative for a signal."""
        env = os.environ | ({"OTKLIK_CRASH_AT": f"{POINT}:{crash_at}"} if crash_at else {})
        return subprocess.run(self._command, env=env, timeout=120, check=False).returncode

    def posts(self) -> Counter[tuple[str, int]]:
        """(id, revision) of all that stands on the bus."""
        bus = open_bus(self.bus_url)
        try:
            found = [decode(Post, r.record.value, r.record.headers) for r in bus.read(topics.POSTS)]
        finally:
            bus.close()
        return Counter((post.id, post.revision) for post in found if post.source == self.name)

    def cursor(self) -> dict[str, Any]:
        store = Store(self.store_url)
        try:
            (state,) = Sources(store).list()
        finally:
            store.close()
        assert state.cursor is not None
        return {"newest": state.cursor["newest"], "watched": sorted(state.cursor["watched"])}


@pytest.mark.parametrize("crash_at", [1, 2, 6])
def test_a_killed_crawler_ends_where_one_that_lived_ends(
    bus_url: str, wall: tuple[VkSimulator, Community], tmp_path: Path, crash_at: int
) -> None:
    simulator, community = wall
    crawler = Crawler(bus_url, tmp_path, simulator.url)
    assert crawler.run(crash_at) == -signal.SIGKILL
    assert crawler.run() == 0
    assert set(crawler.posts()) == {(id_, 0) for id_ in community.ids()}
    assert crawler.cursor() == {"newest": 1240, "watched": sorted(str(number) for number in community.posts)}


def test_the_two_steps_swapped_are_seen_to_lose_posts(wall: tuple[VkSimulator, Community], tmp_path: Path) -> None:
    simulator, community = wall
    crawler = Crawler(f"sqlite:///{tmp_path}/bus.db", tmp_path, simulator.url, "swapped")
    assert crawler.run(crash_at=6) == -signal.SIGKILL
    assert crawler.run() == 0
    lost = set(community.ids()) - {id_ for id_, _ in crawler.posts()}
    assert lost  # the comments of the page whose cursor was saved too early
    assert all("_c" in id_ for id_ in lost)
