from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
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
