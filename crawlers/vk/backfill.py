"""The past of a wall, from the newest post of the span back to the oldest, each with its comments."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

import structlog

from crawlers.backfill import Ground, PastCursor, Span
from crawlers.base import Page, Source
from crawlers.vk import convert, wall
from crawlers.vk.client import VkClient, VkRefused
from crawlers.vk.errors import understood
from crawlers.vk.settings import VkCursor, VkSettings
from crawlers.vk.wall import Item
from crawlers.vk.watching import PER_PAGE, chunks
from intake import Draft

log = structlog.get_logger()


class VkPast(PastCursor):
    """Posts from `lowest` up are done, but for the pinned one, which stands first on the wall whatever its age."""

    wall: str = ""
    """The setting that `owner` was found by."""
    owner: int | None = None
    lowest: int | None = None
    offset: int = 0
    """Where on the wall to go on, as it stood then. Only a hint, for it shifts: see `_continued`."""


Pages = AsyncGenerator[Page[VkPast], None]


class VkBackfill:
    """A client of its own per back-fill; it shares the ledger with the ordinary visits."""

    settings_type = VkSettings
    cursor_type = VkPast

    retry_pause: float = 1.0
    """Seconds before the first repetition of a failed call."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._clients: list[VkClient] = []

    @staticmethod
    def refusal(settings: VkSettings) -> str | None:
        """Walls give their past, a community's like a person's."""
        if settings.board is not None:
            return f"это обсуждения (board: {settings.board}), а прошлое ВКонтакте собирается со стен: wall"
        if settings.search is not None:
            return "это поиск (search), а прошлое ВКонтакте собирается со стен: wall"
        return None

    def oldest_first(self, settings: VkSettings) -> bool:  # noqa: ARG002
        """No: a wall is read from its top."""
        return False

    async def backfill(self, source: Source[VkSettings], cursor: VkPast, span: Span) -> Pages:
        """See `crawlers.backfill.BackFills`. One call at a time: the next is a matter of what the ledger leaves."""
        context, wanted = self._ground.context, source.settings.wall
        assert wanted is not None
        client = VkClient(source.settings, context.quotas, context.now, self.retry_pause)
        self._clients.append(client)
        with understood(source.id):
            if cursor.owner is None or cursor.wall != wanted:
                ordinary = VkCursor.model_validate(await self._ground.ordinary(source.id))
                known = ordinary.owner if ordinary.wall == wanted else None
                cursor = VkPast(wall=wanted, owner=known or await wall.owner_of(client, source.settings))
                yield Page([], cursor)
            owner = cursor.owner
            assert owner is not None
            while True:
                items, total, offset = await _continued(client, owner, cursor)
                running = [item for item in items if not item.get("is_pinned")]
                todo = [item for item in running if cursor.lowest is None or item["id"] < cursor.lowest]
                pinned = [item for item in items if item.get("is_pinned") and not cursor.offset]
                async for page in self._posts(client, source, cursor, [*pinned, *todo], span):
                    cursor = page.cursor
                    yield page
                oldest = convert.moment(running[-1]["date"]) if running else None
                if not items or offset + len(items) >= total or (oldest is not None and oldest < span.since):
                    return
                after = offset + max(len(items) - wall.OVERLAP, 1)
                lowest = min(item["id"] for item in running) if running else cursor.lowest
                cursor = cursor.model_copy(update={"offset": after, "lowest": lowest})
                yield Page([], cursor)

    async def _posts(
        self, client: VkClient, source: Source[VkSettings], cursor: VkPast, items: Sequence[Item], span: Span
    ) -> Pages:
        """Those of the span on one stretch of the wall, then comments post by post; the cursor moves behind each."""
        wanted = [item for item in items if span.holds(convert.moment(item["date"]))]
        if wanted:
            yield Page([convert.post_draft(item, source.id, source.place_hint) for item in wanted], cursor)
        for item in wanted:
            drafts: list[Draft] = []
            if source.settings.comments and (item.get("comments") or {}).get("count", 0):
                drafts = await self._comments(client, source, item)
            *before, rest = chunks(drafts, PER_PAGE) or [[]]
            for chunk in before:
                yield Page(list(chunk), cursor)
            if not item.get("is_pinned"):
                reached: datetime | None = convert.moment(item["date"])
                cursor = cursor.model_copy(update={"lowest": item["id"], "reached": reached})
            yield Page(list(rest), cursor)

    async def _comments(self, client: VkClient, source: Source[VkSettings], item: Item) -> list[Draft]:
        try:
            read = await wall.comments(client, item)
        except VkRefused:
            log.info("vk_comments_refused", source=source.id, post=convert.post_id(item["owner_id"], item["id"]))
            return []
        return [
            convert.comment_draft(comment, item, parent, source.id, source.place_hint) for comment, parent in read.pairs
        ]

    async def close(self) -> None:
        """Close the clients."""
        for client in self._clients:
            await client.close()
        self._clients.clear()


async def _continued(client: VkClient, owner: int, cursor: VkPast) -> tuple[list[Item], int, int]:
    """The stretch of the wall that goes on where the cursor stands, the number of posts, and the stretch's offset.

    New posts push the others down, so that it begins with some that are done: no harm. Posts that were deleted above
    pull them up; a stretch that begins below `lowest` may have left some out, and one further up is read instead.
    """
    offset = cursor.offset
    while True:
        items, total = await wall.stretch(client, owner, offset)
        first = next((item["id"] for item in items if not item.get("is_pinned")), None)
        if not offset or cursor.lowest is None or (first is not None and first >= cursor.lowest):
            return items, total, offset
        offset = max(offset - wall.PAGE // 2, 0)
