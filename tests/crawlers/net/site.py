"""A web site on loopback whose pages a test writes: real sockets, raw answers where HTTP must be broken."""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.simulators.loopback import Handler, Server


@dataclass
class Answer:
    body: bytes | str = b""
    status: int = 200
    type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: Callable[[socket.socket, threading.Event], None] | None = None
    """Writes to the socket itself, until the event says that the test is over."""


Page = Answer | Callable[[Mapping[str, str]], Answer]


class Site:
    """`pages` by path; what is missing is a 404. `asked` lists the paths in the order of requests."""

    def __init__(self, pages: Mapping[str, Page] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Page] = dict(pages or {})
        self.asked: list[str] = []
        self.over = threading.Event()
        site = self

        class SiteHandler(Handler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                page = site.pages.get(self.path, Answer(status=404))
                answer = page(dict(self.headers)) if callable(page) else page
                if answer.raw is not None:
                    self.close_connection = True
                    answer.raw(self.connection, site.over)
                    return
                body = answer.body.encode() if isinstance(answer.body, str) else answer.body
                self.send_response(answer.status)
                headers = {"Content-Type": answer.type, "Content-Length": str(len(body))} | dict(answer.headers)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        class SiteServer(Server):
            def get_request(self) -> tuple[socket.socket, Any]:
                connection, address = super().get_request()
                connection.settimeout(30)
                if tls is not None:
                    connection = tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                return connection, address

        self._server = SiteServer(0, SiteHandler)
        self.port: int = self._server.server_port
        self.scheme = "https" if tls else "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def exempt(self) -> frozenset[tuple[str, int]]:
        return frozenset({("127.0.0.1", self.port)})

    def paths(self) -> list[str]:
        """What was asked for, robots.txt aside."""
        return [path for path in self.asked if path != "/robots.txt"]

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.stop()


def redirect(target: str, status: int = 302) -> Answer:
    return Answer(status=status, headers={"Location": target})


def xml(body: str | bytes, **headers: str) -> Answer:
    return Answer(body, type="application/xml", headers=headers)
