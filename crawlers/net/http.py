"""One HTTP stack for news sites and Telegram's web pages: Scrapy's downloader, fed from asyncio."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from scrapy import Request, Spider, exceptions, signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.http import Response as ScrapyResponse

from crawlers.net.errors import Failure, FetchError
from crawlers.net.politeness import EXEMPT, Politeness
from crawlers.net.reactor import PATH as REACTOR_PATH
from crawlers.net.reactor import close_reactor, open_reactor
from crawlers.net.resolver import GuardedResolver, Resolve, system_resolve
from crawlers.net.slots import LocalSlots, Slots
from net import Exempt

MAX_BYTES = 5 * 1024 * 1024  # the largest real feeds and sitemap files of news sites stay under it
TIMEOUT_SECONDS = 30.0  # for a whole answer, so a page that drips for ever ends too
MAX_REDIRECTS = 5  # RFC 9309 asks for five with robots.txt; more is a loop in practice
PAUSE = timedelta(seconds=1)  # between requests to one host where its robots.txt names no Crawl-delay
MAX_THROTTLE_SECONDS = 60.0  # AutoThrottle: what a slow site may slow us down to

NO_EXEMPTION: Exempt = frozenset()


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whatever its status. `url` is where redirects led; `headers` have lower-case names."""

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def not_modified(self) -> bool:
        """The page is still the one that `etag` or `last_modified` named."""
        return self.status == 304


class _Idle(Spider):
    """Keeps the engine open: requests come through `Http.get`, not from here."""

    name = "otklik"

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.stay, signal=signals.spider_idle)
        return spider

    async def start(self) -> Any:
        return
        yield  # an async generator with nothing in it

    def stay(self) -> None:
        raise exceptions.DontCloseSpider


class _Uncopied(dict[str, Any]):
    """Scrapy copies its settings deeply; slots that are kept in a database can't be copied."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class Http:
    """An async context manager; one at a time per process, since Twisted's reactor is one per process.

    What applies to every request, redirects and robots.txt included: only public addresses, robots.txt with its
    Crawl-delay, one request at a time per host with at least `pause` between them (more where the host is slow), a
    limit on bytes before and after decompression, on redirects and on time. Cookies and proxies are off. Nothing is
    repeated here but what broke off: an answer 429 or 503 is the caller's to report.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        slots: Slots | None = None,
        pause: timedelta = PAUSE,
        per_host: int = 1,
        timeout: float = TIMEOUT_SECONDS,
        resolve: Resolve = system_resolve,
    ) -> None:
        self._resolver = GuardedResolver(resolve)
        politeness = _Uncopied(
            {
                "resolver": self._resolver,
                "slots": slots or LocalSlots(now),
                "now": now,
                "user_agent": user_agent,
                "delay": pause,
            }
        )
        self._settings = _settings(user_agent, pause, per_host, timeout) | {"OTKLIK_POLITENESS": politeness}
        self._crawler: Crawler | None = None
        self._running: Any = None
        self.per_host = per_host
        """Requests at a time to one host."""
        self._reactor: Any = None

    async def __aenter__(self) -> Self:
        self._reactor = open_reactor(self._resolver)
        for name in ("scrapy", "py.warnings", "twisted"):
            logging.getLogger(name).setLevel(logging.ERROR)  # its news are ours to tell, by `FetchError`
        runner = AsyncCrawlerRunner(self._settings)
        self._crawler = runner.create_crawler(_Idle)
        opened = asyncio.Event()
        self._crawler.signals.connect(opened.set, signal=signals.engine_started, weak=False)
        self._running = runner.crawl(self._crawler)
        starting = asyncio.ensure_future(opened.wait())
        await asyncio.wait([starting, self._running], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await self._running  # it ended: raise why
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._crawler is not None:
            await self._crawler.stop_async()
            await self._running
        await close_reactor(self._reactor)

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        max_bytes: int = MAX_BYTES,
        allow_private: Exempt = NO_EXEMPTION,
    ) -> Response:
        """Fetch `url`, following redirects, when it is the host's turn.

        `etag` and `last_modified` of an earlier answer make the request conditional. `allow_private` holds the host and
        port pairs which this request may reach at a private address (`net.exempt_for`).

        Raises:
            FetchError: there is no usable answer. An HTTP error status is an answer.
        """
        assert self._crawler is not None, "enter the context first"
        self._resolver.allow(allow_private)
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        try:
            request = Request(
                url,
                headers={name: value for name, value in conditions.items() if value},
                meta={EXEMPT: allow_private, "download_maxsize": max_bytes},
            )
            return _response(await self._crawler.engine.download_async(request))
        except FetchError:
            raise
        except Exception as error:  # Scrapy, Twisted and OpenSSL have no common base
            raise self._explain(url, error) from error

    def _explain(self, url: str, error: Exception) -> FetchError:
        failure = next((found for kind, found in _FAILURES if isinstance(error, kind)), Failure.INVALID)
        if failure is Failure.REDIRECTS and error.__cause__ is not None:
            failure = Failure.TOO_LARGE  # both are IgnoreRequest; only the decompression limit has a cause
        # The message ends with the host, which may be that of a redirect.
        if failure is Failure.NOT_FOUND and self._resolver.has_refused(str(error).rstrip(".").rpartition(" ")[2]):
            failure = Failure.PRIVATE
        if _is_tls(error):
            failure = Failure.TLS
        return FetchError(failure, url, type(error).__name__)


