"""Serves the console over HTTP."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from starlette.types import ASGIApp

from text.refusal import refusal

log = structlog.get_logger()

GRACE_SECONDS = 5
"""For answers under way at a stop; the longest is a page of events, well under a second."""
BACKLOG = 128


_REASONS = {
    errno.EADDRINUSE: "порт занят",
    errno.EADDRNOTAVAIL: "у этой машины нет такого адреса",
    errno.EACCES: "нет прав на этот порт",
}


class ConsoleError(Exception):
    """The console cannot listen. The message is for the operator, in Russian."""


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the role's process."""
        yield


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        ConsoleError: the address is taken or not of this machine.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or refusal(error)
        raise ConsoleError(
            f"Консоль не может слушать {host}:{port} ({reason}). Освободите порт "
            "или укажите другой адрес в console.listen."
        ) from error


class Server:
    """Listens from the moment when it is made; `run` until `stop`, which may be called from a signal handler or another
    thread. Port 0 takes a free one, told by `port`.

    Raises:
        ConsoleError: the address is taken or not of this machine.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._socket = listening(host, port)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._server = _Uvicorn(config)

    def stop(self) -> None:
        """Finish the answers under way and return from `run`. May be called before it."""
        self._server.should_exit = True

    def run(self) -> None:
        """Answer until stopped."""
        log.info("console_listens", port=self.port)
        with self._socket:
            if not self._server.should_exit:
                self._server.run(sockets=[self._socket])
        log.info("console_stopped", port=self.port)
