"""A webhook's receiver: a real HTTP server that checks signatures with the library receivers use."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
POLL = 0.02  # seconds in which closing is noticed

Reply = Callable[[BaseHTTPRequestHandler], None]


def reply(status: int, body: bytes = b"", **headers: str) -> Reply:
    """An answer with this status; header names with _ for -."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


class Receiver:
    """Takes what is signed with `SECRET`; `replies` are given first, one for each POST, then 204."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        """Bodies it answered 2xx to, parsed."""
        self.attempts: list[dict[str, str]] = []
        """Headers of every POST, names in lower case."""
        self.always: Reply | None = None
        """Answers every request, of any method."""
        self.replies: list[Reply] = []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/events"

    def hang(self, handler: BaseHTTPRequestHandler) -> None:
        """Answers nothing until the receiver closes."""
        self.closing.wait()
        handler.close_connection = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.attempts.append(headers)
            try:
                body = Webhook(SECRET).verify(self._body(), headers)
            except WebhookVerificationError:
                reply(401)(self)
                return
            if headers["webhook-id"] != body["id"]:
                reply(400)(self)
                return
            self.event = body
            (receiver.always or (receiver.replies.pop(0) if receiver.replies else reply(204)))(self)

        def do_OPTIONS(self) -> None:
            body, headers = self._body(), {name.lower(): value for name, value in self.headers.items()}
            Webhook(SECRET).verify(body, headers, json_parse=False)
            (receiver.always or reply(204))(self)

        def send_response(self, code: int, message: str | None = None) -> None:
            if self.command == "POST" and 200 <= code < 300:
                receiver.taken.append(self.event)  # before the sender can know
            super().send_response(code, message)

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("content-length", "0")))

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
