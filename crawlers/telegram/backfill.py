"""The past of a Telegram channel: by an account with comments, oldest first; by its web page, newest first."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from functools import partial

from crawlers.backfill import TERM, Ground, PastCursor, Span, kept
from crawlers.base import Page, Source, SourceProblem
from crawlers.telegram import api
from crawlers.telegram.account import Account
from crawlers.telegram.session import SessionError, SessionFile, key_from_environment
from crawlers.telegram.settings import TelegramCursor, TelegramSettings
from crawlers.telegram.web import WebCollector, draft
from schemas import Outcome, PostKind
from store import Lease, Sources

STRETCH = 20.0
"""Seconds for which an account is taken: some twenty pages, and visits to its sources are late by no more."""
REST = 5.0
"""Seconds for which it is left alone then: a crawler looks for due sources every two seconds at least, and takes it."""
PAUSE = 1.0
"""Seconds between two pages of messages: what Telethon itself waits in long histories, lest the account be flooded."""
ASK_AGAIN = 1.0
"""Seconds between two attempts to take an account that is in use."""


class TelegramPast(PastCursor):
    channel: str = ""
    """The setting that the rest is about."""
    by_api: TelegramCursor | None = None
    """Messages up to its `newest` are done. Names, groups and albums are those that ordinary visits know."""
    low: int = 0
    """Messages below this number are wanted."""
    before: int | None = None
    """By the web page: messages from this number up are done."""


Pages = AsyncGenerator[Page[TelegramPast], None]


@asynccontextmanager
async def account_taken(sources: Sources, source: str, owner: str) -> AsyncIterator[None]:
    """Have the source's account for this process alone while inside; waits until nobody visits a source of it.

    No session is ever in use twice at once, so this takes the account's slot as a visit does.
    """
    lease: Lease | None = None
    while lease is None:
        lease = await asyncio.to_thread(sources.borrow, source, owner, TERM)
        if lease is None:
            await asyncio.sleep(ASK_AGAIN)
    try:
        async with kept(partial(sources.renew, lease, TERM), TERM):
            yield
    finally:
        await asyncio.to_thread(sources.release, lease)


class TelegramBackfill:
    """By the API or by the web page, as the source is configured."""

    settings_type = TelegramSettings
    cursor_type = TelegramPast
    retry_pause: float = 1.0
    """Seconds before a cut connection is made again."""
    stretch: float = STRETCH
    rest: float = REST
    pause: float = PAUSE

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._web = WebCollector(ground.context)

    @staticmethod
    def refusal(settings: TelegramSettings) -> str | None:  # noqa: ARG004
        """None: both ways reach back to the first message."""
        return None

    def oldest_first(self, settings: TelegramSettings) -> bool:
        """By the API; the web page is turned back from the newest."""
        return settings.by_api

    async def backfill(self, source: Source[TelegramSettings], cursor: TelegramPast, span: Span) -> Pages:
        """See `crawlers.backfill.BackFills`."""
        by_api = source.settings.by_api
        if cursor.channel != source.settings.channel or (by_api and cursor.by_api is None and cursor.before):
            cursor = TelegramPast(channel=source.settings.channel)
        way = self._by_api if by_api else self._by_web
        async with aclosing(way(source, cursor, span)) as pages:
            async for page in pages:
                yield page

    async def close(self) -> None:
        """The account is given back after each stretch, and the HTTP stack is the caller's."""

    async def _by_api(self, source: Source[TelegramSettings], cursor: TelegramPast, span: Span) -> Pages:
        """In stretches, between which ordinary visits have the account."""
        account = self._account(source.settings)
        while True:
            async with (
                account_taken(self._ground.sources, source.id, self._ground.owner),
                account.connected(source.settings.channel),
            ):
                started = time.monotonic()
                if cursor.by_api is None:
                    cursor = await self._begun(account, source, cursor, span)
                    yield Page([], cursor)
                assert cursor.by_api is not None
                async with aclosing(api.past(account, source, cursor.by_api, cursor.low)) as pages:
                    async for page in pages:
                        moved = page.cursor.newest > cursor.by_api.newest
                        posts = [one.published for one in page.drafts if one.kind is PostKind.POST and one.published]
                        reached = max(posts, default=cursor.reached)
                        cursor = cursor.model_copy(update={"by_api": page.cursor, "reached": reached})
                        yield Page(page.drafts, cursor)
                        if moved and time.monotonic() - started > self.stretch:
                            break
                        await asyncio.sleep(self.pause if not page.drafts else 0)
                    else:
                        return
            await asyncio.sleep(self.rest)

    async def _begun(
        self, account: Account, source: Source[TelegramSettings], cursor: TelegramPast, span: Span
    ) -> TelegramPast:
        """The cursor with the channel and the numbers between which the span lies."""
        stored = TelegramCursor.model_validate(await self._ground.ordinary(source.id))
        known = stored.model_copy(update={"threads": {}, "recent": {}, "floor": 0})
        found = await api.found(account, source, known)
        first = await api.newest_before(account, source, found, span.since)
        last = await api.newest_before(account, source, found, span.until)
        return cursor.model_copy(
            update={"by_api": found.model_copy(update={"newest": first, "floor": first + 1}), "low": last + 1}
        )

    def _account(self, settings: TelegramSettings) -> Account:
        assert settings.session is not None
        try:
            session = SessionFile(settings.session, key_from_environment()).load()
            return Account(settings, session, self._ground.context, self.retry_pause)
        except SessionError as error:
            raise SourceProblem(Outcome.BLOCKED, error.reason, error.action) from error

    async def _by_web(self, source: Source[TelegramSettings], cursor: TelegramPast, span: Span) -> Pages:
        """Page before page. A message whose time can't be read counts as of the time of the one after it."""
        before, moment = cursor.before, cursor.reached or span.until
        while before is None or before > 1:
            page = await self._web.page(source, before)
            fresh = [one for one in reversed(page.messages) if before is None or one.number < before]
            if not fresh:
                return
            drafts = []
            for message in fresh:
                moment = message.published or moment
                if moment < span.until and moment >= span.since:
                    drafts.append(draft(message, source))
            before = fresh[-1].number
            reached = max(min(moment, span.until), span.since)
            cursor = cursor.model_copy(update={"before": before, "reached": reached})
            yield Page(drafts, cursor)
            if moment < span.since:
                return
