"""Telegram's Bot API, as far as a sink needs it: a real HTTP server with the answers of the real one."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

TOKEN = "123456:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"
CHAT = "-1001234567890"
LONGEST = 4096

Failure = tuple[int, dict[str, Any]]


def failure(status: int, description: str, **parameters: int) -> Failure:
    """An answer of the Bot API that says no."""
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return status, body | ({"parameters": parameters} if parameters else {})


class BotApi:
    """Knows one bot, which is a member of one chat. `failures` are given first, one for each sendMessage."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.failures: list[Failure | None] = []
        self.always: Failure | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, method: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """As the real one does it."""
        if self.always:
            return self.always
        if method == "getMe":
            return _ok({"id": 123456, "is_bot": True, "first_name": "Отклик", "username": "otklik_bot"})
        if method not in {"getChat", "sendMessage"}:
            return failure(404, "Not Found")
        if str(given.get("chat_id")) != CHAT:
            return failure(400, "Bad Request: chat not found")
        if method == "getChat":
            return _ok({"id": int(CHAT), "type": "supergroup", "title": "Дежурные"})
        return self._send(given)

    def _send(self, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        refused = self.failures.pop(0) if self.failures else None
        if refused:
            return refused
        text = str(given.get("text", "")).strip()
        if not text:
            return failure(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > LONGEST:
            return failure(400, "Bad Request: message is too long")
        self.messages.append(given)
        return _ok({"message_id": len(self.messages), "chat": {"id": int(CHAT)}, "date": 1_773_124_200, "text": text})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _ok(result: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return 200, {"ok": True, "result": result}


def _handler(api: BotApi) -> type[BaseHTTPRequestHandler]:
    answer: Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]] = api.answer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
            bot, _, method = self.path.removeprefix("/bot").partition("/")
            status, body = answer(method, given) if bot == TOKEN else failure(401, "Unauthorized")
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
