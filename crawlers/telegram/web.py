"""Public Telegram channels by their web page, without an account."""

from collections.abc import AsyncGenerator
from datetime import datetime

import structlog
from parsel import Selector

from crawlers.base import Page, Source, SourceProblem
from crawlers.context import Context
from crawlers.net import Response, answered
from crawlers.telegram.page import HistoryPage, Kind, Message, history, kind_of
from crawlers.telegram.settings import TelegramCursor, TelegramSettings
from intake import Draft
from net import exempt_for
from schemas import Outcome, PostKind

log = structlog.get_logger()

POSTS_PER_PAGE = 25
"""What a crash may have to repeat; about one page of Telegram's."""
RECENT = 40
"""Messages remembered to notice deletions: two pages, since no more than the newest page is read again anyway."""


class WebCollector:
    """Shares the process's HTTP stack, and its pauses between requests, with the news."""

    def __init__(self, context: Context) -> None:
        self._http = context.http
        self._now = context.now

    def slot(self, settings: TelegramSettings) -> str:
        """The channel: pauses between requests to the host are kept by the HTTP stack, request by request."""
        return f"telegram:{settings.base_url}/{settings.channel}"

    async def collect(
        self, source: Source[TelegramSettings], cursor: TelegramCursor
    ) -> AsyncGenerator[Page[TelegramCursor], None]:
        """New posts oldest first, with those of the newest page again for edits and reach; then what was deleted."""
        settings = source.settings
        if cursor.channel != settings.channel:
            cursor = TelegramCursor(channel=settings.channel)
        found = await self._read(source, cursor)
        messages = sorted(found.values(), key=lambda message: message.number)
        if cursor.newest == 0 and messages:
            cursor = cursor.model_copy(update={"floor": messages[0].number})
        for start in range(0, len(messages), POSTS_PER_PAGE):
            chunk = messages[start : start + POSTS_PER_PAGE]
            newest = max(cursor.newest, chunk[-1].number)
            cursor = cursor.model_copy(update={"newest": newest})
            yield Page([draft(message, source) for message in chunk], cursor)
        gone = [number for number in cursor.recent if messages and number >= messages[0].number and number not in found]
        recent = {m.number: m.published for m in messages[-RECENT:] if m.published is not None}
        yield Page(
            [_deleted(number, cursor.recent[number], source) for number in sorted(gone)],
            cursor.model_copy(update={"recent": recent}),
        )

    async def _read(self, source: Source[TelegramSettings], cursor: TelegramCursor) -> dict[int, Message]:
        """The newest page, and pages before it down to the cursor, or to `depth` messages on a first visit."""
        found: dict[int, Message] = {}
        before: int | None = None
        while True:
            page = await self.page(source, before)
            fresh = {message.number: message for message in page.messages if before is None or message.number < before}
            if before is None and not fresh and cursor.newest:
                raise SourceProblem(
                    Outcome.CHANGED,
                    f"в канале {source.settings.channel} раньше были публикации, а теперь страница без них",
                    "Откройте страницу канала: если публикации там есть, обновите Отклик",
                )
            found |= fresh
            if not fresh:
                break
            before = min(fresh)
            enough = len(found) >= source.settings.depth if not cursor.newest else before <= cursor.newest
            if enough or before <= 1:
                break
        kept = sorted(found)[-source.settings.depth :] if not cursor.newest else found
        return {number: found[number] for number in kept if number >= cursor.floor}

    async def page(self, source: Source[TelegramSettings], before: int | None) -> HistoryPage:
        """The newest page, or the one before a number.

        Raises:
            SourceProblem: it can't be had, or shows no channel.
        """
        settings = source.settings
        url = f"{settings.base_url}/s/{settings.channel}" + (f"?before={before}" if before else "")
        exempt = exempt_for(settings.base_url, allow_private=settings.allow_private)
        asked = self._http.get(url, allow_private=exempt)
        return self._understood(await answered(asked, self._now), source)

    def _understood(self, response: Response, source: Source[TelegramSettings]) -> HistoryPage:
        selector = Selector(text=response.body.decode("utf-8", "replace"))
        kind = kind_of(selector)
        if kind is not Kind.HISTORY:
            raise _not_a_history(kind, source.settings.channel)
        page = history(selector)
        if page.broken:
            log.warning("telegram_messages_unreadable", source=source.id, count=page.broken, of=len(page.messages))
        if page.broken and page.broken >= len(page.messages):
            raise SourceProblem(
                Outcome.CHANGED,
                "разметка страницы Telegram изменилась: публикации есть, но не читаются",
                "Обновите Отклик",
            )
        return page


def draft(message: Message, source: Source[TelegramSettings]) -> Draft:
    """A message as the intake takes it. The page names no time of an edit: a changed text is noticed by its digest."""
    channel = source.settings.channel
    return Draft(
        id=f"telegram:{channel}/{message.number}",
        kind=PostKind.POST,
        source=source.id,
        text=message.html,
        published=message.published,
        url=f"https://t.me/{channel}/{message.number}",
        author=channel,
        context=message.reply_text,
        parent=f"telegram:{channel}/{message.reply_to}" if message.reply_to else None,
        place_hint=source.place_hint,
        media=message.media,
        reach={} if message.views is None else {"views": message.views},
    )


def _deleted(number: int, published: datetime, source: Source[TelegramSettings]) -> Draft:
    return Draft(
        id=f"telegram:{source.settings.channel}/{number}",
        kind=PostKind.POST,
        source=source.id,
        text="",
        published=published,
        deleted=True,
    )


def _not_a_history(kind: Kind, channel: str) -> SourceProblem:
    match kind:
        case Kind.PREVIEW_OFF:
            return SourceProblem(
                Outcome.BLOCKED,
                f"канал {channel} есть, но его публикации видны только в приложении",
                "Удалите источник: без веб-страницы и без аккаунта такой канал не читается",
            )
        case Kind.NOT_A_CHANNEL:
            return SourceProblem(
                Outcome.GONE, f"{channel} — не канал, а чат, бот или человек", "Исправьте channel или удалите источник"
            )
        case Kind.NOBODY:
            return SourceProblem(
                Outcome.GONE,
                f"канала {channel} нет: удалён, переименован или стал закрытым",
                "Найдите его новое имя и исправьте channel",
            )
        case _:
            return SourceProblem(
                Outcome.CHANGED,
                "вместо страницы канала Telegram показал что-то другое",
                "Откройте страницу канала сами",
            )
