"""Twisted's reactor inside the asyncio loop that is already running."""

import asyncio
import sys
from typing import Any

from twisted.internet import main
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from crawlers.net.resolver import GuardedResolver


class GuestReactor(AsyncioSelectorReactor):
    """A reactor whose end is not the end of its loop."""

    def crash(self) -> None:
        """Stop the reactor; AsyncioSelectorReactor would stop the loop too."""
        super(AsyncioSelectorReactor, self).crash()


PATH = f"{GuestReactor.__module__}.{GuestReactor.__qualname__}"
"""For Scrapy's setting TWISTED_REACTOR."""


def open_reactor(resolver: GuardedResolver) -> Any:
    """A reactor on the running loop, with `resolver` for every connection it makes; it is the process's reactor.

    Twisted's reactor is a module that lives as long as the process, bound to one loop. A second loop in one process (a
    test, a second `asyncio.run`) needs a second reactor, so the module is replaced; Scrapy looks it up at each use.
    Close it with `close_reactor` before another is opened.

    Raises:
        RuntimeError: the reactor of this process is in use.
    """
    current = sys.modules.get("twisted.internet.reactor")
    if current is not None:
        if getattr(current, "running", False):
            raise RuntimeError("Twisted's reactor already runs in this process: only one Http may be open")
        del sys.modules["twisted.internet.reactor"]
    reactor: Any = GuestReactor(asyncio.get_running_loop())
    main.installReactor(reactor)  # type: ignore[no-untyped-call]
    reactor.installNameResolver(resolver)
    reactor.startRunning(installSignalHandlers=False)
    return reactor


async def close_reactor(reactor: Any) -> None:
    """Fire the reactor's shutdown and let its sockets go; the loop goes on."""
    stopped = asyncio.Event()
    reactor.addSystemEventTrigger("after", "shutdown", stopped.set)
    reactor.fireSystemEvent("shutdown")
    await stopped.wait()
    for reader in list(reactor._internalReaders):  # the self-pipe; nothing public closes it
        reactor.removeReader(reader)
        reader.connectionLost(None)
    reactor._internalReaders.clear()
