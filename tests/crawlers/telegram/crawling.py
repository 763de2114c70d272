"""A crawler of API channels; as a process: `python -m tests.crawlers.telegram.crawling BUS STORE SESSION CHANNEL…`.

The process crawls until SIGTERM, prints a line once it runs, and holds sessions for terms of 2 s.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bus import open_bus
from crawlers.context import Context
from crawlers.net import LocalSlots
from crawlers.plan import Planned, source_rows
from crawlers.runner import Runner
from crawlers.schedule import Every
from crawlers.telegram.collector import TelegramCollector
from crawlers.telegram.settings import TelegramSettings
from store import Holds, Quotas, Store
from tests.crawlers.harness import NAMES, Clock, World, source

HOUR = timedelta(hours=1)
TERM = timedelta(seconds=2)


Sources = Sequence[tuple[str, TelegramSettings]]
"""Ids and settings."""


def collector(here: World) -> TelegramCollector:
    """For API channels alone, which need no HTTP: a process can have but one stack for that, and here are two of it."""
    no_http: Any = None
    made = TelegramCollector(
        Context(
            http=no_http,
            user_agent="Otklik/test",
            now=here.clock,
            slots=LocalSlots(here.clock),
            quotas=Quotas(here.store),
        )
    )
    made.retry_pause = 0.01
    return made


@asynccontextmanager
async def crawler(
    here: World, sources: Sources, *, owner: str = "crawler-1", term: timedelta = TERM, every: timedelta = HOUR
) -> AsyncIterator[Runner]:
    """A runner for these sources, with the real ledger."""
    planned = [Planned(source(settings, id_=id_), "telegram", Every(every)) for id_, settings in sources]
    collectors = {"telegram": collector(here)}
    here.sources.sync(source_rows(planned, collectors))
    try:
        yield Runner(
            planned,
            collectors,
            sources=here.sources,
            intake=here.intake,
            bus=here.bus,
            now=here.clock,
            owner=owner,
            holds=Holds(here.store),
            term=term,
        )
    finally:
        await collectors["telegram"].close()


@asynccontextmanager
async def crawling(here: World, sources: Sources, **more: Any) -> AsyncIterator[Runner]:
    """The same, running while inside."""
    async with crawler(here, sources, **more) as runner:
        running = asyncio.create_task(runner.run())
        try:
            yield runner
        finally:
            runner.stop()
            await running


async def main(bus_url: str, store_url: str, session: str, *channels: str) -> None:
    clock = Clock()
    store = Store(store_url, now=clock)
    bus = open_bus(bus_url)
    bus.ensure_topics(NAMES)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    common = {"api_id": 1, "api_hash": "simulated", "session": session}
    sources = [(name, TelegramSettings.model_validate(common | {"channel": name})) for name in channels]
    owner = f"crawler-{Path('/proc/self').resolve().name}"
    async with crawling(World(store, bus, clock), sources, owner=owner, every=timedelta(seconds=1)):
        print(owner, flush=True)
        await stop.wait()
    bus.close()
    store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
