"""What all simulators stand on: an HTTP server of 127.0.0.1 in a thread, and data files."""

import sys
import threading
from copy import deepcopy
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ruamel.yaml import YAML

POLL = 0.01
"""Seconds in which `stop` is noticed: half a second, the default, would add up over a test suite."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer's body waits 40 ms for its head to be acknowledged

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: tests read what the simulator remembers."""


class Server(ThreadingHTTPServer):
    """From `start()` to `stop()` on a port of 127.0.0.1, 0 for any free one."""

    daemon_threads = True
    request_queue_size = 64  # a crawler opens several connections at once

    def __init__(self, port: int, handler: type[Handler]) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(POLL,), daemon=True)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, no slash at the end."""
        return f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no error of ours; a log of it would only hide real ones."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def data(text: str) -> Any:
    """A YAML text, to be changed at will. Read once: it takes longer than many a test."""
    return deepcopy(_read(text))


@cache
def _read(text: str) -> Any:
    return YAML(typ="safe").load(text)
