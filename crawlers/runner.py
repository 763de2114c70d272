"""The loop of a crawler process: lease due sources, visit them, plan their next visits."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from bus import Bus, BusError, Record, metrics
from crawlers import schedule
from crawlers.base import Live
from crawlers.faults import where
from crawlers.holding import Holding
from crawlers.plan import Collectors, Planned, sessions
from crawlers.visit import Ended, Lost, Stopped, Visit, patiently, wait_for
from intake import Intake
from schemas import SourceHealth, headers, topics
from store import Holds, Lease, Sources, StoreError

log = structlog.get_logger()
T = TypeVar("T")

CONCURRENT = 32
"""Sources visited at once by one process. A visit mostly waits for the other side; a hundred would hold a hundred
pages in memory for no gain on the one core that parses them."""
TERM = timedelta(seconds=30)
"""For which a lease is taken and renewed: a crashed crawler's sources are free again after it. Renewed three times
as often, so two missed renewals (a slow disk, a failover) lose nothing."""
IDLE = 2.0
"""Seconds at most between two looks for due sources: those that other processes or `force_due` made due are seen
within it, and so is a clock that jumped."""
GRACE = 10.0
"""Seconds that pages in the making get when asked to stop; supervisors wait longer than that before they kill."""
REPAIR_EVERY = timedelta(minutes=10)
PATIENCE = 1.5
"""Terms for which `once` waits for a session: those of a killed process are free after one."""
HINT_PAUSE = timedelta(seconds=0.5)
"""From the start of a visit to the start of the next that a hint asks for: a burst of news costs two visits a second,
and none of it waits longer than this and a visit."""


class Runner:
    """Runs in one asyncio loop until `stop`; store and bus are used from threads.

    Sources are leased, so any number of runners may share one store. `owner` must differ between them. Where sources
    need a session (`crawlers.base.Live`), `holds` must be given, and those are visited by the runner that holds it.
    """

    visit_type: type[Visit] = Visit

    def __init__(
        self,
        planned: Sequence[Planned],
        collectors: Collectors,
        *,
        sources: Sources,
        intake: Intake,
        bus: Bus,
        now: Callable[[], datetime],
        owner: str,
        holds: Holds | None = None,
        concurrent: int = CONCURRENT,
        term: timedelta = TERM,
        grace: float = GRACE,
    ) -> None:
        self._planned = {one.source.id: one for one in planned}
        self._kinds = sorted({one.kind for one in planned})
        self._collectors = collectors
        self._sources = sources
        self._intake = intake
        self._bus = bus
        self._now = now
        self._owner = owner
        self._concurrent = concurrent
        self._term = term
        self._grace = grace
        self._stopping = asyncio.Event()
        self._abandon = asyncio.Event()
        self._wake = asyncio.Event()
        # Of their own, so that leases are renewed while every shared thread waits for an unreachable bus.
        self._lease_threads = ThreadPoolExecutor(2, thread_name_prefix="lease")
        self._live = [one for one in collectors.values() if isinstance(one, Live)]
        self._sessions = sessions(planned, collectors)
        self._holding: Holding | None = None
        if self._sessions:
            if holds is None:
                raise ValueError("sources with a session, and no holds")
            self._holding = Holding(holds, owner, term, self._in_lease_thread, self._leave, unused=self._unused)
        for one in self._live:
            one.tell(self.hint)
        self._running: set[asyncio.Task[None]] = set()
        self._started: dict[str, datetime] = {}
        self._hinted: set[str] = set()
        self._not_before: dict[str, datetime] = {}
        self._due: dict[str, datetime] = {}
        self._remaining: set[str] | None = None
        self._visited: dict[str, SourceHealth] = {}
        self._patience = 0.0
        self.elsewhere: set[str] = set()
        """Of `once`: sources whose session another process holds."""

    def stop(self) -> None:
        """Take no more sources, and end the visits at their next page. To be called in the runner's loop."""
        self._stopping.set()
        if self._holding is not None:
            self._holding.end()
        self._wake.set()

    def hint(self, source: str) -> None:
        """Something is new there: visit it at once, or once more where it is being visited. In the runner's loop."""
        self._hinted.add(source)
        self._wake.set()

    async def run(self) -> None:
        """Visit what is due until `stop`. Returns when every visit has ended and every lease is given back."""
        log.info("crawler_started", owner=self._owner, sources=len(self._planned))
        repaired: datetime | None = None
        while not self._stopping.is_set():
            self._wake.clear()  # before looking: what comes up meanwhile is looked at next
            try:
                now = self._now()
                if repaired is None or not timedelta() <= now - repaired < REPAIR_EVERY:
                    await asyncio.to_thread(self._repair)
                    repaired = now
                await self._heed()
                await self._lease()
                pause = self._idle()
            except StoreError as error:
                log.warning("crawler_waits", error="StoreError", reason=str(error), seconds=IDLE)
                pause = IDLE
            if not self._stopping.is_set():
                await wait_for(self._wake.wait(), pause)
        await self._drain()
        self._lease_threads.shutdown(wait=False)
        log.info("crawler_stopped", owner=self._owner)

    async def once(self) -> dict[str, SourceHealth]:
        """Visit each source once, now, due or not; how each visit ended. A source whose visit was lost to another
        crawler, or cut short by `stop`, is missing. So are those in `elsewhere`: whoever holds their session visits
        them instead.
        """
        self._patience = asyncio.get_running_loop().time() + PATIENCE * self._term.total_seconds()
        if self._holding is not None:
            self._holding.keep()
        self._remaining = set(self._planned)
        for id_ in self._planned:
            await asyncio.to_thread(self._sources.force_due, id_)
        await self.run()
        return self._visited

    async def _lease(self) -> None:
        free = self._concurrent - len(self._running)
        wanted = set(self._planned if self._remaining is None else self._remaining)
        if self._holding is not None:
            back = await self._holding.seek({self._sessions[id_] for id_ in wanted if id_ in self._sessions})
            for session in back:  # one visit connects it again, so that news is heard of
                self.hint(min(id_ for id_ in wanted if self._sessions.get(id_) == session))
            held = {id_ for id_ in wanted if id_ not in self._sessions or self._sessions[id_] in self._holding}
            if self._remaining is not None and asyncio.get_running_loop().time() > self._patience:
                self._give_up(wanted - held)
            wanted = held
        if not wanted or free <= 0:
            return
        for lease in await self._in_lease_thread(
            self._sources.lease, self._owner, self._kinds, free, self._term, list(wanted)
        ):
            task = asyncio.create_task(self._visit(lease), name=f"visit {lease.source}")
            self._running.add(task)
            metrics.gauge("otklik_crawl_running_visits").set(len(self._running))
            task.add_done_callback(self._ended)

    def _give_up(self, sources: set[str]) -> None:
        """They are due, and another process will see to it."""
        assert self._remaining is not None
        self.elsewhere |= sources
        self._remaining -= sources
        if not self._remaining:
            self.stop()

    async def _heed(self) -> None:
        """Make due what was hinted at, but for what is being visited or was a moment ago: that is due later."""
        now = self._now()
        for id_ in sorted(self._hinted):
            started = self._started.get(id_, now - HINT_PAUSE)
            if any(task.get_name() == f"visit {id_}" for task in self._running):
                continue
            if timedelta() <= now - started < HINT_PAUSE:
                self._due[id_] = started + HINT_PAUSE
                continue
            if self._not_before.get(id_, now) <= now:
                await self._in_lease_thread(self._sources.force_due, id_)
            self._hinted.discard(id_)

    async def _unused(self, session: str) -> None:
        """Return once no visit runs that uses the session."""
        visits = {f"visit {id_}" for id_, one in self._sessions.items() if one == session}
        if running := {task for task in self._running if task.get_name() in visits}:
            await asyncio.wait(running)

    async def _leave(self, session: str) -> None:
        for one in self._live:
            await one.leave(session)

    async def _in_lease_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._lease_threads, work, *arguments)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        metrics.gauge("otklik_crawl_running_visits").set(len(self._running))
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:  # `_visit` lets none out
            log.error("visit_lost", error=type(error).__name__, at=where(error))

    def _idle(self) -> float:
        """Seconds until the next source known to be due, at most `IDLE`. By the monotonic clock.

        Those due by now were just tried: another process has them, their slot is taken, or this one is full.
        """
        now = self._now()
        self._due = {id_: due for id_, due in self._due.items() if due > now}
        soonest = min(self._due.values(), default=now + timedelta(seconds=IDLE))
        return min(max((soonest - now).total_seconds(), 0.01), IDLE)

    async def _visit(self, lease: Lease) -> None:
        planned = self._planned[lease.source]
        self._due.pop(lease.source, None)
        started = self._started[lease.source] = self._now()
        session = self._sessions.get(lease.source, "")
        held = self._holding if session else None
        renewing = asyncio.create_task(self._renew(lease))
        visit = self.visit_type(
            planned,
            collector=self._collectors[lease.kind],
            cursor=lease.cursor,
            save_cursor=partial(self._sources.save_cursor, lease),
            intake=self._intake,
            stopping=self._stopping if held is None else held.leaving(session),
            abandon=self._abandon if held is None else held.lost(session),
        )
        try:
            ended = await visit.run()
            await self._finish(lease, planned, started, ended, visit.new_posts)
        except Lost:
            log.info("lease_lost", source=lease.source)
        except Stopped:
            await self._release(lease)
        finally:
            renewing.cancel()
            await asyncio.wait({renewing})
            if self._remaining is not None:
                self._remaining.discard(lease.source)
                if not self._remaining:
                    self.stop()

    async def _finish(self, lease: Lease, planned: Planned, started: datetime, ended: Ended, new_posts: int) -> None:
        finished = max(self._now(), started)  # a clock set back must not make a visit end before it began
        retry_at = ended.problem.retry_at if ended.problem else None
        visit = schedule.Visit(started, finished, ended.outcome, ended.posts, retry_at)
        following = schedule.after(planned.schedule, visit, lease.interval)
        health = SourceHealth(
            source=lease.source,
            kind=lease.kind,
            started=started,
            finished=finished,
            outcome=ended.outcome,
            reason=ended.reason,
            action=ended.action,
            posts=ended.posts,
            next_due=following.due,
        )
        finish = partial(self._sources.finish, lease, health, interval=following.interval, new_posts=new_posts)
        if not await patiently(finish, give_up=self._stopping):
            raise Lost
        self._due[lease.source] = following.due
        if retry_at is None:
            self._not_before.pop(lease.source, None)
        else:
            self._not_before[lease.source] = min(retry_at, following.due)
        _count(health)
        log.info("visited", source=lease.source, outcome=ended.outcome.value, posts=ended.posts)
        await self._publish(health)
        self._visited[lease.source] = health

    async def _publish(self, health: SourceHealth) -> None:
        """The run itself is in the store; its announcement is not worth holding up the source for."""
        record = Record(health.source, health.encode(), health.finished, headers(SourceHealth))
        try:
            await asyncio.to_thread(self._bus.publish, topics.SOURCES, [record])
        except BusError as error:
            log.warning("health_not_published", source=health.source, reason=str(error))

    async def _renew(self, lease: Lease) -> None:
        """Keep the lease while the visit lasts. A lost one shows itself when the cursor is saved."""
        while True:
            await asyncio.sleep(self._term.total_seconds() / 3)
            try:
                if not await self._in_lease_thread(self._sources.renew, lease, self._term):
                    return
            except StoreError as error:
                log.warning("lease_not_renewed", source=lease.source, reason=str(error))

    async def _release(self, lease: Lease) -> None:
        try:
            await asyncio.to_thread(self._sources.release, lease)
        except StoreError as error:
            log.warning("lease_not_released", source=lease.source, reason=str(error))

    async def _drain(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=self._grace)
        self._abandon.set()
        if self._holding is not None:
            self._holding.abandon()
        if self._running:
            await asyncio.wait(self._running)
        if self._holding is not None:
            await self._holding.give_back()

    def _repair(self) -> None:
        """Make sources due that were planned by a clock running ahead: they would sleep until that time comes."""
        now = self._now()
        for state in self._sources.list():
            planned = self._planned.get(state.id)
            if planned is not None and state.enabled and state.next_due > schedule.latest(planned.schedule, now):
                log.warning("due_time_repaired", source=state.id, due=state.next_due.isoformat())
                self._sources.force_due(state.id)


def _count(health: SourceHealth) -> None:
    metrics.counter("otklik_crawl_visits_total", kind=health.kind, outcome=health.outcome.value).inc()
    metrics.counter("otklik_crawl_posts_total", kind=health.kind).inc(health.posts)
    seconds = (health.finished - health.started).total_seconds()
    metrics.histogram("otklik_crawl_visit_seconds", kind=health.kind).observe(seconds)
