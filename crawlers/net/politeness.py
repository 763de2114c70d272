"""What every request asks first: may I reach this host, does robots.txt let me, and is it my turn?"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response as ScrapyResponse

from crawlers.net.errors import Failure, FetchError
from crawlers.net.resolver import GuardedResolver
from crawlers.net.slots import Slots
from net import Exempt
from net.addresses import host_port

ROBOTS_TERM = timedelta(hours=24)  # RFC 9309, 2.4: no longer than 24 hours
ROBOTS_RETRY = timedelta(minutes=5)  # after a failure: soon enough for a short outage, not at every page
ROBOTS_BYTES = 512 * 1024  # RFC 9309, 2.5: parse at least 500 KiB
ROBOTS_HOSTS = 2_000  # remembered at once; a region has some hundred sources
MAX_CRAWL_DELAY = timedelta(minutes=2)  # beyond it a visit of 30 pages takes an hour: the site does not want us

EXEMPT = "otklik_exempt"
"""Key in `Request.meta`: the host and port pairs this request may reach at a private address."""
IS_ROBOTS = "otklik_is_robots"
"""Key in `Request.meta`: the request is for robots.txt itself."""


@dataclass(frozen=True, slots=True)
class Rules:
    """robots.txt of one origin, or why there is none (`failure`)."""

    parsed: Protego | None
    failure: str | None
    until: datetime


class Politeness:
    """A downloader middleware; it sees redirects too, each as a request of its own."""

    def __init__(
        self,
        crawler: Crawler,
        *,
        resolver: GuardedResolver,
        slots: Slots,
        now: Callable[[], datetime],
        user_agent: str,
        delay: timedelta,
    ) -> None:
        self._crawler = crawler
        self._resolver = resolver
        self._slots = slots
        self._now = now
        self._user_agent = user_agent
        self._delay = delay
        self._rules: OrderedDict[str, Rules] = OrderedDict()
        self._reading: dict[tuple[str, Exempt | None], asyncio.Task[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way to make one; the rest comes in the setting OTKLIK_POLITENESS."""
        parts: dict[str, Any] = crawler.settings["OTKLIK_POLITENESS"]
        return cls(crawler, **parts)

    async def process_request(self, request: Request) -> None:
        """Wait for the request's turn.

        Raises:
            FetchError: it must not be sent at all.
        """
        try:
            host, port = host_port(request.url)
        except ValueError as error:
            raise FetchError(Failure.INVALID, request.url) from error
        if (host, port) in self._resolver.exempt and (host, port) not in request.meta.get(EXEMPT, ()):
            # Another source's exemption. The resolver can't tell whose connection it is asked for, and a pooled
            # connection would not ask it at all.
            raise FetchError(Failure.PRIVATE, request.url, "exempted for another source only")
        # Scrapy keeps the slot of the first URL through redirects; each host has its own.
        slot = f"{host}:{port}"
        request.meta["download_slot"] = slot
        delay = self._delay
        if not request.meta.get(IS_ROBOTS):
            delay = max(delay, await self._permitted(request))
        if delay:
            turn = await asyncio.to_thread(self._slots.reserve_slot, slot, delay)
            await asyncio.sleep((turn - self._now()).total_seconds())

    async def _permitted(self, request: Request) -> timedelta:
        """The crawl delay that robots.txt asks for."""
        rules = await self._rules_of(request)
        if rules.failure is not None:
            raise FetchError(Failure.ROBOTS_UNAVAILABLE, request.url, rules.failure)
        if rules.parsed is None:
            return timedelta()
        if not rules.parsed.can_fetch(request.url, self._user_agent):
            raise FetchError(Failure.ROBOTS, request.url, "disallow")
        seconds = rules.parsed.crawl_delay(self._user_agent) or 0.0
        if seconds > MAX_CRAWL_DELAY.total_seconds():
            raise FetchError(Failure.CRAWL_DELAY, request.url, f"{seconds:g} s")
        return timedelta(seconds=max(0.0, seconds))

    async def _rules_of(self, request: Request) -> Rules:
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
        known = self._rules.get(origin)
        if known is not None and self._now() < known.until:
            return known
        key = (origin, request.meta.get(EXEMPT))
        if key not in self._reading:
            self._reading[key] = asyncio.create_task(self._read(origin, request))
            self._reading[key].add_done_callback(lambda _: self._reading.pop(key))
        rules = await asyncio.shield(self._reading[key])
        self._rules[origin] = rules
        self._rules.move_to_end(origin)
        while len(self._rules) > ROBOTS_HOSTS:
            self._rules.popitem(last=False)
        return rules

    async def _read(self, origin: str, request: Request) -> Rules:
        robots = Request(
            f"{origin}/robots.txt",
            meta={IS_ROBOTS: True, EXEMPT: request.meta.get(EXEMPT, ()), "download_maxsize": ROBOTS_BYTES},
        )
        # What stands in the way of robots.txt (no route, a bad certificate) is raised: it is the page's failure too.
        return self._rules_from(await self._crawler.engine.download_async(robots))

    def _rules_from(self, response: ScrapyResponse) -> Rules:
        if response.status == 200:
            return Rules(Protego.parse(response.body.decode("utf-8", "replace")), None, self._now() + ROBOTS_TERM)
        if response.status == 429 or response.status >= 500:
            return Rules(None, f"HTTP {response.status}", self._now() + ROBOTS_RETRY)
        return Rules(None, None, self._now() + ROBOTS_TERM)  # RFC 9309, 2.3.1.3: nothing there, nothing forbidden
