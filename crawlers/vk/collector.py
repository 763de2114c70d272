"""VK as a kind of source: walls, boards and searches, through clients that sources with the same tokens share."""

from collections.abc import AsyncGenerator
from typing import ClassVar

from crawlers.base import Page, Source
from crawlers.context import Context
from crawlers.vk import board, search, wall_visit
from crawlers.vk.client import VkClient
from crawlers.vk.errors import understood
from crawlers.vk.settings import VkCursor, VkSettings
from crawlers.vk.tokens import Given


class VkCollector:
    """One per process: a client per set of tokens."""

    kind: ClassVar[str] = "vk"
    settings_type = VkSettings
    cursor_type = VkCursor

    retry_pause: float = 1.0
    """Seconds before the first repetition of a failed call."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clients: dict[tuple[tuple[Given, ...], str | None], VkClient] = {}

    def slot(self, settings: VkSettings) -> str:
        """The wall, board or search. Not the token: the ledger paces it, and one visit alone could not use its calls
        per second."""
        if settings.search is not None:
            return f"vk:search:{settings.search.key}"
        return f"vk:{settings.wall}" if settings.board is None else f"vk:board:{settings.board}"

    async def collect(self, source: Source[VkSettings], cursor: VkCursor) -> AsyncGenerator[Page[VkCursor], None]:
        """What is new, oldest first, then what has changed on what is still watched."""
        settings = source.settings
        visit = wall_visit.visit
        if settings.board is not None:
            visit = board.visit
        elif settings.search is not None:
            visit = search.visit
        with understood(source.id):
            async for page in visit(self._client(settings), source, cursor, self._context.now()):
                yield page

    def _client(self, settings: VkSettings) -> VkClient:
        key = (settings.given, settings.api_url)
        if key not in self._clients:
            self._clients[key] = VkClient(settings, self._context.quotas, self._context.now, self.retry_pause)
        return self._clients[key]

    async def close(self) -> None:
        """Close the clients."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()
