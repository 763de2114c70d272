"""One visit to one source: its pages onto the bus, its cursor into the store, in this order and under a lease."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import structlog
from pydantic import ValidationError

from bus import BusError, crashpoints
from crawlers.base import Page, Source, SourceProblem
from crawlers.faults import where
from crawlers.plan import Planned
from crawlers.settings import Cursor
from intake import Intake
from schemas import Outcome
from store import StoreError

log = structlog.get_logger()
T = TypeVar("T")

PAGE_TIMEOUT = timedelta(minutes=30)
"""Collectors have time-outs of their own. This one only catches a collector that hangs: ten articles, which make one
page, and the index before them take 22 minutes at the longest Crawl-delay that is obeyed (2 minutes)."""
BACKOFF_FIRST = 0.5
BACKOFF_LONGEST = 30.0
"""Seconds between attempts while bus or store don't answer: a restarted broker is back within a minute, and one
attempt in 30 seconds disturbs nobody."""


class Lost(Exception):
    """Somebody else holds the lease now: stop without a word."""


class Stopped(Exception):
    """The crawler is shutting down: give the lease back."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a visit ended, and how many posts it brought."""

    outcome: Outcome
    posts: int
    reason: str
    action: str | None = None
    problem: SourceProblem | None = None


class Collects(Protocol):
    """What a visit needs of a collector."""

    cursor_type: type[Cursor]

    def collect(self, source: Source[Any], cursor: Any) -> AsyncGenerator[Page[Any], None]:
        """See `crawlers.base.Collector.collect`."""


class Visit:
    """`stopping` is set to end at the next page boundary, `abandon` to end without waiting for a page in the making."""

    def __init__(
        self,
        planned: Planned,
        *,
        collector: Collects,
        cursor: Mapping[str, Any] | None,
        save_cursor: Callable[[dict[str, Any]], bool],
        intake: Intake,
        stopping: asyncio.Event,
        abandon: asyncio.Event,
    ) -> None:
        """`save_cursor` stores where the source was left; False: the lease is lost."""
        self._planned = planned
        self._collector = collector
        self._stored = cursor
        self._save_cursor = save_cursor
        self._intake = intake
        self._stopping = stopping
        self._abandon = abandon
        self._posts = 0
        self.new_posts = 0
        """So far; back-filled ones apart."""

    @property
    def posts(self) -> int:
        """New or changed ones published so far."""
        return self._posts

    async def run(self) -> Ended:
        """Collect, publish and move the cursor until the source has no more.

        Whatever a collector raises becomes an outcome: one source never ends the crawler.

        Raises:
            Lost: the lease went to somebody else.
            Stopped: asked to stop in the middle.
        """
        try:
            async with aclosing(self._collector.collect(self._planned.source, self._cursor())) as pages:
                while (page := await self._next(pages)) is not None:
                    await self._take(page)
        except SourceProblem as problem:
            return Ended(problem.outcome, self._posts, problem.reason, problem.action, problem)
        except (Lost, Stopped):
            raise
        except (BusError, StoreError) as error:  # from within the collector: a quota could not be counted, say
            return Ended(Outcome.BROKEN, self._posts, str(error).removesuffix("."))
        except Exception as error:
            log.error(  # noqa: TRY400 - a traceback's message may hold the text of a post
                "visit_failed", source=self._planned.source.id, error=type(error).__name__, at=where(error)
            )
            return Ended(
                Outcome.BROKEN,
                self._posts,
                f"внутренняя ошибка при обходе: {type(error).__name__}",
                "Сообщите разработчикам Отклика; место ошибки записано в журнале (visit_failed)",
            )
        if self._posts:
            return Ended(Outcome.OK, self._posts, f"новых и изменённых публикаций: {self._posts}")
        return Ended(Outcome.EMPTY, 0, "новых публикаций нет")

    def _cursor(self) -> Cursor:
        """The stored cursor; a fresh one where it can't be read: posts seen before are recognised by their versions."""
        cursor: Cursor
        try:
            cursor = self._collector.cursor_type.model_validate(self._stored or {})
        except ValidationError:
            log.warning("cursor_unreadable", source=self._planned.source.id)
            cursor = self._collector.cursor_type()
        return cursor

    async def _next(self, pages: AsyncGenerator[Page[Any], None]) -> Page[Any] | None:
        if self._stopping.is_set() or self._abandon.is_set():
            raise Stopped
        asked = asyncio.ensure_future(anext(pages, None))
        given_up = asyncio.ensure_future(self._abandon.wait())
        try:
            done, _ = await asyncio.wait(
                {asked, given_up}, timeout=PAGE_TIMEOUT.total_seconds(), return_when=asyncio.FIRST_COMPLETED
            )
            if given_up in done and (asked not in done or asked.exception() is not None):
                raise Stopped
            if asked in done:
                return asked.result()
            raise SourceProblem(
                Outcome.BROKEN,
                f"источник не отвечает {PAGE_TIMEOUT.total_seconds() / 60:.0f} минут, обход прерван",
                "Если это повторяется, сообщите разработчикам Отклика",
            )
        finally:
            given_up.cancel()
            if not asked.done():
                asked.cancel()
            await asyncio.wait({asked, given_up})

    async def _take(self, page: Page[Any]) -> None:
        self._posts += await self.publish(page)
        crashpoints.reach("crawl.after_ack_before_cursor")
        await self.save(page)
        crashpoints.reach("crawl.after_cursor")

    async def publish(self, page: Page[Any]) -> int:
        """Put the page on the bus; how many of its posts are new or changed."""
        if not page.drafts:
            return 0
        return await self._patiently(self._intake.publish, page.drafts, self._add_new)

    def _add_new(self, count: int) -> None:
        self.new_posts += count

    async def save(self, page: Page[Any]) -> None:
        """Move the cursor behind the page.

        Raises:
            Lost: it was not moved.
        """
        if not await self._patiently(self._save_cursor, page.cursor.model_dump(mode="json")):
            raise Lost

    async def _patiently(self, work: Callable[..., T], *arguments: Any) -> T:
        return await patiently(work, *arguments, give_up=self._stopping)


async def patiently(work: Callable[..., T], *arguments: Any, give_up: asyncio.Event) -> T:
    """Do `work` in a thread, again and again while bus or store do not answer.

    Raises:
        Stopped: `give_up` was set while it kept failing.
    """
    pause = BACKOFF_FIRST
    while True:
        try:
            return await asyncio.to_thread(work, *arguments)
        except (BusError, StoreError) as error:
            log.warning("crawler_waits", error=type(error).__name__, reason=str(error), seconds=pause)
        if give_up.is_set():
            raise Stopped
        await wait_for(give_up.wait(), pause)
        pause = min(pause * 2, BACKOFF_LONGEST)


async def wait_for(what: Awaitable[Any], seconds: float) -> None:
    """Wait until `what` or for `seconds`, whichever ends first."""
    waiting = asyncio.ensure_future(what)
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
