"""One visit to a wall: new posts, what has changed on those still watched, then comments post by post."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta

import structlog

from crawlers.base import Page, Source, SourceProblem
from crawlers.vk import convert, wall
from crawlers.vk.client import VkClient, VkRefused
from crawlers.vk.settings import VkCursor, VkSettings, Watch
from crawlers.vk.wall import Comments, Item, Listing
from crawlers.vk.watching import PER_PAGE, WATCHED, chunks, comments_due, remembering, vanished
from intake import Draft
from schemas import Outcome

log = structlog.get_logger()

SWEEP_EVERY = timedelta(hours=1)
"""How often the whole watched stretch is read, not just the first page: 24 sweeps fit beside 288 visits a day."""
POSTS_PER_PAGE = 25
"""What a crash may have to repeat."""


async def visit(
    client: VkClient, source: Source[VkSettings], cursor: VkCursor, now: datetime
) -> AsyncGenerator[Page[VkCursor], None]:
    """Posts oldest first.

    Raises:
        SourceProblem: the visit did not work out; the pages before it stand.
    """
    settings = source.settings
    assert settings.wall is not None
    if cursor.owner is None or cursor.wall != settings.wall:
        cursor = VkCursor(wall=settings.wall, owner=await wall.owner_of(client, settings))
        yield Page([], cursor)
    owner = cursor.owner
    assert owner is not None
    # A clock that ran ahead when it swept must not put the next sweep off until that time comes.
    sweep = cursor.swept is None or not timedelta() <= now - cursor.swept < SWEEP_EVERY
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
    for chunk in chunks(sorted(found.posts.values(), key=lambda post: int(post["id"])), POSTS_PER_PAGE):
        cursor = _with_posts(cursor, chunk)
        yield Page([convert.post_draft(post, source.id, source.place_hint) for post in chunk], cursor)
    for number in await _gone(client, cursor, found):
        drafts = _gone_with_comments(owner, number, cursor.watched[number], source.id)
        cursor = _without(cursor, [number])
        yield Page(drafts, cursor)
    if settings.comments:
        async for page in _comments(client, source, cursor, found, now):
            cursor = page.cursor
            yield page
    yield Page([], _tidied(cursor, found, now, swept=now if sweep else cursor.swept))


async def _comments(
    client: VkClient, source: Source[VkSettings], cursor: VkCursor, found: Listing, now: datetime
) -> AsyncGenerator[Page[VkCursor], None]:
    asked = 0
    refused: list[VkRefused] = []
    for number, post in sorted(found.posts.items()):
        watch = cursor.watched.get(number)
        count = (post.get("comments") or {}).get("count", 0)
        if watch is None or not comments_due(watch, count, now):
            continue
        asked += 1
        done = watch.model_copy(update={"count": count, "read": now, "calls": 1})
        drafts: list[Draft] = []
        try:
            read = await wall.comments(client, post)
        except VkRefused as error:
            refused.append(error)
            log.info("vk_comments_refused", source=source.id, post=convert.post_id(post["owner_id"], number))
        else:
            drafts = [
                convert.comment_draft(comment, post, parent, source.id, source.place_hint)
                for comment, parent in read.pairs
            ]
            drafts += _gone_comments(post, watch, read, source.id)
            done = done.model_copy(update={"calls": read.calls, "seen": _seen(watch, read)})
        *before, rest = chunks(drafts, PER_PAGE) or [[]]
        for chunk in before:
            yield Page(list(chunk), cursor)
        cursor = cursor.model_copy(update={"watched": remembering(cursor.watched, number, done)})
        yield Page(list(rest), cursor)
    if asked >= 3 and len(refused) == asked:
        raise SourceProblem(
            Outcome.BLOCKED,
            "посты читаются, но комментарии не видны: " + refused[-1].reason,
            "Проверьте, что комментарии видны без входа; если нет, укажите comments: false",
        )


def _gone_comments(post: Item, watch: Watch, read: Comments, source: str) -> list[Draft]:
    """A list that shifted while it was read may lack what still stands: then the next reading tells."""
    if not read.complete:
        return []
    gone = vanished(watch, (comment["id"] for comment, _ in read.pairs))
    return [convert.gone_comment(post["owner_id"], number, watch.published, source) for number in gone]


def _seen(watch: Watch, read: Comments) -> list[int]:
    standing = {comment["id"] for comment, _ in read.pairs if not comment.get("deleted")}
    return sorted(standing if read.complete else standing.union(watch.seen))


async def _gone(client: VkClient, cursor: VkCursor, found: Listing) -> list[int]:
    """Watched posts that the wall no longer shows where it would have to; asked for by number to be sure."""
    assert cursor.owner is not None
    if not found.lowest:
        return []
    missing = [number for number in cursor.watched if number >= found.lowest and number not in found.posts]
    standing = await wall.existing(client, cursor.owner, missing) if missing else set()
    return sorted(set(missing) - standing)


def _gone_with_comments(owner: int, number: int, watch: Watch, source: str) -> list[Draft]:
    return [
        convert.gone_post(owner, number, watch.published, source),
        *(convert.gone_comment(owner, comment, watch.published, source) for comment in watch.seen),
    ]


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
