"""The crawler process of the soak: `python -m tests.soak.crawler FOLDER SHIFT [--once]`.

FOLDER holds `sources.json`, the store and the bus. SHIFT is hours by which its clock is ahead: what is read anew only
now and then (comments that may have been edited) is due in the last visits.
"""

import asyncio
import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import crawlers
from bus import open_bus
from crawlers.base import Source
from crawlers.context import Context
from crawlers.net import Http
from crawlers.plan import Planned, source_rows
from crawlers.runner import Runner
from crawlers.schedule import Every
from intake import Intake
from otklik.process import set_up_logs
from store import Forgotten, Holds, Quotas, Sources, Store, Versions
from tests.crawlers.harness import HASHER, NAMES, Clock

EVERY = timedelta(seconds=1)
TERM = timedelta(seconds=2)
"""Of a lease: a restart waits for those of the process that was killed."""


def planned(folder: Path) -> list[Planned]:
    """The sources of `sources.json`: id, kind, settings."""
    found = []
    for item in json.loads((folder / "sources.json").read_text()):
        settings = crawlers.KINDS[item["kind"]].settings.model_validate(item["settings"])
        found.append(
            Planned(Source(item["id"], settings, "Челябинск", "Asia/Yekaterinburg"), item["kind"], Every(EVERY))
        )
    return found


async def main(folder: Path, shift: float, once: bool) -> None:
    set_up_logs("info")
    clock = Clock(timedelta(hours=shift))
    store = Store(f"sqlite:///{folder}/store.db", now=clock)
    store.upgrade()
    bus = open_bus(f"sqlite:///{folder}/bus.db")
    bus.ensure_topics(NAMES)
    sources, plan = Sources(store), planned(folder)
    async with Http(user_agent="Otklik/soak", now=clock, slots=sources, pause=timedelta()) as http:
        context = Context(http=http, user_agent="Otklik/soak", now=clock, slots=sources, quotas=Quotas(store))
        collectors = {kind: crawlers.KINDS[kind].make(context) for kind in {one.kind for one in plan}}
        sources.sync(source_rows(plan, collectors))
        runner = Runner(
            plan,
            collectors,
            sources=sources,
            intake=Intake(bus, Versions(store), Forgotten(store), HASHER, clock),
            bus=bus,
            now=clock,
            owner=f"soak:{os.getpid()}",
            holds=Holds(store),
            term=TERM,
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, runner.stop)
        if once:
            health = await runner.once()
            told = {id_: [one.outcome.value, one.posts, one.reason] for id_, one in sorted(health.items())}
            print(json.dumps(told, ensure_ascii=False))
        else:
            await runner.run()
        for collector in collectors.values():
            await collector.close()
    bus.close()
    store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]), "--once" in sys.argv))
