"""The past of a news site by its sitemaps: file by file, in each from the article changed longest ago to the latest."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from functools import partial

import structlog
from pydantic import Field

from crawlers.backfill import Ground, PastCursor, Span
from crawlers.base import Page, Source, SourceProblem
from crawlers.news.canonical import article_id, canonical_url
from crawlers.news.collector import BATCH, NewsCollector
from crawlers.news.frontier import Entry, key, with_canonical_urls
from crawlers.news.settings import NewsCursor, NewsSettings
from crawlers.news.visit import Fetched, Fetching
from schemas import Outcome

log = structlog.get_logger()

MAX_LISTED = 50_000
"""Links in one file: as many as the protocol allows (https://www.sitemaps.org/protocol.html)."""
OUTAGE = 10
"""Articles in a row that fail, the last for want of a sound answer: the site is down, and none of them is given up.
Fewer may well be broken pages, which would hold up the rest for good."""
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)

Place = tuple[datetime, str]
"""Of a link in a file: its last change and its key. An article that is edited meanwhile moves behind what is done, so
it is read twice rather than left out."""


class NewsPast(PastCursor):
    sitemap: str = ""
    """The setting that the rest is about."""
    done: list[str] = Field(default_factory=list)
    """Keys of the files of which every article is done."""
    now: str = ""
    """Key of the file that is being read."""
    place: Place | None = None
    """In that file everything up to this place is done."""


Pages = AsyncGenerator[Page[NewsPast], None]


class NewsBackfill:
    """One request at a time, with the pauses that all processes keep together."""

    settings_type = NewsSettings
    cursor_type = NewsPast

    def __init__(self, ground: Ground) -> None:
        self._collector = NewsCollector(ground.context)

    @staticmethod
    def refusal(settings: NewsSettings) -> str | None:
        """A feed or a listing shows the latest articles only."""
        if settings.sitemap is not None:
            return None
        index, shows = ("feed", "в ленте") if settings.feed is not None else ("listing", "на странице заголовков")
        return (
            f"он читается через {index}, а {shows} только последние публикации. Прошлое сайта собирается по карте "
            f"сайта: добавьте источник с news: {{sitemap: адрес}} (адрес обычно назван в robots.txt сайта) и соберите "
            "его прошлое"
        )

    def oldest_first(self, settings: NewsSettings) -> bool:  # noqa: ARG002
        """Yes, within each file of the sitemap."""
        return True

    async def backfill(self, source: Source[NewsSettings], cursor: NewsPast, span: Span) -> Pages:
        """See `crawlers.backfill.BackFills`.

        A sitemap dates the last change of an article, which says that an older one is not wanted, and nothing of those
        changed later: they are fetched to see when they were published. `max_age_days` and `max_articles_per_visit`
        are for ordinary visits.
        """
        url = source.settings.sitemap
        assert url is not None
        if cursor.sitemap != url:
            cursor = NewsPast(sitemap=url)
        top, _ = await self._collector.sitemap(source, url, NewsCursor(), MAX_LISTED)
        assert top is not None  # unconditional requests are answered in full
        files = [child for child, changed in top.children if changed is None or changed >= span.since]
        for file in [url] if not top.children else sorted(files):
            if key(file) in cursor.done:
                continue
            listed = top.entries
            if top.children:
                found, _ = await self._collector.sitemap(source, file, NewsCursor(), MAX_LISTED)
                listed = found.entries if found is not None else []
            if cursor.now != key(file):
                cursor = cursor.model_copy(update={"now": key(file), "place": None})
            async for page in self._articles(source, cursor, _wanted(listed, span, cursor.place), span):
                cursor = page.cursor
                yield page
            cursor = cursor.model_copy(update={"now": "", "place": None, "done": [*cursor.done, key(file)]})
            yield Page([], cursor)

    async def _articles(
        self, source: Source[NewsSettings], cursor: NewsPast, wanted: Sequence[tuple[Place, Entry]], span: Span
    ) -> Pages:
        places = {place[1]: place for place, _ in wanted}
        fetching = Fetching(((place[1], entry) for place, entry in wanted), partial(self._collector.article, source), 1)
        failed: list[Fetched] = []
        """In a row: the site's doing, perhaps, and then they are not done."""
        try:
            while results := await fetching.take(BATCH):
                drafts = []
                for one in results:
                    if isinstance(one.found, SourceProblem):
                        failed.append(one)
                        if one.found.outcome is Outcome.BROKEN and len(failed) >= OUTAGE:
                            raise one.found
                        continue
                    cursor = _behind(cursor, places[one.name], source, failed)
                    failed = []
                    if span.holds(one.found.published):
                        drafts.append(one.found)
                        cursor = cursor.model_copy(update={"reached": one.found.published})
                yield Page(drafts, cursor)
        finally:
            await fetching.close()
        if fetching.stopped_by is not None:
            raise fetching.stopped_by
        if failed:
            yield Page([], _behind(cursor, places[failed[-1].name], source, failed))

    async def close(self) -> None:
        """End the worker processes."""
        await self._collector.close()


def _wanted(listed: Sequence[Entry], span: Span, after: Place | None) -> list[tuple[Place, Entry]]:
    """What may have been published in the span, behind `after`, in the order of places."""
    places = [
        ((entry.updated or entry.published or _LONG_AGO, name), entry)
        for name, entry in with_canonical_urls(listed).items()
    ]
    return sorted(
        (
            (place, entry)
            for place, entry in places
            if (after is None or place > after)
            and (place[0] == _LONG_AGO or place[0] >= span.since)
            and (entry.published is None or span.holds(entry.published))
        ),
        key=lambda one: one[0],
    )


def _behind(cursor: NewsPast, place: Place, source: Source[NewsSettings], failed: Sequence[Fetched]) -> NewsPast:
    """The cursor behind `place`, and with it behind articles that could not be had."""
    for one in failed:
        log.warning("article_skipped", source=source.id, article=article_id(canonical_url(one.entry.url)))
    return cursor.model_copy(update={"place": place, "skipped": cursor.skipped + len(failed)})
