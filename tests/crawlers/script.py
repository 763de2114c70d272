"""A runner whose visits do what a test says, and what such tests share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from bus import Bus
from crawlers.base import Page, Source
from crawlers.context import Context
from crawlers.plan import Planned, source_rows
from crawlers.runner import Runner
from crawlers.schedule import Every, Schedule
from crawlers.settings import Cursor, Settings
from crawlers.telegram.collector import TelegramCollector
from intake import Draft, Intake
from schemas import PostKind, SourceHealth, decode, topics
from store import Holds
from tests.crawlers.harness import World

MINUTES = Every(timedelta(minutes=5))


class ScriptSettings(Settings):
    slot: str = "one"


class ScriptCursor(Cursor):
    pages: int = 0


class ScriptCollector:
    """A kind of source of the tests' own: what it does at a visit stands in `acts`, by the id of the source."""

    kind: ClassVar[str] = "script"
    settings_type = ScriptSettings
    cursor_type = ScriptCursor

    def __init__(self, context: Context) -> None:
        self.acts: dict[str, Callable[[ScriptCursor], AsyncIterator[Page[ScriptCursor]]]] = {}
        self.running: dict[str, int] = {}
        self.most: dict[str, int] = {}

    def slot(self, settings: ScriptSettings) -> str:
        return settings.slot

    async def collect(self, source: Source[ScriptSettings], cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
        slot = source.settings.slot
        for key in (slot, "all"):
            self.running[key] = self.running.get(key, 0) + 1
            self.most[key] = max(self.most.get(key, 0), self.running[key])
        try:
            async for page in self.acts[source.id](cursor):
                yield page
        finally:
            for key in (slot, "all"):
                self.running[key] -= 1

    async def close(self) -> None:
        pass


def page(number: int) -> Page[ScriptCursor]:
    draft = Draft(
        id=f"news:{number}",
        kind=PostKind.ARTICLE,
        source="tested",
        text=f"Новость номер {number}",
        published=datetime(2026, 3, 2, tzinfo=UTC),
    )
    return Page([draft], ScriptCursor(pages=number))


async def three_pages(cursor: ScriptCursor) -> AsyncIterator[Page[ScriptCursor]]:
    for number in range(cursor.pages + 1, 4):
        yield page(number)


def planned(id_: str = "tested", slot: str = "one", schedule: Schedule = MINUTES) -> Planned:
    return Planned(Source(id_, ScriptSettings(slot=slot), None, "Asia/Yekaterinburg"), "script", schedule)


def crawl(
    here: World,
    sources: list[Planned],
    use: Callable[[Runner, ScriptCollector], Awaitable[None]],
    *,
    owner: str = "crawler-1",
    intake: Intake | None = None,
    bus: Bus | None = None,
    **options: Any,
) -> None:
    """Make a runner, as a process does, and let `use` run it."""

    async def main() -> None:
        async with AsyncExitStack() as stack:
            script = ScriptCollector(None)  # type: ignore[arg-type]
            collectors: dict[str, Any] = {"script": script}
            if any(one.kind == "telegram" for one in sources):
                collectors["telegram"] = await stack.enter_async_context(here.collector(TelegramCollector))
            here.sources.sync(source_rows(sources, collectors))
            runner = Runner(
                sources,
                collectors,
                sources=here.sources,
                intake=intake or here.intake,
                bus=bus or here.bus,
                now=here.clock,
                owner=owner,
                holds=Holds(here.store),
                **options,
            )
            await use(runner, script)

    asyncio.run(main())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


def healths(here: World) -> list[SourceHealth]:
    return [decode(SourceHealth, r.record.value, r.record.headers) for r in here.bus.read(topics.SOURCES)]
