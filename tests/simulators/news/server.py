"""The HTTP server of the site: pages by path, conditional GET, and a record of what was asked for."""

import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.simulators.loopback import Handler, Server
from tests.simulators.news import render
from tests.simulators.news.articles import load_articles, load_sections, visible
from tests.simulators.news.hazards import HAZARDS


@dataclass(frozen=True)
class Request:
    """One request as it came; header names in lower case."""

    path: str
    headers: dict[str, str]
    status: int


def _utc_now() -> datetime:
    return datetime.now(UTC)


class NewsSite:
    """The site on a port of 127.0.0.1 (0: any free one), from `start()` to `close()`; also a context manager.

    `drip`: the time between new articles; None: all are there at once.
    """

    def __init__(self, port: int = 0, *, drip: timedelta | None = None, now: Callable[[], datetime] = _utc_now) -> None:
        self.now = now
        self.sections = load_sections()
        self.articles = load_articles(now(), drip)
        self.closing = threading.Event()
        self.requests: list[Request] = []
        self._server = Server(port, _handler(self))

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, no slash at the end."""
        return self._server.url

    def start(self) -> None:
        self._server.start()

    def close(self) -> None:
        """Stop, and let go of those who hang."""
        self.closing.set()
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def asked(self, prefix: str = "/") -> list[str]:
        """Paths requested so far that begin with `prefix`, without their queries, in order."""
        paths = [urlsplit(request.path).path for request in self.requests]
        return [path for path in paths if path.startswith(prefix)]

    def page(self, path: str) -> tuple[bytes, str] | None:
        """Body and content type of a well-behaved page, None where there is none."""
        now, base = self.now(), self.url
        if path == "/robots.txt":
            return render.robots(base).encode(), "text/plain; charset=utf-8"
        if path == "/sitemap.xml":
            return render.sitemap_index(base).encode(), "application/xml"
        _, _, rest = path.partition("/")
        section_id, _, name = rest.partition("/")
        section = self.sections.get(section_id)
        if section is None:
            return None
        articles = visible(self.articles, now, section_id)
        html = f"text/html; charset={section.encoding}"
        if name == "":
            return render.listing_page(articles, section, base, now).encode(section.encoding), html
        if name == "rss.xml":
            return render.rss(articles, section, base).encode(section.encoding), "application/rss+xml"
        if name == "atom.xml":
            return render.atom(articles, section, base).encode(section.encoding), "application/atom+xml"
        if name == "sitemap.xml":
            return render.sitemap(articles, base).encode(), "application/xml"
        if name == "news-sitemap.xml":
            return render.news_sitemap(articles, section, base).encode(), "application/xml"
        for article in articles:
            if article.path == path:
                return render.article_page(article, articles, base, now).encode(section.encoding), html
        return None


def _handler(site: NewsSite) -> type[Handler]:
    class SiteHandler(Handler):
        server_version = "news"

        def do_GET(self) -> None:
            self._answer()

        do_HEAD = do_GET  # noqa: N815 (the name BaseHTTPRequestHandler looks for)

        def send_response(self, code: int, message: str | None = None) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            site.requests.append(Request(self.path, headers, code))  # before the client can see the answer
            super().send_response(code, message)

        def _answer(self) -> None:
            path = urlsplit(self.path).path
            name = path.removeprefix("/hazards/")
            if name != path and name in HAZARDS:
                HAZARDS[name](self, site)
                return
            if path.startswith("/zakryto/"):
                self._send(200, b"<html><body><h1>Not for robots</h1></body></html>", "text/html; charset=utf-8")
                return
            found = site.page(path)
            if found is None:
                body = "<html><body><h1>Страница не найдена</h1></body></html>".encode()
                self._send(404, body, "text/html; charset=utf-8")
            else:
                self._send(200, *found)

        def _send(self, status: int, body: bytes, content_type: str) -> None:
            etag = f'"{hashlib.sha1(body).hexdigest()}"'
            if status == 200 and self.headers.get("If-None-Match") == etag:
                status, body = 304, b""
            self.send_response(status)
            self.send_header("ETag", etag)
            self.send_header("Content-Type", content_type)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                with suppress(ConnectionError):
                    self.wfile.write(body)

    return SiteHandler
