"""Worker processes for hostile bytes: each call has a time and memory limit, and only that call is lost at a crash."""

import asyncio
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from crawlers.base import SourceProblem
from schemas import Outcome
from text.refusal import refusal

WORKERS = max(1, min(4, (os.cpu_count() or 2) - 1))  # one core is for the rest of the crawler; 4 read 200 pages/s
SECONDS = 30.0  # an ordinary page takes 10 to 25 ms; a feed of 10,000 entries 3 s
MEMORY_BYTES = 2 * 1024**3  # of addresses; a page of 5 MB needs about a tenth
CPU_SECONDS = 900  # of a worker's whole life: one that hangs on a page when the crawler is killed ends by itself
CALLS = 500  # a worker is replaced after so many: the caches of the libraries in it only grow

START = (
    "Проверьте на этой машине общую память: папка /dev/shm должна быть, с местом и правом записи "
    "(mount -t tmpfs tmpfs /dev/shm; в контейнере — ключ --shm-size), и перезапустите otklik"
)

P = ParamSpec("P")
R = TypeVar("R")


class Lost(Exception):
    """The call ran out of time or memory, or brought its process down."""


class Workshop:
    """Starts its processes at the first call."""

    def __init__(self, workers: int = WORKERS, seconds: float = SECONDS, memory: int = MEMORY_BYTES) -> None:
        self._seconds = seconds
        # Not fork: this process has threads and an event loop. The server that forks has the slow things done, so a
        # worker that had to be replaced costs milliseconds.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["crawlers.news.preload"])
        self._pool = ProcessPool(
            max_workers=workers,
            max_tasks=CALLS,
            initializer=_limit,
            initargs=[memory],
            context=context,
        )

    async def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`function(*args, **kwargs)` in a worker; arguments and result are pickled.

        Raises:
            Lost: the call is over and its worker was replaced.
            SourceProblem: this machine starts no workers; the operator reads why.
            Exception: what the function raised.
        """
        try:
            future = self._pool.schedule(function, args=args, kwargs=kwargs, timeout=self._seconds)
        except OSError as error:  # the first call starts them, and their locks are files in /dev/shm
            raise SourceProblem(
                Outcome.BROKEN, f"страницы некому разбирать: процессы не запускаются ({refusal(error)})", START
            ) from error
        try:
            return await asyncio.wrap_future(future)
        except (TimeoutError, ProcessExpired, MemoryError, RecursionError) as error:
            raise Lost(type(error).__name__) from error

    def close(self) -> None:
        """End the workers; calls under way are lost."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def _limit(memory: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
