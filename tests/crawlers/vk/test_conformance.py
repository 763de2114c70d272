from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from crawlers.vk.collector import VkCollector
from tests.crawlers.conformance import CollectorConformance
from tests.simulators.vk import Community, VkSimulator, load
from tests.simulators.vk.server import Fault


class VkSite:
    def __init__(self, simulator: VkSimulator, community: Community) -> None:
        self._simulator = simulator
        self._community = community

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "wall": self._community.screen_name,
            "token": self._simulator.token,
            "api_url": self._simulator.url,
        }

    def ids(self) -> set[str]:
        return set(self._community.ids())

    def publish(self) -> str:
        post = self._community.add("Миасс, на улице Романенко опять нет света", datetime.now(UTC))
        return f"vk:{self._community.owner}_{post.id}"

    def fail(self) -> None:
        self._simulator.faults.extend([Fault(status=500)] * 10)


class TestVk(CollectorConformance):
    collector = VkCollector
    dead: ClassVar = {"wall": "-1", "token": "t", "api_url": "http://127.0.0.1:9"}

    @contextmanager
    def site(self) -> Iterator[VkSite]:
        community = load(datetime.now(UTC))
        with VkSimulator([community]) as simulator:
            yield VkSite(simulator, community)


class BoardSite(VkSite):
    @property
    def settings(self) -> dict[str, Any]:
        return {
            "board": self._community.screen_name,
            "token": self._simulator.token,
            "api_url": self._simulator.url,
        }

    def ids(self) -> set[str]:
        return set(self._community.board_ids())

    def publish(self) -> str:
        topic = self._community.start_topic("Свет", "На улице Романенко опять нет света", datetime.now(UTC))
        return f"vk:{self._community.owner}_t{topic.id}"


class TestVkBoard(TestVk):
    dead: ClassVar = {"board": "-1", "token": "t", "api_url": "http://127.0.0.1:9"}

    @contextmanager
    def site(self) -> Iterator[VkSite]:
        community = load(datetime.now(UTC))
        with VkSimulator([community]) as simulator:
            yield BoardSite(simulator, community)


class SearchSite(VkSite):
    @property
    def settings(self) -> dict[str, Any]:
        return {"search": {"words": "вода"}, "token": self._simulator.token, "api_url": self._simulator.url}

    def ids(self) -> set[str]:
        return {f"vk:{self._community.owner}_{post.id}" for post in self._community.posts.values()}

    def publish(self) -> str:
        post = self._community.add("Опять пропала вода", datetime.now(UTC))
        return f"vk:{self._community.owner}_{post.id}"


class TestVkSearch(TestVk):
    dead: ClassVar = {"search": {"words": "вода"}, "token": "t", "api_url": "http://127.0.0.1:9"}

    @contextmanager
    def site(self) -> Iterator[VkSite]:
        community = Community(5, "town", "Город")
        for number in range(60):
            community.add(f"Где вода, дом {number}", datetime.now(UTC) - timedelta(minutes=10 * number))
        with VkSimulator([community]) as simulator:
            yield SearchSite(simulator, community)
