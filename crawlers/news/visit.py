"""Fetching a batch of articles: a few at a time, and no further once the site itself is in trouble."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

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
    """An article with its draft, or with what went wrong."""

    name: str
    entry: Entry
    draft: Draft | None = None
    problem: SourceProblem | None = None


@dataclass(slots=True)
class Batch:
    results: list[Fetched] = field(default_factory=list)
    """In the order asked for. Articles not reached before the stop are missing: nothing is held against them."""
    stopped_by: Fetched | None = None
    """The article at which it showed that the visit can't go on: the site asks for a pause, or can't be reached."""


async def fetch_batch(
    batch: Sequence[tuple[str, Entry]], article: Callable[[Entry], Awaitable[Draft]], workers: int
) -> Batch:
    """Fetch the articles by `workers` requests at a time plus as many being read.

    `article` raises SourceProblem where an article can't be had.
    """
    found = Batch()
    by_place: dict[int, Fetched] = {}
    queue = list(reversed(list(enumerate(batch))))
    in_a_row = 0

    async def work() -> None:
        nonlocal in_a_row
        while queue and found.stopped_by is None:
            place, (name, entry) = queue.pop()
            try:
                by_place[place] = Fetched(name, entry, draft=await article(entry))
                in_a_row = 0
            except SourceProblem as problem:
                in_a_row = in_a_row + 1 if _is_sites_fault(problem) else 0
                if problem.outcome is Outcome.QUOTA or problem.retry_at is not None or in_a_row >= STOP_AFTER:
                    found.stopped_by = Fetched(name, entry, problem=problem)
                    return
                by_place[place] = Fetched(name, entry, problem=problem)

    # One more than the downloader takes at a time, so that it works while a page is being read.
    async with asyncio.TaskGroup() as group:
        for _ in range(workers + 1):
            group.create_task(work())
    found.results = [by_place[place] for place in sorted(by_place)]
    return found


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
