"""The HTTP side: channels, profiles, redirects, and answers that are none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from tests.simulators.loopback import Handler, Server
from tests.simulators.telegram_web.channel import Channel

PERSON = (
    '<html><body><div class="tgme_page"><div class="tgme_page_title"><span dir="auto">Иван</span></div>'
    '<div class="tgme_page_extra">@ivan_person</div></div></body></html>'
)
NOBODY = (
    '<html><body><div class="tgme_page"><div class="tgme_page_icon"></div>'
    '<div class="tgme_page_description">If you have '
    "<strong>Telegram</strong>, you can contact <a>@nobody</a> right away.</div></div></body></html>"
)


@dataclass
class Answer:
    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class TelegramWeb:
    """A context manager; `url` stands for https://t.me. Everything may be changed while it runs."""

    channels: Iterable[Channel]
    port: int = 0
    instead: Answer | None = None
    """Answer every page with this."""
    requests: list[str] = field(default_factory=list)
    """Paths with queries, robots.txt left out."""

    def __post_init__(self) -> None:
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

    def answer(self, path: str) -> Answer:
        """The page at a path."""
        parts = urlsplit(path)
        if parts.path == "/robots.txt":
            return Answer(404)
        self.requests.append(path)
        if self.instead is not None:
            return self.instead
        steps = parts.path.strip("/").split("/")
        channel = next((c for c in self.channels if c.name == steps[-1]), None)
        if steps[0] == "s":
            if channel is None or not channel.preview:
                return Answer(302, headers={"Location": f"{self.url}/{steps[-1]}"})
            before = parse_qs(parts.query).get("before")
            return Answer(200, channel.page(int(before[0]) if before else None))
        if channel is not None:
            return Answer(200, channel.profile())
        return Answer(200, PERSON if steps[-1] == "ivan_person" else NOBODY)


class _Server(Server):
    simulator: TelegramWeb


class _Handler(Handler):
    server: _Server

    def do_GET(self) -> None:
        answer = self.server.simulator.answer(self.path)
        data = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
