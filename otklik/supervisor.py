"""Keeps the roles of one machine running: a process each, restarted with backoff, reloaded, stopped in order."""

import asyncio
import contextlib
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from bus.metrics import SHARED_FOLDER, forget
from otklik.exits import Exit
from text.refusal import refusal

log = structlog.get_logger()

FIRST_DELAY = 1.0
"""Seconds before a dead role starts again: a process that was killed once is back before anybody notices."""
LONGEST_DELAY = 60.0
"""A role that dies at once every time starts once a minute: often enough to recover by itself from any outage."""
HEALTHY = 60.0
"""Seconds alive after which the next death counts as the first: longer than any start-up that fails."""
STOP_SECONDS = 30.0
"""A role finishes its batch (256 posts, under a second) and one request to a receiver (30 s at most); then it is
killed, which costs a repetition and loses nothing."""


@dataclass(frozen=True, slots=True)
class Role:
    """`command` is a whole command line."""

    name: str
    command: tuple[str, ...]


@dataclass
class _Kept:
    """A role with its process of the moment."""

    role: Role
    process: Process | None = None
    deaths: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


Say = Callable[[str], None]
Reload = Callable[[], Awaitable[Sequence[Role] | None]]


def delay(deaths: int) -> float:
    """Seconds to wait after the `deaths`-th death in a row."""
    return min(FIRST_DELAY * float(2 ** min(deaths - 1, 30)), LONGEST_DELAY)


class Supervisor:
    """Runs `roles` until it is told to stop.

    Roles stop in the order given: who writes before who reads, so that each finds its topics complete. A role gets the
    end of a pipe as its standard input: it closes when this process dies, however it dies, and the role stops too
    (`otklik.process.stop_with_parent`). `say` shows a sentence in Russian to the operator.
    """

    def __init__(self, roles: Sequence[Role], say: Say, env: Mapping[str, str], reload: Reload | None = None) -> None:
        self._kept = [_Kept(role) for role in roles]
        self._say = say
        self._env = dict(env)
        self._reload = reload
        self._stop = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._code = Exit.OK

    async def run(self) -> Exit:
        """Return when everything has stopped; USAGE where a role refused its configuration."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._on_hangup)
        for kept in self._kept:
            self._start(kept)
        try:
            await self._stop.wait()
        finally:
            async with self._reloading:
                await self._stop_all()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(number)
        return self._code

    def stop(self) -> None:
        """Ask for a clean stop. May be called twice."""
        self._stop.set()

    @property
    def pids(self) -> dict[str, int]:
        """Of the roles that run at the moment."""
        return {k.role.name: k.process.pid for k in self._kept if k.process is not None}

    def _start(self, kept: _Kept) -> None:
        kept.stopping.clear()
        kept.task = asyncio.create_task(self._keep(kept), name=kept.role.name)

    async def _keep(self, kept: _Kept) -> None:
        while not kept.stopping.is_set():
            started = time.monotonic()
            try:
                kept.process = await asyncio.create_subprocess_exec(
                    *kept.role.command, stdin=PIPE, stdout=DEVNULL, env=self._env, start_new_session=True
                )
            except OSError as error:  # no memory, no more processes allowed: that passes
                await self._pause(kept, f"не запускается: {refusal(error)}")
                continue
            log.info("role_started", role=kept.role.name, pid=kept.process.pid)
            if kept.stopping.is_set():  # told to while the process was being made
                _terminate(kept.process)
            code = await kept.process.wait()
            pid, kept.process = kept.process.pid, None
            log.info("role_ended", role=kept.role.name, pid=pid, code=code)
            forget(pid, self._env.get(SHARED_FOLDER))
            if kept.stopping.is_set():
                return
            if code == Exit.USAGE:
                self._say(
                    f"Роль {kept.role.name} не может работать с этим файлом региона (сказано выше). Останавливаюсь."
                )
                self._code = Exit.USAGE
                self._stop.set()
                return
            if code == Exit.HALTED:
                # Its stop rule keeps a bad release from emptying the topic; starting it again and again would.
                self._say(
                    f"Роль {kept.role.name} остановила себя (сказано выше) и сама не запустится. "
                    "Исправьте причину и дайте сигнал SIGHUP или перезапустите otklik."
                )
                return
            if time.monotonic() - started >= HEALTHY:
                kept.deaths = 0
            await self._pause(kept, f"остановилась ({_how(code)})")

    async def _pause(self, kept: _Kept, what: str) -> None:
        kept.deaths += 1
        pause = delay(kept.deaths)
        self._say(f"Роль {kept.role.name} {what}. Запущу снова через {pause:.0f} с.")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(kept.stopping.wait(), pause)

    async def _stop_all(self) -> None:
        for kept in self._kept:
            await self._stop_one(kept)

    async def _stop_one(self, kept: _Kept) -> None:
        kept.stopping.set()
        if kept.task is None:
            return
        if kept.process is not None:  # else it is being made, or waits before a restart
            _terminate(kept.process)
        done, _ = await asyncio.wait({kept.task}, timeout=STOP_SECONDS)
        if not done and kept.process is not None:
            self._say(f"Роль {kept.role.name} не остановилась за {STOP_SECONDS:.0f} с и снята. Данные не потеряны.")
            kept.process.kill()
            await asyncio.wait({kept.task})
        kept.task = None

    def _on_hangup(self) -> None:
        task = asyncio.create_task(self._restart())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _restart(self) -> None:
        """Take over the new configuration, unless it is broken: `reload` returns None then, and has said why."""
        if self._reload is None:
            return
        async with self._reloading:
            roles = await self._reload()
            if roles is None or self._stop.is_set():
                return
            await self._stop_all()
            self._kept = [_Kept(role) for role in roles]
            for kept in self._kept:
                self._start(kept)


def command(role: str, *arguments: str) -> tuple[str, ...]:
    """The command line of a role, in this interpreter."""
    return (sys.executable, "-m", "otklik", role, *arguments)


def _terminate(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()


def _how(code: int) -> str:
    return f"сигнал {signal.Signals(-code).name}" if code < 0 else f"код {code}"
