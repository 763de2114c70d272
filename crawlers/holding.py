"""The sessions that this process holds: taken, kept while it lives, let go before others can have them, and lent."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from crawlers.faults import where
from crawlers.visit import wait_for
from store import Hold, Holds, StoreError

log = structlog.get_logger()

RENEWALS = 4
"""In a term. A renewal that has not worked out by the last of them ends the hold, a quarter of a term before anybody
else may have it: time enough to close a connection."""

ENDING = 0.5
"""Of a term: what uses a session that was asked for gets this long to come to the end of a page. Another quarter is for
what has to be stopped, and the last one to close the connection."""

InThread = Callable[..., Awaitable[Any]]


@dataclass
class _Held:
    hold: Hold
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    lent: bool = False
    keeping: asyncio.Task[None] | None = None


class Holding:
    """`leave` is awaited before a session is given back or handed over, and when it was lost: it ends the connection.

    With `unused`, a session is handed over to who wants it: `unused` returns once nothing uses the session.
    """

    def __init__(
        self,
        holds: Holds,
        owner: str,
        term: timedelta,
        in_thread: InThread,
        leave: Callable[[str], Awaitable[None]],
        *,
        unused: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._holds = holds
        self._owner = owner
        self._term = term
        self._in_thread = in_thread
        self._leave = leave
        self._unused = unused
        self._held: dict[str, _Held] = {}
        self._lent: set[str] = set()
        self._ending = False

    async def seek(self, names: Iterable[str]) -> set[str]:
        """Take those that nobody has; which of them were lent and are back.

        Raises:
            StoreError: the store does not answer.
        """
        back = set()
        for name in names:
            if name not in self._held and await self._had(name, self._holds.take) and name in self._lent:
                self._lent.discard(name)
                back.add(name)
        return back

    async def borrow(self, name: str, *, held_for: timedelta, free_for: timedelta) -> bool:
        """Take one for a while, or ask for it; see `Holds.borrow`.

        Raises:
            StoreError: the store does not answer.
        """
        return await self._had(name, partial(self._holds.borrow, held_for=held_for, free_for=free_for))

    async def _had(self, name: str, take: Callable[[str, str, timedelta], Hold | None]) -> bool:
        began = time.monotonic()
        taking = asyncio.ensure_future(self._in_thread(take, name, self._owner, self._term))
        try:
            hold = await asyncio.shield(taking)
        except asyncio.CancelledError:  # the thread goes on: what it takes is not to be kept
            with suppress(StoreError):
                if (hold := await taking) is not None:
                    await self._in_thread(self._holds.release, hold)
            raise
        if hold is None:
            return False
        held = self._held[name] = _Held(hold)
        if self._ending:
            held.leaving.set()
        held.keeping = asyncio.create_task(self._keep(held, began), name=f"hold {name}")
        log.info("session_held", session=name)
        return True

    def __contains__(self, name: str) -> bool:
        """Whether it may be used. Not while it is being left: a visit would start and stop at once, over and over."""
        held = self._held.get(name)
        return held is not None and not held.leaving.is_set() and not held.lost.is_set()

    def leaving(self, name: str) -> asyncio.Event:
        """Set when whatever uses the session is to come to an end."""
        held = self._held.get(name)
        return _set() if held is None else held.leaving

    def lost(self, name: str) -> asyncio.Event:
        """Set when the session is not ours any more: whatever uses it must stop."""
        held = self._held.get(name)
        return _set() if held is None else held.lost

    def end(self) -> None:
        """Tell all that use one to come to an end; lend no more."""
        self._ending = True
        for held in self._held.values():
            held.leaving.set()

    def keep(self) -> None:
        """Lend none."""
        self._unused = None

    def abandon(self) -> None:
        """Tell all that use one to stop."""
        for held in self._held.values():
            held.lost.set()

    async def give_back(self) -> None:
        """End all connections, and let others have the sessions."""
        for name, held in list(self._held.items()):
            assert held.keeping is not None
            if held.lent:  # on its way out
                await asyncio.wait({held.keeping})
                continue
            await self._disconnect(name)
            held.keeping.cancel()
            await asyncio.wait({held.keeping})
            if self._held.pop(name, None) is None:
                continue  # lost meanwhile: what is left of its connection may still be ending
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
                kept, wanted = await asyncio.wait_for(self._in_thread(self._renew, held.hold), max(left, 0))
            except (StoreError, TimeoutError) as error:
                if left > 0 and not isinstance(error, TimeoutError):
                    log.warning("session_not_renewed", session=held.hold.name, reason=str(error))
                    continue
                kept = False
            if not kept:
                break
            renewed = began
            if wanted and self._unused is not None and not self._ending:
                await self._lend(held, self._unused)
                return
        log.warning("session_lost", session=held.hold.name)
        held.lost.set()
        try:
            await self._disconnect(held.hold.name)
        finally:
            self._held.pop(held.hold.name, None)

    def _renew(self, hold: Hold) -> tuple[bool, bool]:
        """Whether it is still ours, and whether somebody wants it."""
        kept = self._holds.renew(hold)
        return kept, kept and self._unused is not None and self._holds.wanted(hold)

    async def _lend(self, held: _Held, unused: Callable[[str], Awaitable[None]]) -> None:
        """It was renewed a moment ago and is not again, so all of this has to be done within a term."""
        name, term = held.hold.name, self._term.total_seconds()
        held.lent = True
        held.leaving.set()
        await wait_for(unused(name), term * ENDING)
        held.lost.set()
        await wait_for(unused(name), term / RENEWALS)
        await self._disconnect(name)
        del self._held[name]
        self._lent.add(name)
        try:
            await self._in_thread(self._holds.hand_over, held.hold)
        except StoreError as error:  # it lapses
            log.warning("session_not_released", session=name, reason=str(error))
        log.info("session_lent", session=name)

    async def _disconnect(self, name: str) -> None:
        """Leave it. What fails there must neither keep the session from being sought again nor the others from being
        given back."""
        try:
            await self._leave(name)
        except Exception as error:
            log.error("session_not_left", session=name, error=type(error).__name__, at=where(error))  # noqa: TRY400


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
