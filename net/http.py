"""An httpx client which connects to public addresses only."""

import logging
import socket
from collections.abc import Callable, Iterable

import httpcore
import httpx

from net.addresses import Exempt, public_only

Resolve = Callable[[str, int], list[str]]
"""Host and port to IP addresses, best first."""

CONNECT_SECONDS = 10.0  # a receiver that takes longer to accept is down
POOL = 10  # connections kept per client; a sink sends one batch at a time

logging.getLogger("httpx").setLevel(logging.WARNING)
"""Its INFO lines hold whole URLs, and a URL may hold a secret, as those of Telegram's bots do."""


def system_resolve(host: str, port: int) -> list[str]:
    """The addresses the operating system knows for `host`, best first.

    Raises:
        OSError: the name does not resolve.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class _GuardedBackend(httpcore.SyncBackend):
    """Resolves a name itself and connects to the very address it has checked, so a second answer can't differ."""

    def __init__(self, exempt: Exempt, resolve: Resolve) -> None:
        self._exempt = exempt
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._resolve(host, port)
            if (host.lower(), port) not in self._exempt:
                addresses = public_only(host, addresses)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"{host} has no address")


class _GuardedTransport(httpx.HTTPTransport):
    def __init__(self, backend: httpcore.NetworkBackend, verify: bool | str) -> None:
        super().__init__(trust_env=False)
        self._pool.close()
        # httpx has no public way to hand its pool another network backend.
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(verify=verify, trust_env=False),
            max_connections=POOL,
            network_backend=backend,
        )


def safe_client(
    *,
    allow_private: Exempt = frozenset(),
    timeout: float = 30.0,
    verify: bool | str = True,
    resolve: Resolve = system_resolve,
) -> httpx.Client:
    """A client which connects to no private address except the host and port pairs of `allow_private`.

    The address checked is the address connected to, for names and IP literals alike, at every connection. It follows
    no redirects and knows no proxies: both would lead around the check. A refused address is an `httpx.ConnectError`
    whose `__cause__` chain holds `AddressRefused`. `timeout` in seconds, for each of reading and writing; `verify` may
    name a file of certificates.
    """
    return httpx.Client(
        transport=_GuardedTransport(_GuardedBackend(allow_private, resolve), verify),
        timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
        follow_redirects=False,
        trust_env=False,
    )
