"""Back-fills: a source's past, collected on purpose beside its ordinary visits. See docs/back-fill.md."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pkgutil import resolve_name
from typing import Any, Protocol, TypeVar

import structlog

from crawlers.base import Page, Source
from crawlers.context import Context, Quotas
from crawlers.plan import Planned
from crawlers.settings import Cursor, Settings
from crawlers.visit import Ended, Lost, Stopped, Visit, patiently, wait_for
from intake import Intake
from schemas import Outcome
from store import Allowance, BackfillLease, Backfills, Holds, Resolved, Sources, StoreError, Turn
from store.pace import RESERVE

log = structlog.get_logger()

S = TypeVar("S", bound=Settings)
P = TypeVar("P", bound="PastCursor")

TERM = timedelta(seconds=30)
"""For which a back-fill is held and renewed, as a crawler's lease is: whoever starts a back-fill
again after a crash waits no longer."""
SHORTEST_WAIT = timedelta(minutes=15)
"""Once a quota is used up: the ledger's day frees its calls in buckets of 15 minutes, and one call is of no use."""
TRIES = 5
PAUSE = timedelta(minutes=1)
"""A source that does not answer is tried again `TRIES` times, a minute apart: an outage of the other side's, or a
restart of our store, is mostly over by then."""


class PastCursor(Cursor):
    """How far a back-fill got."""

    reached: datetime | None = None
    """The publication time of what was collected last."""
    skipped: int = 0
    """What could not be had and is left out; the log names each."""


@dataclass(frozen=True, slots=True)
class Span:
    """Posts published at `since` or later and before `until`."""

    since: datetime
    until: datetime

    def holds(self, moment: datetime | None) -> bool:
        """Whether a post of this time is wanted."""
        return moment is not None and self.since <= moment < self.until


class BackFills(Protocol[S, P]):
    """What a kind of source does beside `crawlers.base.Collector` to give its past."""

    settings_type: type[S]
    cursor_type: type[P]

    @staticmethod
    def refusal(settings: S) -> str | None:
        """Why this source can't give its past and what can, in Russian without a full stop; None where it can."""

    def oldest_first(self, settings: S) -> bool:
        """In which direction `reached` moves."""

    def backfill(self, source: Source[S], cursor: P, span: Span) -> AsyncGenerator[Page[P], None]:
        """All posts of the span, with all their comments, from `cursor`.

        The ids are those that ordinary visits give. Each page is published and its cursor stored before the next is
        asked for.

        Raises:
            SourceProblem: it can't go on now; the pages before stand. With outcome QUOTA or a `retry_at` it can later.
        """

    async def close(self) -> None:
        """Release what it holds."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a back-fill's constructor gets."""

    context: Context
    """With `Behind` for quotas."""
    sources: Sources
    holds: Holds
    owner: str

    async def ordinary(self, source: str) -> dict[str, Any]:
        """Where ordinary visits left the source, to be read only; empty before the first."""
        states = await asyncio.to_thread(self.sources.list)
        return next((state.cursor or {} for state in states if state.id == source), {})


KINDS = {
    "news": "crawlers.news.backfill:NewsBackfill",
    "telegram": "crawlers.telegram.backfill:TelegramBackfill",
    "vk": "crawlers.vk.backfill:VkBackfill",
}
"""The kinds of sources that can give their past."""


def refusal(kind: str, settings: Settings) -> str | None:
    """See `BackFills.refusal`."""
    found: str | None = resolve_name(KINDS[kind]).refusal(settings)
    return found


def make(kind: str, ground: Ground) -> BackFills[Any, Any]:
    """The back-fill of a kind of source."""
    made: BackFills[Any, Any] = resolve_name(KINDS[kind])(ground)
    return made


class Behind:
    """The ledger of quotas as a back-fill may use it: behind the ordinary visits."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas
        self.block = quotas.block
        self.slow = quotas.slow
        self.remember = quotas.remember

    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        """See `store.Allowance.behind`."""
        return self._quotas.take(service, method, [replace(one, behind=True) for one in allowances], unused)

    def resolved(self, service: str, token: str, name: str) -> Resolved | None:
        """What the name was found to stand for."""
        return self._quotas.resolved(service, token, name)


@asynccontextmanager
async def kept(renew: Callable[[], bool], term: timedelta) -> AsyncIterator[None]:
    """Renew a lease while inside. One that is lost shows itself where something is saved under it."""

    async def renewing() -> None:
        while True:
            await asyncio.sleep(term.total_seconds() / 3)
            try:
                if not await asyncio.to_thread(renew):
                    return
            except StoreError as error:
                log.warning("lease_not_renewed", reason=str(error))

    task = asyncio.create_task(renewing())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@dataclass(frozen=True, slots=True)
class Progress:
    """What there is to tell of a back-fill that goes on. `waits` and `until`: why it pauses, and until when."""

    reached: datetime | None
    posts: int
    waits: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a back-fill ended. `finished`: all is collected; else `reason` and `action` say why not, in Russian."""

    finished: bool
    posts: int
    """In all, with those of the runs before."""
    reached: datetime | None
    skipped: int
    """See `PastCursor.skipped`."""
    reason: str = ""
    action: str | None = None
    stopped: bool = False
    """By `stop`."""


