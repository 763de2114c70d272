"""The role `crawl`: due sources to the topics `posts` and `posts.history`."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import crawlers
from bus import Bus
from crawlers.base import Source
from crawlers.context import Context, user_agent
from crawlers.context import Quotas as Ledger
from crawlers.net import Http, Slots
from crawlers.plan import Collectors, Planned, source_rows
from crawlers.runner import Runner
from crawlers.schedule import parse
from intake import Intake
from otklik import __version__
from otklik.clock import now
from otklik.config import Config
from otklik.config.environment import author_key
from otklik.exits import Exit
from otklik.roles.common import Stop, opened, owner, patiently, role
from otklik.russian import sentences
from store import Forgotten, Holds, Quotas, Sources, Store, Versions
from text import AuthorHasher

CRAWL = "crawl"


def planned(config: Config) -> list[Planned]:
    """The configured sources, ready to be crawled."""
    found = []
    for section in config.file.sources:
        zone = section.time_zone or config.region.timezone.key
        source = Source(section.id, section.settings, section.municipality, zone)
        found.append(Planned(source, section.kind, parse(section.every, zone)))
    return found


def hasher() -> AuthorHasher:
    """With the key from the environment.

    Raises:
        ConfigErrors: it is absent or too short.
    """
    return AuthorHasher(author_key(os.environ))


@asynccontextmanager
async def context_of(config: Config, slots: Slots, quotas: Ledger) -> AsyncIterator[Context]:
    """The HTTP stack that all collectors of a process share, and what else they get."""
    section = config.file.crawler
    agent = section.user_agent or user_agent(__version__, section.contact)
    async with Http(user_agent=agent, now=now, slots=slots, pause=section.pause) as http:
        yield Context(http=http, user_agent=agent, now=now, slots=slots, quotas=quotas)


@asynccontextmanager
async def collectors_of(config: Config, slots: Slots, quotas: Ledger) -> AsyncIterator[Collectors]:
    """One collector per kind that the file uses."""
    async with context_of(config, slots, quotas) as context:
        used = {one.kind for one in config.file.sources}
        collectors: Collectors = {kind: crawlers.KINDS[kind].make(context) for kind in used}
        try:
            yield collectors
        finally:
            for collector in collectors.values():
                await collector.close()


def run_crawl(config: Config, *, only: str | None = None, once: bool = False) -> Exit:
    """Until SIGTERM, or until every source was visited `once`."""
    with role(config, CRAWL) as (stop, bus), opened(config, stop) as store:
        return asyncio.run(_run(config, bus, store, stop, only=only, once=once))


def _told(loop: asyncio.AbstractEventLoop, runner: Runner) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(runner.stop)


async def _run(config: Config, bus: Bus, store: Store, stop: Stop, *, only: str | None, once: bool) -> Exit:
    sources = Sources(store)
    intake = Intake(bus, Versions(store), Forgotten(store), hasher(), now)
    async with collectors_of(config, sources, Quotas(store)) as collectors:
        plan = planned(config)
        rows = source_rows(plan, collectors)
        await asyncio.to_thread(patiently, lambda: sources.sync(rows), stop)
        runner = Runner(
            [one for one in plan if only is None or one.source.id == only],
            collectors,
            sources=sources,
            intake=intake,
            bus=bus,
            now=now,
            owner=owner(CRAWL),
            holds=Holds(store),
            concurrent=config.file.crawler.concurrency,
        )
        loop = asyncio.get_running_loop()
        stop.tell(lambda: _told(loop, runner))
        if not once:
            await runner.run()
            return Exit.OK
        visited = await runner.once()
    failed = [health for health in visited.values() if health.outcome.value not in ("ok", "empty")]
    for id_ in sorted(runner.elsewhere):
        print(f"{id_}: сессию его аккаунта держит другой обходчик; он и обойдёт этот источник, сейчас же.")
    for health in visited.values():
        print(f"{health.source}: {health.outcome.value}: {sentences(health.reason, health.action)}.")
    return Exit.SOME_BAD if failed or runner.elsewhere else Exit.OK
