"""`otklik crawl --since`: the past of one source to the topic `posts.history`."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import crawlers
from bus import Bus
from crawlers import backfill
from crawlers.backfill import TERM, Behind, Ground, Progress, Result, Run
from crawlers.context import Context
from crawlers.plan import source_rows
from intake import Intake
from otklik.clock import now
from otklik.config import Config
from otklik.roles.common import Stop, owner, role
from otklik.roles.common import opened as opened_store
from otklik.roles.crawl import context_of, hasher, planned
from store import Backfill, Backfills, Forgotten, Holds, Quotas, Sources, Store, Versions

BACKFILL = "backfill"

Tell = Callable[[datetime, datetime, bool, Progress], None]
"""Gets the beginning and the end of the span, whether it is collected from its beginning, and how far it got."""


def refusal(config: Config, source: str) -> str | None:
    """Why this source can't give its past, in Russian; None where it can.

    Raises:
        StopIteration: there is no such source.
    """
    one = next(one for one in config.file.sources if one.id == source)
    if one.kind not in backfill.KINDS:
        return f"источники вида {one.kind} прошлого не отдают; отдают {', '.join(sorted(backfill.KINDS))}"
    return backfill.refusal(one.kind, one.settings)


def run_backfill(
    config: Config, source: str, since: datetime, until: datetime | None, *, again: bool, tell: Tell
) -> Result | Backfill:
    """Collect until all is there, it can't go on, or a signal. A `Backfill`: it is finished already, or somebody else
    collects it.

    Raises:
        BusError, StoreError: they do not answer.
    """
    with role(config, BACKFILL) as (stop, bus), opened_store(config, stop) as store:
        asked = _Asked(source, since, until, again)
        return asyncio.run(_run(config, asked, _Open(bus, store, stop), tell))


@dataclass(frozen=True, slots=True)
class _Asked:
    source: str
    since: datetime
    until: datetime | None
    again: bool


@dataclass(frozen=True, slots=True)
class _Open:
    bus: Bus
    store: Store
    stop: Stop


async def _run(config: Config, asked: _Asked, opened: _Open, tell: Tell) -> Result | Backfill:
    sources, backfills, me = Sources(opened.store), Backfills(opened.store), owner(BACKFILL)
    (plan,) = (one for one in planned(config) if one.source.id == asked.source)
    async with context_of(config, sources, Behind(Quotas(opened.store))) as context:
        await _make_known(config, context, sources, asked.source)
        lease = backfills.begin(asked.source, asked.since, asked.until, me, TERM, again=asked.again)
        if isinstance(lease, Backfill):
            return lease
        past = backfill.make(plan.kind, Ground(context, sources, Holds(opened.store), me))
        forwards = past.oldest_first(plan.source.settings)
        run = Run(
            plan,
            past,
            lease,
            backfills=backfills,
            intake=Intake(opened.bus, Versions(opened.store), Forgotten(opened.store), hasher(), now),
            now=now,
            tell=lambda progress: tell(lease.since, lease.until, forwards, progress),
        )
        loop = asyncio.get_running_loop()

        def told() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                loop.call_soon_threadsafe(run.stop)

        opened.stop.tell(told)
        try:
            return await run.run()
        finally:
            await past.close()


async def _make_known(config: Config, context: Context, sources: Sources, source: str) -> None:
    """Put the sources of the file into a store that does not have this one yet. A store that has is left alone: the
    crawlers running now may have read another version of the file."""
    if any(state.id == source and state.enabled for state in sources.list()):
        return
    plan = planned(config)
    collectors = {kind: crawlers.KINDS[kind].make(context) for kind in {one.kind for one in plan}}
    sources.sync(source_rows(plan, collectors))
    for collector in collectors.values():
        await collector.close()
