"""Walls of VK communities: posts, comments and replies, edits and deletions."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

import structlog

from crawlers.base import Page, Source, SourceProblem
from crawlers.context import Context
from crawlers.vk import convert, wall
from crawlers.vk.client import VkClient, VkRefused
from crawlers.vk.errors import understood
from crawlers.vk.settings import Given, VkCursor, VkSettings, Watch
from crawlers.vk.wall import Item, Listing
from schemas import Outcome

log = structlog.get_logger()
T = TypeVar("T")

WATCHED = timedelta(days=3)
"""Posts are looked at again for this long, or for as long as they stand on the wall's first page. By then discussion
on city walls has ended, and a wall of 500 posts a day costs 15 calls per sweep."""
SWEEP_EVERY = timedelta(hours=1)
"""How often the whole watched stretch is read, not just the first page: 24 sweeps fit beside 288 visits a day."""
SLOWEST_COMMENTS = timedelta(hours=1)
"""New comments under an old post wait at most this long."""
PER_CALL = timedelta(minutes=2)
"""A post whose comments cost n calls is read at most every 2n minutes, so one heated thread takes no more than 720
of the 5,000 daily calls."""
REREAD_UNCHANGED = timedelta(hours=6)
"""An edit leaves the number of comments as it is, so they are read again now and then."""
POSTS_PER_PAGE = 25
"""What a crash may have to repeat."""
COMMENTS_PER_PAGE = 500


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
        """The wall. Not the token: the ledger paces it, and one visit alone could not use its calls per second."""
        return f"vk:{settings.wall}"

    async def collect(self, source: Source[VkSettings], cursor: VkCursor) -> AsyncGenerator[Page[VkCursor], None]:
        """New posts oldest first, then what has changed on those still watched, then comments post by post."""
        with understood(source.id):
            async for page in self._visit(source, cursor):
                yield page

    async def _visit(self, source: Source[VkSettings], cursor: VkCursor) -> AsyncGenerator[Page[VkCursor], None]:
        settings, now = source.settings, self._context.now()
        client = self._client(settings)
        if cursor.owner is None or cursor.wall != settings.wall:
            cursor = VkCursor(wall=settings.wall, owner=await wall.owner_of(client, settings))
            yield Page([], cursor)
        owner = cursor.owner
        assert owner is not None
        sweep = cursor.swept is None or now - cursor.swept >= SWEEP_EVERY
        found = await wall.listing(
            client,
            owner,
            newest=cursor.newest,
            floor=cursor.floor,
            depth=settings.depth,
            since=now - WATCHED if sweep else None,
        )
        if cursor.newest == 0:
            cursor = cursor.model_copy(update={"floor": found.lowest})
        for chunk in _chunks(sorted(found.posts.values(), key=lambda post: int(post["id"])), POSTS_PER_PAGE):
            cursor = _with_posts(cursor, chunk)
            yield Page([convert.post_draft(post, source.id, source.place_hint) for post in chunk], cursor)
        gone = await _gone(client, cursor, found)
        if gone:
            drafts = [convert.gone_post(owner, number, cursor.watched[number].published, source.id) for number in gone]
            cursor = _without(cursor, gone)
            yield Page(drafts, cursor)
        if settings.comments:
            async for page in self._comments(client, source, cursor, found, now):
                cursor = page.cursor
                yield page
        yield Page([], _tidied(cursor, found, now, swept=now if sweep else cursor.swept))

    async def _comments(
        self, client: VkClient, source: Source[VkSettings], cursor: VkCursor, found: Listing, now: datetime
    ) -> AsyncGenerator[Page[VkCursor], None]:
        asked = 0
        refused: list[VkRefused] = []
        for number, post in sorted(found.posts.items()):
            watch = cursor.watched[number]
            count = (post.get("comments") or {}).get("count", 0)
            if not comments_due(watch, count, now):
                continue
            asked += 1
            calls = 1
            try:
                read = await wall.comments(client, post)
                calls = read.calls
                drafts = [
                    convert.comment_draft(comment, post, parent, source.id, source.place_hint)
                    for comment, parent in read.pairs
                ]
            except VkRefused as error:
                refused.append(error)
                drafts = []
                log.info("vk_comments_refused", source=source.id, post=convert.post_id(post["owner_id"], number))
            *before, rest = _chunks(drafts, COMMENTS_PER_PAGE) or [[]]
            for chunk in before:
                yield Page(list(chunk), cursor)
            done = watch.model_copy(update={"count": count, "read": now, "calls": calls})
            cursor = cursor.model_copy(update={"watched": cursor.watched | {number: done}})
            yield Page(list(rest), cursor)
        if asked >= 3 and len(refused) == asked:
            raise SourceProblem(
                Outcome.BLOCKED,
                "посты читаются, но комментарии закрыты: " + refused[-1].reason,
                "Проверьте, что комментарии видны без входа; если нет, укажите comments: false",
            )

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


def comments_due(watch: Watch, count: int, now: datetime) -> bool:
    """Whether to read a post's comments now, when the wall says that there are `count`."""
    if watch.read is None:
        return count > 0
    rested, age = now - watch.read, now - watch.published
    if count == watch.count:
        return count > 0 and age < WATCHED and rested >= REREAD_UNCHANGED
    return rested >= max(min(age / 24, SLOWEST_COMMENTS), PER_CALL * watch.calls - PER_CALL)


async def _gone(client: VkClient, cursor: VkCursor, found: Listing) -> list[int]:
    """Watched posts that the wall no longer shows where it would have to; asked for by number to be sure."""
    assert cursor.owner is not None
    if not found.lowest:
        return []
    missing = [number for number in cursor.watched if number >= found.lowest and number not in found.posts]
    standing = await wall.existing(client, cursor.owner, missing) if missing else set()
    return sorted(set(missing) - standing)


def _with_posts(cursor: VkCursor, posts: Sequence[Item]) -> VkCursor:
    watched = dict(cursor.watched)
    for post in posts:
        published = convert.moment(post["date"])
        if published is not None and post["id"] not in watched:
            watched[post["id"]] = Watch(published=published)
    newest = max([cursor.newest, *(post["id"] for post in posts)])
    return cursor.model_copy(update={"newest": newest, "watched": watched})


def _without(cursor: VkCursor, numbers: Sequence[int]) -> VkCursor:
    left = {number: watch for number, watch in cursor.watched.items() if number not in numbers}
    return cursor.model_copy(update={"watched": left})


def _tidied(cursor: VkCursor, found: Listing, now: datetime, swept: datetime | None) -> VkCursor:
    """Without the posts that are neither young nor on the wall's first page."""
    old = [
        number
        for number, watch in cursor.watched.items()
        if number not in found.posts and now - watch.published > WATCHED
    ]
    return _without(cursor, old).model_copy(update={"swept": swept})


def _chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
