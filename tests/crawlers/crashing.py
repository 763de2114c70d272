"""A crawler process that visits a simulated wall: `python -m tests.crawlers.crashing BUS STORE API SOURCE ORDER`.

ORDER is `right`, or `swapped`: the cursor before the bus, which is the mistake that the tests must notice.
"""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from bus import crashpoints, open_bus
from crawlers.base import Page, Source
from crawlers.plan import Planned, source_rows
from crawlers.runner import Runner
from crawlers.schedule import Every
from crawlers.visit import Visit
from crawlers.vk.collector import VkCollector
from crawlers.vk.settings import VkSettings
from store import Store
from tests.crawlers.harness import NAMES, Clock, World
from tests.simulators.vk.server import TOKEN


class Swapped(Visit):
    async def _take(self, page: Page[Any]) -> None:
        await self.save(page)
        crashpoints.reach("crawl.after_ack_before_cursor")
        self._posts += await self.publish(page)


class SwappedRunner(Runner):
    visit_type = Swapped


async def main(bus_url: str, store_url: str, api: str, name: str, order: str) -> None:
    clock = Clock()
    store = Store(store_url, now=clock)
    store.upgrade()
    bus = open_bus(bus_url)
    bus.ensure_topics(NAMES)
    here = World(store, bus, clock)
    settings = VkSettings.model_validate({"wall": "podslushano_chel74", "token": TOKEN, "api_url": api})
    planned = [Planned(Source(name, settings, "Челябинск", "UTC"), "vk", Every(timedelta(minutes=5)))]
    async with here.collector(VkCollector) as collector:
        collectors = {"vk": collector}
        here.sources.sync(source_rows(planned, collectors))
        runner = (SwappedRunner if order == "swapped" else Runner)(
            planned,
            collectors,
            sources=here.sources,
            intake=here.intake,
            bus=bus,
            now=clock,
            owner=f"crawler-{Path('/proc/self').resolve().name}",
            term=timedelta(seconds=1),  # a restart waits for the lease of the process that was killed
        )
        await runner.once()
    bus.close()
    store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
