"""The sessions that this crawler process holds: taken, kept while it lives, let go before others can have them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from store import Hold, Holds, StoreError

log = structlog.get_logger()

RENEWALS = 4
"""In a term. A renewal that has not worked out by the last of them ends the hold, a quarter of a term before anybody
else may have it: time enough to close a connection."""

InThread = Callable[..., Awaitable[Any]]


@dataclass
class _Held:
    hold: Hold
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    keeping: asyncio.Task[None] | None = None


class Holding:
    """`leave` is awaited before a session is given back, and when it was lost: it ends the connection."""

    def __init__(
        self, holds: Holds, owner: str, term: timedelta, in_thread: InThread, leave: Callable[[str], Awaitable[None]]
    ) -> None:
        self._holds = holds
        self._owner = owner
        self._term = term
        self._in_thread = in_thread
        self._leave = leave
        self._held: dict[str, _Held] = {}

    async def seek(self, names: Iterable[str]) -> None:
        """Take those that nobody has.

        Raises:
            StoreError: the store does not answer.
        """
        for name in names:
            if name in self._held:
                continue
            began = time.monotonic()
            hold = await self._in_thread(self._holds.take, name, self._owner, self._term)
            if hold is not None:
                held = self._held[name] = _Held(hold)
                held.keeping = asyncio.create_task(self._keep(held, began), name=f"hold {name}")
                log.info("session_held", session=name)

    def __contains__(self, name: str) -> bool:
        return name in self._held

    def lost(self, name: str) -> asyncio.Event:
        """Set when the session is not ours any more: whatever uses it must stop."""
        held = self._held.get(name)
        if held is not None:
            return held.lost
        gone = asyncio.Event()
        gone.set()
        return gone

    def abandon(self) -> None:
        """Tell all that use one to stop."""
        for held in self._held.values():
            held.lost.set()

    async def give_back(self) -> None:
        """End all connections, and let others have the sessions."""
        for name, held in list(self._held.items()):
            assert held.keeping is not None
            await self._leave(name)
            held.keeping.cancel()
            await asyncio.wait({held.keeping})
            del self._held[name]
            try:
                await self._in_thread(self._holds.release, held.hold)
            except StoreError as error:
                log.warning("session_not_released", session=name, reason=str(error))

    async def _keep(self, held: _Held, renewed: float) -> None:
        """`renewed`: when the last renewal that worked out was begun, or the taking."""
        term = self._term.total_seconds()
        while True:
            await asyncio.sleep(term / RENEWALS)
            began = time.monotonic()
            left = renewed + term * (RENEWALS - 1) / RENEWALS - began
            try:
                kept = await asyncio.wait_for(self._in_thread(self._holds.renew, held.hold), max(left, 0))
            except (StoreError, TimeoutError) as error:
                if left > 0 and not isinstance(error, TimeoutError):
                    log.warning("session_not_renewed", session=held.hold.name, reason=str(error))
                    continue
                kept = False
            if not kept:
                break
            renewed = began
        log.warning("session_lost", session=held.hold.name)
        held.lost.set()
        await self._leave(held.hold.name)
        del self._held[held.hold.name]
