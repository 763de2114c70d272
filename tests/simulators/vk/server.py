"""The HTTP side: tokens, limits per second and per day, errors on demand, slow and cut answers."""

import json
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from tests.simulators.loopback import Handler, Server
from tests.simulators.vk.methods import Methods, VkError
from tests.simulators.vk.wall import Community

TOKEN = "simulated-service-token"
VK_PER_DAY = {"wall.get": 5000, "wall.getComments": 5000, "wall.search": 1000, "newsfeed.search": 1000}
"""What VK allows a token, for `per_day`."""
_READERS = {"service", "user"}
TAKES = {
    "wall.get": _READERS,
    "wall.getById": _READERS,
    "wall.getComments": _READERS,
    "newsfeed.search": _READERS,
    "board.getTopics": _READERS,
    "board.getComments": _READERS,
    "utils.resolveScreenName": _READERS | {"community"},
    "groups.getById": _READERS | {"community"},
    "execute": {"user", "community"},
}
"""The kinds of token that VK takes for a method. Written down apart from ours: a mistake there must show here."""


@dataclass(frozen=True)
class Fault:
    """One misbehaviour, for the next call of `method` ("" for any)."""

    method: str = ""
    error: VkError | None = None
    status: int | None = None
    """An HTTP error with a page instead of JSON."""
    redirect: str | None = None
    body: str | None = None
    """A 200 with this instead of JSON."""
    cut: bool = False
    """Close the connection in the middle of the body."""


@dataclass
class VkSimulator:
    """A context manager; `url` is the API's base. Everything may be changed while it runs."""

    communities: Iterable[Community]
    port: int = 0
    token: str = TOKEN
    more_tokens: tuple[str, ...] = ()
    """That it takes as well, each with limits of its own."""
    kinds: dict[str, str] = field(default_factory=dict)
    """Of tokens that are not service keys: user, community."""
    per_second: int | None = None
    """Calls within a second above which it answers with error 6."""
    per_day: dict[str, int] = field(default_factory=dict)
    """Calls per method and token above which it answers with error 29."""
    slow: float = 0.0
    """Seconds before each answer."""
    faults: deque[Fault] = field(default_factory=deque)
    """Used up one by one, each by the first call that it fits."""
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Method and parameters, without the token."""
    answered: Callable[[str, dict[str, Any]], None] | None = None
    """Told every method and its answer."""

    def __post_init__(self) -> None:
        self.methods = Methods(self.communities)
        self.cold = 0
        """Calls that were the first request on their connection."""
        self.counts: Counter[tuple[str, str]] = Counter()
        self.arrivals: defaultdict[str, list[float]] = defaultdict(list)
        """When calls came, admitted or not, by token; monotonic seconds."""
        self._recent: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=100))
        self._lock = threading.Lock()
        self._server = _Server(self.port, _Handler)
        self._server.simulator = self

    @property
    def url(self) -> str:
        return self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.stop()

    def fail(self, method: str, code: int, message: str = "simulated", times: int = 1, **more: Any) -> None:
        """Answer the next `times` calls of `method` with VK's error `code`."""
        self.faults.extend([Fault(method, VkError(code, message, **more))] * times)

    def called(self, method: str) -> int:
        """How often `method` was called."""
        return sum(name == method for name, _ in self.calls)

    def answer(self, method: str, values: Mapping[str, str], arrived: float) -> dict[str, Any]:
        """The JSON of one call that arrived then, in monotonic seconds."""
        with self._lock:
            self.calls.append((method, {k: v for k, v in values.items() if k not in ("access_token", "v")}))
            try:
                self._admit(method, values, arrived)
                answer = {"response": self.methods.table[method](values)}
            except VkError as error:
                answer = error.answer(method)
            if self.answered is not None:
                self.answered(method, answer)
            return answer

    def fault(self, method: str) -> Fault | None:
        """The misbehaviour that is due for this call."""
        with self._lock:
            for fault in self.faults:
                if fault.method in ("", method):
                    self.faults.remove(fault)
                    return fault
        return None

    def _admit(self, method: str, values: Mapping[str, str], now: float) -> None:
        token = values.get("access_token", "")
        if token not in (self.token, *self.more_tokens):
            raise VkError(5, "User authorization failed: invalid access_token (4).")
        if method not in self.methods.table:
            raise VkError(3, "Unknown method passed")
        kind = self.kinds.get(token, "service")
        if kind not in TAKES[method]:
            community = VkError(27, "Group authorization failed: method is unavailable with group auth.")
            raise community if kind == "community" else VkError(28, "Application authorization failed")
        self.arrivals[token].append(now)
        recent = self._recent[token]
        if self.per_second is not None and sum(now - 1 < at <= now for at in recent) >= self.per_second:
            raise VkError(6, "Too many requests per second")
        recent.append(now)
        self.counts[token, method] += 1
        if method in self.per_day and self.counts[token, method] > self.per_day[method]:
            raise VkError(29, "Rate limit reached")


class _Server(Server):
    simulator: VkSimulator


class _Handler(Handler):
    server: _Server

    connected = False
    """Whether this connection has brought a request before."""

    def do_HEAD(self) -> None:
        self.connected = True
        self._send(200, "")

    def do_POST(self) -> None:
        arrived = time.monotonic()  # before `slow`: VK counts calls when they come, not when it answers
        simulator = self.server.simulator
        simulator.cold += not self.connected
        self.connected = True
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        values = dict(parse_qsl(body, keep_blank_values=True))
        method = self.path.removeprefix("/method/")
        time.sleep(simulator.slow)
        fault = simulator.fault(method) or Fault()
        if fault.error is not None:
            simulator.calls.append((method, {}))
            return self._send(200, json.dumps(fault.error.answer(method)))
        if fault.redirect is not None:
            return self._send(302, "", {"Location": fault.redirect})
        if fault.status is not None or fault.body is not None:
            simulator.calls.append((method, {}))
            return self._send(fault.status or 200, fault.body or "<html>Извините</html>")
        return self._send(200, json.dumps(simulator.answer(method, values, arrived)), cut=fault.cut)

    def do_GET(self) -> None:
        self._send(405, "")

    def _send(self, status: int, body: str, headers: Mapping[str, str] | None = None, cut: bool = False) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = cut
