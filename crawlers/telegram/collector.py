"""Telegram by its web pages or by its API, as each source is configured."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import ClassVar

from crawlers.base import Page, Source
from crawlers.context import Context
from crawlers.telegram.api import ApiCollector
from crawlers.telegram.settings import TelegramCursor, TelegramSettings
from crawlers.telegram.web import WebCollector


class TelegramCollector:
    """Both ways give the same ids and share the cursor, so that a source may change from one to the other."""

    kind: ClassVar[str] = "telegram"
    settings_type = TelegramSettings
    cursor_type = TelegramCursor

    def __init__(self, context: Context) -> None:
        self._web = WebCollector(context)
        self._api = ApiCollector(context)

    @property
    def retry_pause(self) -> float:
        """Seconds before a cut connection is made again."""
        return self._api.retry_pause

    @retry_pause.setter
    def retry_pause(self, seconds: float) -> None:
        self._api.retry_pause = seconds

    def session(self, settings: TelegramSettings) -> str | None:
        """The account's, for who reads by the API. See `crawlers.base.Live`."""
        return self._api.session(settings) if settings.by_api else None

    def tell(self, hint: Callable[[str], None]) -> None:
        """See `crawlers.base.Live`."""
        self._api.tell(hint)

    async def leave(self, session: str) -> None:
        """See `crawlers.base.Live`."""
        await self._api.leave(session)

    def slot(self, settings: TelegramSettings) -> str:
        """The channel, of the account or by its page."""
        return self._api.slot(settings) if settings.by_api else self._web.slot(settings)

    async def collect(
        self, source: Source[TelegramSettings], cursor: TelegramCursor
    ) -> AsyncGenerator[Page[TelegramCursor], None]:
        """See `WebCollector.collect` and `ApiCollector.collect`."""
        way = self._api if source.settings.by_api else self._web
        async with aclosing(way.collect(source, cursor)) as pages:
            async for page in pages:
                yield page

    async def close(self) -> None:
        """Disconnect all accounts. The HTTP stack is the runner's."""
        await self._api.close()