_FAILURES: list[tuple[type[Exception], Failure]] = [
    (exceptions.IgnoreRequest, Failure.REDIRECTS),
    (exceptions.CannotResolveHostError, Failure.NOT_FOUND),
    (exceptions.DownloadTimeoutError, Failure.TIMEOUT),
    (exceptions.DownloadCancelledError, Failure.TOO_LARGE),
    (exceptions.DownloadConnectionRefusedError, Failure.REFUSED),
    (exceptions.ResponseDataLossError, Failure.CUT),
    (exceptions.DownloadFailedError, Failure.CUT),
]


def _is_tls(error: BaseException | None) -> bool:
    """Whether OpenSSL or the check of the host's name stands behind a failed download."""
    seen = [error]
    while seen:
        current = seen.pop()
        if current is None:
            continue
        module = type(current).__module__
        if module.startswith(("OpenSSL", "service_identity")):
            return True
        seen += [current.__cause__, current.__context__]
        reasons = getattr(current, "reasons", None)
        seen += [getattr(reason, "value", None) for reason in reasons or ()]
    return False


def _response(found: ScrapyResponse) -> Response:
    headers = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1") for name, values in found.headers.items()
    }
    return Response(url=found.url, status=found.status, headers=headers, body=found.body)


# Scrapy starts them by default: two of them listen on ports, the rest count or log what nobody reads here.
_UNUSED_EXTENSIONS = [
    f"scrapy.extensions.{name}"
    for name in (
        "closespider.CloseSpider",
        "corestats.CoreStats",
        "feedexport.FeedExporter",
        "logcount.LogCount",
        "logstats.LogStats",
        "memdebug.MemoryDebugger",
        "memusage.MemoryUsage",
        "remote_control.RemoteControl",
        "spiderstate.SpiderState",
        "telnet.TelnetConsole",
    )
]


def _settings(user_agent: str, pause: timedelta, per_host: int, timeout: float) -> dict[str, Any]:
    return {
        "TWISTED_REACTOR": REACTOR_PATH,
        "USER_AGENT": user_agent,
        "DOWNLOADER_MIDDLEWARES": {Politeness: 100},
        "ROBOTSTXT_OBEY": False,  # Politeness does: Scrapy's own remembers for ever and ignores Crawl-delay
        "COOKIES_ENABLED": False,
        "HTTPPROXY_ENABLED": False,  # a proxy would connect for us, unguarded
        "METAREFRESH_ENABLED": False,
        "REFERER_ENABLED": True,
        "DOWNLOAD_HANDLERS": dict.fromkeys(("data", "file", "ftp", "s3")),  # a redirect may name any scheme
        "DOWNLOAD_TIMEOUT": timeout,
        "DOWNLOAD_MAXSIZE": MAX_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "REDIRECT_MAX_TIMES": MAX_REDIRECTS,
        "RETRY_TIMES": 1,  # a connection kept alive that the server had closed; the next visit is the real retry
        "RETRY_HTTP_CODES": [],
        "RETRY_EXCEPTIONS": [exceptions.DownloadFailedError],
        "CONCURRENT_REQUESTS_PER_DOMAIN": per_host,
        "DOWNLOAD_DELAY": pause.total_seconds(),
        "DOWNLOAD_DELAY_JITTER": 0.0,  # the slots of the store already space requests out
        "AUTOTHROTTLE_ENABLED": pause > timedelta(),
        "AUTOTHROTTLE_START_DELAY": pause.total_seconds(),
        "AUTOTHROTTLE_MAX_DELAY": MAX_THROTTLE_SECONDS,
        "EXTENSIONS": dict.fromkeys(_UNUSED_EXTENSIONS),
    }
