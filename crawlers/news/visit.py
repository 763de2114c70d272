"""Fetching a visit's articles: a few at a time, ahead of who takes them, and no further once the site is in trouble."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from crawlers.base import SourceProblem
from crawlers.net import Failure, FetchError, Response
from crawlers.news.frontier import Entry
from intake import Draft
from schemas import Outcome

STOP_AFTER = 3  # failures in a row that are the site's, not the page's: the fourth would only cost another time-out
_SITE_FAILURES = {
    Failure.CRAWL_DELAY,
    Failure.CUT,
    Failure.NOT_FOUND,
    Failure.REFUSED,
    Failure.ROBOTS_UNAVAILABLE,
    Failure.TIMEOUT,
    Failure.TLS,
}
_HTML_TYPES = {"", "text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """An article, or what went wrong with it."""

    name: str
    entry: Entry
    found: Draft | SourceProblem


class Fetching:
    """The articles of one visit, by `workers` requests at a time.

    `article` raises SourceProblem where an article can't be had. Close it when done, whatever happened.
    """

    def __init__(
        self, chosen: Iterable[tuple[str, Entry]], article: Callable[[Entry], Awaitable[Draft]], workers: int
    ) -> None:
        self._waiting = deque(chosen)
        self._article = article
        # One more than the downloader takes at a time, so that it works while a page is being read.
        self._gate = asyncio.Semaphore(workers + 1)
        self._under_way: deque[asyncio.Task[Fetched | None]] = deque()
        self._in_a_row = 0
        self.stopped_by: SourceProblem | None = None
        """What showed that the visit can't go on: the site asks for a pause, or can't be reached."""

    async def take(self, count: int) -> list[Fetched]:
        """The next `count` articles in the order asked for; fewer, then none, at the end. As many more are fetched
        while these are dealt with. Articles not reached before the stop are missing: nothing is held against them.
        """
        while self._waiting and len(self._under_way) < 2 * count:
            self._under_way.append(asyncio.create_task(self._fetch(*self._waiting.popleft())))
        taken = [await self._under_way.popleft() for _ in range(min(count, len(self._under_way)))]
        return [one for one in taken if one is not None]

    async def close(self) -> None:
        """Drop what is under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _fetch(self, name: str, entry: Entry) -> Fetched | None:
        async with self._gate:
            if self.stopped_by is not None:
                return None
            try:
                draft = await self._article(entry)
            except SourceProblem as problem:
                return self._failed(name, entry, problem)
        self._in_a_row = 0
        return Fetched(name, entry, draft)

    def _failed(self, name: str, entry: Entry, problem: SourceProblem) -> Fetched | None:
        self._in_a_row = self._in_a_row + 1 if _is_sites_fault(problem) else 0
        if problem.outcome is Outcome.QUOTA or problem.retry_at is not None or self._in_a_row >= STOP_AFTER:
            if self.stopped_by is not None:
                return None  # asked for before the stop was known
            self.stopped_by = problem
        return Fetched(name, entry, problem)


def _is_sites_fault(problem: SourceProblem) -> bool:
    cause = problem.__cause__
    if isinstance(cause, FetchError):
        return cause.failure in _SITE_FAILURES
    return problem.outcome is Outcome.BLOCKED  # a 403 or a captcha, page after page


def looks_like_html(response: Response) -> bool:
    """Whether it is worth reading as a page: by its declared type and for lack of NUL bytes."""
    declared = response.headers.get("content-type", "").split(";")[0].strip().lower()
    head = response.body[:1024]
    return declared in _HTML_TYPES and (b"\x00" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff")))
