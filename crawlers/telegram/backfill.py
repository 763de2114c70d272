"""The past of a Telegram channel: by an account with comments, oldest first; by its web page, newest first."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from crawlers.backfill import Ground, PastCursor, Span
from crawlers.base import Page, Source, SourceProblem
from crawlers.holding import Holding
from crawlers.runner import TERM
from crawlers.telegram import problems
from crawlers.telegram.account import Account
from crawlers.telegram.past import Past
from crawlers.telegram.session import SessionError, SessionFile, key_from_environment
from crawlers.telegram.settings import TelegramCursor, TelegramSettings
from crawlers.telegram.web import WebCollector, draft
from schemas import Outcome, PostKind
from store import Holds

STRETCH = 20.0
"""Seconds for which an account is borrowed: some twenty pages, and news of its channels is late by little more."""
HELD_FOR = timedelta(seconds=20)
"""Before a crawler is asked for it: at least as long as a stretch, so that a crawler has it for more than half of the
time, however many back-fills there are."""
FREE_FOR = timedelta(seconds=5)
"""Before what nobody has is taken: a crawler looks for free sessions every two seconds at least, and comes first."""
CONNECTING = 0.5
"""Of a term: a hold that is lost while connecting is nobody else's before a term has passed."""
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


@dataclass(frozen=True, slots=True)
class Turns:
    """With other users of an account; see the constants."""

    held_for: timedelta = HELD_FOR
    free_for: timedelta = FREE_FOR
    ask_again: float = ASK_AGAIN
    term: timedelta = TERM
    """The crawlers' own: what one of them holds is watched for as long as it is renewed for."""


@asynccontextmanager
async def account_taken(
    holds: Holds, account: Account, settings: TelegramSettings, owner: str, turns: Turns
) -> AsyncIterator[None]:
    """Have the account connected, for this process alone, while inside; waits until whoever holds it hands it over.

    No session is ever in use twice at once. One that is lost while inside is disconnected: the next call fails.

    Raises:
        SourceProblem: Telegram can't be reached, or doesn't know the session.
        StoreError: the store does not answer.
    """

    async def leave(_: str) -> None:
        await account.leave()

    holding = Holding(holds, owner, turns.term, asyncio.to_thread, leave)
    try:
        while not await holding.borrow(settings.hold, held_for=turns.held_for, free_for=turns.free_for):
            await asyncio.sleep(turns.ask_again)
        lost = holding.lost(settings.hold)
        try:
            async with asyncio.timeout(CONNECTING * turns.term.total_seconds()), account.connected(settings.channel):
                pass
        except TimeoutError as error:
            raise problems.problem(error, settings.channel, account.now()) from error
        if lost.is_set():
            await account.leave()
            raise problems.problem(ConnectionError(), settings.channel, account.now())
        yield
    finally:
        await holding.give_back()
        await asyncio.to_thread(holds.withdraw, settings.hold, owner)


class TelegramBackfill:
    """By the API or by the web page, as the source is configured."""

    settings_type = TelegramSettings
    cursor_type = TelegramPast
    retry_pause: float = 1.0
    """Seconds before a cut connection is made again."""
    stretch: float = STRETCH
    turns: Turns = Turns()
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
            async with account_taken(self._ground.holds, account, source.settings, self._ground.owner, self.turns):
                started = time.monotonic()
                if cursor.by_api is None:
                    cursor = await self._begun(account, source, cursor, span)
                    yield Page([], cursor)
                assert cursor.by_api is not None
                async with aclosing(Past(account, source, cursor.by_api).stretch(cursor.low)) as pages:
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

    async def _begun(
        self, account: Account, source: Source[TelegramSettings], cursor: TelegramPast, span: Span
    ) -> TelegramPast:
        """The cursor with the channel and the numbers between which the span lies."""
        stored = TelegramCursor.model_validate(await self._ground.ordinary(source.id))
        known = stored.model_copy(update={"threads": {}, "recent": {}, "floor": 0})
        past = Past(account, source, known)
        found = await past.found()
        first, last = await past.newest_before(span.since), await past.newest_before(span.until)
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