class _Marked:
    """The collector that a visit sees: the posts of a back-fill are marked as history."""

    def __init__(self, past: BackFills[Any, Any], span: Span) -> None:
        self.cursor_type = past.cursor_type
        self._past = past
        self._span = span

    async def collect(self, source: Source[Any], cursor: Any) -> AsyncGenerator[Page[Any], None]:
        async with aclosing(self._past.backfill(source, cursor, self._span)) as pages:
            async for page in pages:
                yield Page([replace(draft, history=True) for draft in page.drafts], page.cursor)


class Run:
    """One process's work on a back-fill: visits to the past, one after another until all is collected."""

    visit_type: type[Visit] = Visit
    _visit: Visit

    def __init__(
        self,
        planned: Planned,
        past: BackFills[Any, Any],
        lease: BackfillLease,
        *,
        backfills: Backfills,
        intake: Intake,
        now: Callable[[], datetime],
        tell: Callable[[Progress], None] = lambda _: None,
        term: timedelta = TERM,
        pause: timedelta = PAUSE,
        shortest_wait: timedelta = SHORTEST_WAIT,
    ) -> None:
        self._planned = planned
        self._past = past
        self._lease = lease
        self._backfills = backfills
        self._intake = intake
        self._now = now
        self._tell = tell
        self._term = term
        self._pause = pause
        self._shortest_wait = shortest_wait
        self._stopping = asyncio.Event()
        self._cursor = lease.cursor
        self._posts = self._before = lease.posts
        self._at: PastCursor = past.cursor_type.model_validate(lease.cursor or {})

    def stop(self) -> None:
        """End without waiting for the page in the making: it comes again. To be called in the run's loop."""
        self._stopping.set()

    async def run(self) -> Result:
        """Collect until all is there, it can't go on, or `stop`."""
        async with kept(partial(self._backfills.renew, self._lease, self._term), self._term):
            try:
                result = await self._all()
                end = self._backfills.finish if result.finished else self._backfills.release
                held = await patiently(end, self._lease, give_up=self._stopping)
            except Lost:
                held = False
            except Stopped:
                await self._release()
                return replace(self._result("прервано"), stopped=True)
        return result if held else self._result("это прошлое собирает уже другой процесс")

    async def _all(self) -> Result:
        tries = 0
        while True:
            before = self._cursor
            self._visit = self.visit_type(
                self._planned,
                collector=_Marked(self._past, Span(self._lease.since, self._lease.until)),
                cursor=before,
                save_cursor=self._save,
                intake=self._intake,
                stopping=self._stopping,
                abandon=self._stopping,
            )
            self._before = self._posts
            ended = await self._visit.run()
            if ended.outcome in (Outcome.OK, Outcome.EMPTY):
                return replace(self._result(), finished=True)
            tries = tries + 1 if self._cursor == before else 1
            until = self._again_at(ended, tries)
            if until is None:
                return self._result(ended.reason, ended.action)
            log.info("backfill_waits", source=self._planned.source.id, outcome=ended.outcome.value)
            self._tell(Progress(self._at.reached, self._posts, why(ended), until))
            await self._sleep(until)

    def _save(self, cursor: dict[str, Any]) -> bool:
        """In a thread of the visit's, which waits for it."""
        posts = self._before + self._visit.posts
        at = self._past.cursor_type.model_validate(cursor)
        if not self._backfills.save(self._lease, cursor, posts, at.reached):
            return False
        self._cursor, self._posts, self._at = cursor, posts, at
        self._tell(Progress(at.reached, posts))
        return True

    def _again_at(self, ended: Ended, tries: int) -> datetime | None:
        """When to go on after a visit to the past that came to no end; None: an operator has to do something first."""
        now = self._now()
        asked = ended.problem.retry_at if ended.problem is not None else None
        if ended.outcome is Outcome.QUOTA:
            return max(asked or now, now + self._shortest_wait)
        if asked is not None:
            return max(asked, now + self._pause)
        return now + self._pause if ended.outcome is Outcome.BROKEN and tries < TRIES else None

    async def _sleep(self, until: datetime) -> None:
        """By our clock, looked at each second: a machine that slept goes on at once."""
        while (left := (until - self._now()).total_seconds()) > 0:
            await wait_for(self._stopping.wait(), min(left, 1.0))
            if self._stopping.is_set():
                raise Stopped

    async def _release(self) -> None:
        try:
            await asyncio.to_thread(self._backfills.release, self._lease)
        except StoreError as error:
            log.warning("lease_not_released", source=self._planned.source.id, reason=str(error))

    def _result(self, reason: str = "", action: str | None = None) -> Result:
        return Result(False, self._posts, self._at.reached, self._at.skipped, reason, action)


def why(ended: Ended) -> str:
    """Why a back-fill waits, in Russian."""
    if ended.outcome is Outcome.QUOTA:
        return f"{ended.reason}; {RESERVE:.0%} запаса остаются обычным обходам".replace("%", " %")
    return ended.reason
