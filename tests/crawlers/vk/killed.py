"""A crawler process with one VK source: `python -m tests.crawlers.vk.killed BUS STORE SETTINGS`, SETTINGS as JSON."""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from bus import open_bus
from crawlers.base import Source
from crawlers.plan import Planned, source_rows
from crawlers.runner import Runner
from crawlers.schedule import Every
from crawlers.vk.collector import VkCollector
from crawlers.vk.settings import VkSettings
from store import Store
from tests.crawlers.harness import NAMES, Clock, World


async def main(bus_url: str, store_url: str, settings: dict[str, Any]) -> None:
    clock = Clock()
    store = Store(store_url, now=clock)
    store.upgrade()
    bus = open_bus(bus_url)
    bus.ensure_topics(NAMES)
    here = World(store, bus, clock)
    source = Source("tested", VkSettings.model_validate(settings), "Челябинск", "UTC")
    planned = [Planned(source, "vk", Every(timedelta(minutes=5)))]
    async with here.collector(VkCollector) as collector:
        here.sources.sync(source_rows(planned, {"vk": collector}))
        runner = Runner(
            planned,
            {"vk": collector},
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
    asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
