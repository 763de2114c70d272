"""The name resolver of every connection that Scrapy makes: it answers with addresses that may be connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from zope.interface import implementer  # type: ignore[import-untyped]

from net import AddressRefused, Exempt, public_only

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host and port to IP addresses, best first. Raises OSError where the name does not resolve."""

REFUSED_KEPT = 1_000  # hosts: each is asked about at once, so this is for as many requests under way
DNS_SECONDS = 10.0  # resolv.conf's defaults give up after two rounds of 5 s


async def system_resolve(host: str, port: int) -> list[str]:
    """The addresses the operating system knows for `host`; it reads literals too, however they are written."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name
        self.task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()


@implementer(IHostnameResolver)
class GuardedResolver:
    """Twisted connects to what this returns and looks nothing up again, so a name can't be bound anew in between.

    IP literals in URLs come here as well. `exempt` holds the host and port pairs that may lie at a private address;
    which source may use them is checked per request (`crawlers.net.politeness`).
    """

    def __init__(self, resolve: Resolve = system_resolve) -> None:
        self._resolve = resolve
        self._tasks: set[asyncio.Task[None]] = set()
        self.exempt: set[tuple[str, int]] = set()
        self._refused: dict[str, None] = {}

    def resolveHostName(  # noqa: N802
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803, ARG002
    ) -> _Resolution:
        """Twisted's interface; see `twisted.internet.interfaces.IHostnameResolver`."""
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        resolution.task = asyncio.get_running_loop().create_task(
            self._answer(resolutionReceiver, hostName, portNumber, addressTypes)
        )
        self._tasks.add(resolution.task)
        resolution.task.add_done_callback(self._tasks.discard)
        return resolution

    async def _answer(self, receiver: Any, host: str, port: int, types: Sequence[type] | None) -> None:
        try:
            for address in await self.addresses(host, port):
                kind = IPv6Address if ":" in address else IPv4Address
                if types is None or kind in types:
                    receiver.addressResolved(kind("TCP", address, port))
        except (OSError, UnicodeError, TimeoutError):
            pass  # no address: Twisted reports a name that does not resolve
        receiver.resolutionComplete()

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses that may be connected to for `host` and `port`.

        Raises:
            AddressRefused: none of its addresses is public.
            OSError, TimeoutError, UnicodeError: the name does not resolve.
        """
        key = (host.lower(), port)
        self._refused.pop(key[0], None)
        async with asyncio.timeout(DNS_SECONDS):
            found = await self._resolve(host, port)
        if key in self.exempt:
            return found
        try:
            return public_only(host, found)
        except AddressRefused:
            self._refused[key[0]] = None
            if len(self._refused) > REFUSED_KEPT:
                del self._refused[next(iter(self._refused))]
            raise

    def has_refused(self, host: str) -> bool:
        """Whether its last look-up, if not long ago, found private addresses only.

        Twisted has no words for that: it reports a name that does not resolve.
        """
        return host.lower() in self._refused

    def allow(self, exempt: Exempt) -> None:
        """From now on these pairs may lie at a private address."""
        self.exempt |= exempt
