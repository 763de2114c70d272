"""A visit to a news site: the index, then the articles it lists that are new or edited."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import ClassVar
from urllib.parse import urlsplit

import structlog

from crawlers.base import Page, Source, SourceProblem
from crawlers.context import Context
from crawlers.net import Response, answered
from crawlers.news.article import Article, extract
from crawlers.news.canonical import article_id, canonical_url
from crawlers.news.frontier import (
    MAX_ENTRIES,
    MAX_STOPS,
    MAX_TRIES,
    Entry,
    Memory,
    changed_sitemaps,
    choose,
    in_turn,
    with_canonical_urls,
)
from crawlers.news.indexes import MAX_XML_BYTES, Body, Sitemap, Unusable, read_feed, read_listing, read_sitemap
from crawlers.news.problems import index_problem, no_article_problem, unusable_article
from crawlers.news.settings import NewsCursor, NewsSettings, Validators
from crawlers.news.visit import Fetched, Fetching, looks_like_html
from crawlers.news.workshop import Lost, Workshop
from intake import Draft
from net import exempt_for
from net.addresses import host_port
from schemas import PostKind

log = structlog.get_logger()

BATCH = 10  # articles per page of drafts: what a crash costs, with as many again that were fetched ahead
MAX_CHILDREN = 20  # sitemaps of an index read per visit, which may be 400 MB; large sites split by month or topic


@dataclass(frozen=True, slots=True)
class _Index:
    """What one visit learned from the feed, listing or sitemaps."""

    entries: dict[str, Entry]
    validators: dict[str, Validators]
    """Of the indexes that were read, to be kept once all their articles are delivered."""
    complete: bool
    """False where an index was not read this time: what it lists is not known then."""
    turn: int = 0
    """See `NewsCursor.turn`."""


class NewsCollector:
    """News sites by feed, sitemap or listing."""

    kind: ClassVar[str] = "news"
    settings_type = NewsSettings
    cursor_type = NewsCursor

    def __init__(self, context: Context) -> None:
        self._context = context
        self._workshop = Workshop()

    def slot(self, settings: NewsSettings) -> str:
        """Host and port of the feed, sitemap or listing."""
        host, port = host_port(settings.url)
        return f"{host}:{port}"

    async def collect(self, source: Source[NewsSettings], cursor: NewsCursor) -> AsyncGenerator[Page[NewsCursor], None]:
        """See `crawlers.base.Collector`. At most `max_articles_per_visit` articles; the rest come next time.

        An article that fails is tried at the next visits, `frontier.MAX_TRIES` times in all, and does not stop the
        visit; if none of several could be had, the visit fails like the first of them.
        """
        memory = Memory.of(cursor)
        index = await self._index(source, cursor)
        choice = choose(index.entries, cursor, source.settings.max_articles_per_visit)
        problems: list[SourceProblem] = []
        delivered = 0
        fetching = Fetching(choice.chosen, partial(self.article, source), self._context.http.per_host)
        try:
            while results := await fetching.take(BATCH):
                drafts = []
                for result in results:
                    if isinstance(result.found, SourceProblem):
                        problems.append(result.found)
                        stopped = result.found is fetching.stopped_by
                        _note_failure(source, memory, result, result.found, MAX_STOPS if stopped else MAX_TRIES)
                    else:
                        drafts.append(result.found)
                        memory.delivered(result.name, result.entry)
                delivered += len(drafts)
                yield Page(drafts, memory.cursor())
        finally:
            await fetching.close()
        if fetching.stopped_by is not None:
            raise fetching.stopped_by
        memory.forget(index.entries.keys(), complete=index.complete)
        memory.turn = index.turn
        if not choice.waiting and memory.failing.keys().isdisjoint(index.entries):
            memory.read(index.validators)
        if (final := memory.cursor()) != cursor:
            yield Page([], final)
        if problems and not delivered:
            raise no_article_problem(problems)

    async def warm_up(self) -> None:
        """Start the worker processes now, not at the first page."""
        await self._workshop.call(len, "")

    async def close(self) -> None:
        """End the worker processes."""
        self._workshop.close()

    async def _index(self, source: Source[NewsSettings], cursor: NewsCursor) -> _Index:
        settings = source.settings
        if settings.sitemap is not None:
            return await self._sitemaps(source, cursor)
        body, validators = await self._index_body(source, settings.url, cursor)
        if body is None:
            return _Index({}, {}, complete=False)
        try:
            if settings.listing is not None:
                entries = await self._workshop.call(read_listing, body, settings.listing.links)
            else:
                entries = await self._workshop.call(read_feed, body)
        except (Unusable, Lost) as error:
            raise index_problem(settings, settings.url, error) from error
        return _Index(with_canonical_urls(entries), {settings.url: validators}, complete=True)

    async def _sitemaps(self, source: Source[NewsSettings], cursor: NewsCursor) -> _Index:
        """The sitemap, or `MAX_CHILDREN` of the sitemaps it lists (one level: the protocol allows no more)."""
        url = source.settings.url
        oldest = self._context.now() - timedelta(days=source.settings.max_age_days)
        found, validators = await self.sitemap(source, url, cursor)
        if found is None:
            return _Index({}, {}, complete=False)
        read = {} if found.children else {url: validators}
        entries = list(found.entries)
        children, turn = in_turn(changed_sitemaps(found.children, cursor, oldest), cursor.turn, MAX_CHILDREN)
        problems: list[SourceProblem] = []
        for child, changed in children:
            try:
                one, validators = await self.sitemap(source, child, cursor)
            except SourceProblem as problem:
                log.warning("sitemap_failed", source=source.id, url=child, outcome=str(problem.outcome))
                problems.append(problem)
                continue
            if one is not None:
                read[child] = validators.model_copy(update={"changed": changed})
                entries += one.entries
        if problems and not read:
            raise problems[0]
        recent = [entry for entry in entries if (entry.updated or entry.published or oldest) >= oldest]
        return _Index(with_canonical_urls(recent), read, complete=not found.children, turn=turn)

    async def sitemap(
        self, source: Source[NewsSettings], url: str, cursor: NewsCursor, limit: int = MAX_ENTRIES
    ) -> tuple[Sitemap | None, Validators]:
        """One file, None where it has not changed since all its articles were delivered.

        Raises:
            SourceProblem: it can't be had, or is none.
        """
        body, validators = await self._index_body(source, url, cursor)
        if body is None:
            return None, validators
        try:
            return await self._workshop.call(read_sitemap, body, limit), validators
        except (Unusable, Lost) as error:
            raise index_problem(source.settings, url, error) from error

    async def _index_body(
        self, source: Source[NewsSettings], url: str, cursor: NewsCursor
    ) -> tuple[Body | None, Validators]:
        """The index, None where it has not changed since all its articles were delivered."""
        known = cursor.indexes.get(url, Validators())
        asked = self._context.http.get(
            url,
            etag=known.etag,
            last_modified=known.last_modified,
            max_bytes=MAX_XML_BYTES,
            allow_private=exempt_for(source.settings.url, allow_private=source.settings.allow_private),
        )
        response = await answered(asked, self._context.now)
        if response.not_modified:
            return None, known
        validators = Validators(etag=response.headers.get("etag"), last_modified=response.headers.get("last-modified"))
        return self._body(source, response), validators

    async def article(self, source: Source[NewsSettings], entry: Entry) -> Draft:
        """Fetch and read one article.

        Raises:
            SourceProblem: it can't be had, now or ever.
        """
        settings = source.settings
        exempt = exempt_for(settings.url, allow_private=settings.allow_private)
        response = await answered(self._context.http.get(entry.url, allow_private=exempt), self._context.now)
        if not looks_like_html(response):
            raise unusable_article(entry.url, "not_html")
        try:
            article = await self._workshop.call(extract, self._body(source, response), settings.selectors)
        except Lost as error:
            raise unusable_article(entry.url, "lost") from error
        if not article.text:
            raise unusable_article(entry.url, article.wall or "no_text")
        return _draft(source, entry, response, article)

    def _body(self, source: Source[NewsSettings], response: Response) -> Body:
        return Body(
            url=response.url,
            content=response.body,
            content_type=response.headers.get("content-type"),
            encoding=source.settings.encoding,
            now=self._context.now(),
            zone=source.time_zone,
        )


def _note_failure(
    source: Source[NewsSettings], memory: Memory, result: Fetched, problem: SourceProblem, tries: int
) -> None:
    given_up = memory.failed(result.name, result.entry, tries)
    log.warning(
        "article_given_up" if given_up else "article_failed",
        source=source.id,
        host=urlsplit(result.entry.url).hostname,
        article=article_id(canonical_url(result.entry.url)),
        outcome=problem.outcome.value,
    )


def _draft(source: Source[NewsSettings], entry: Entry, response: Response, article: Article) -> Draft:
    # A redirect to another site (a counter of clicks, say) is followed; the article's address is where it ended.
    url = canonical_url(response.url, article.canonical)
    published = entry.published or article.published or entry.updated
    edited = entry.updated if published is not None and entry.updated and entry.updated > published else None
    return Draft(
        id=article_id(url),
        kind=PostKind.ARTICLE,
        source=source.id,
        url=url,
        title=entry.title or article.title,
        text=article.text,
        published=published,
        edited=edited,
        place_hint=source.place_hint,
    )
