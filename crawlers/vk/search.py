"""Public posts on any wall that hold the words, or were written near the point, that an operator asks for."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any

import structlog

from crawlers.base import Page, Source
from crawlers.vk import convert, wall
from crawlers.vk.client import VkClient
from crawlers.vk.settings import SearchCursor, VkCursor, VkSearch, VkSettings
from crawlers.vk.wall import Item, items_of
from crawlers.vk.watching import WATCHED, chunks
from intake import Draft

log = structlog.get_logger()

PAGE = 200
"""The most that newsfeed.search gives at once."""
REACHABLE = 1_000
"""Posts of one search beyond which VK gives no more, however many it has found."""
FIRST = timedelta(days=1)
"""How far back the first visit looks, and how much is asked for at once later: VK's own default."""
SHORTEST = timedelta(minutes=1)
"""A stretch of time is halved down to this to stay below `REACHABLE`: 1,000 posts a minute are no search."""
LATE = timedelta(hours=1)
"""Searched again each time: a post is found some minutes after it was published, and VK does not say how many. An hour
costs no call more as long as it holds fewer than `PAGE` posts."""
CHECK_EVERY = timedelta(hours=1)
"""How often the posts found are looked at again for edits and deletions."""
REMEMBERED = 1_000
"""Posts found that are looked at again: 10 calls of wall.getById an hour, and 30 KB of the cursor."""
PER_PAGE = 25
"""What a crash may have to repeat."""


async def visit(
    client: VkClient, source: Source[VkSettings], cursor: VkCursor, now: datetime
) -> AsyncGenerator[Page[VkCursor], None]:
    """A stretch of time after the other up to now, each oldest first; then what was found before.

    Raises:
        SourceProblem: the visit did not work out; the pages before it stand.
    """
    wanted = source.settings.search
    assert wanted is not None
    state = cursor.search
    if state is None or state.key != wanted.key or state.until > now + FIRST:  # or by a clock that ran ahead
        state = SearchCursor(key=wanted.key, until=now - FIRST, checked=now)
        yield Page([], VkCursor(search=state))
    start, length = min(state.until, now) - LATE, FIRST
    before: set[str] = set()
    while start < now:
        end = min(start + length, now)
        items = await found_between(client, wanted, start, end)
        if items is None:
            length = max((end - start) / 2, SHORTEST)
            continue
        items = [item for item in items if _name(item) not in before]  # the second where two stretches meet is in both
        before = {_name(item) for item in items}
        parents = await _parents(client, items)
        for chunk in chunks(sorted(items, key=lambda item: (item["date"], item["id"])), PER_PAGE):
            posts = [item for item in chunk if not _is_comment(item)]
            state = state.model_copy(update={"found": _remembering(state.found, posts)})
            drafts = [draft for item in chunk if (draft := _draft(item, parents, source)) is not None]
            yield Page(drafts, VkCursor(search=state))
        start = end
        state = state.model_copy(update={"until": max(state.until, end)})
        yield Page([], VkCursor(search=state))
    if not timedelta() <= now - state.checked < CHECK_EVERY:
        async for page in _check(client, source, state, now):
            yield page


async def found_between(client: VkClient, wanted: VkSearch, start: datetime, end: datetime) -> list[Item] | None:
    """All that VK has found of this stretch of time; None where it would not give all of it, and a shorter one may.

    Posts for friends only and comments without their post's number are left out.
    """
    asked: dict[str, Any] = {"start_time": int(start.timestamp()), "end_time": int(end.timestamp()), "count": PAGE}
    asked |= {"q": wanted.words} if wanted.words else {}
    asked |= {"latitude": wanted.near.lat, "longitude": wanted.near.lon} if wanted.near else {}
    found: dict[str, Item] = {}
    following: str | None = None
    while True:
        response = await client.call("newsfeed.search", **asked, **({"start_from": following} if following else {}))
        items = items_of(response, "newsfeed.search")
        total = response.get("total_count", response["count"])
        if total > REACHABLE and end - start > SHORTEST:
            return None
        fresh = {_name(item): item for item in items if not item.get("friends_only")}
        new = fresh.keys() - found.keys()
        found.update(fresh)
        following = response.get("next_from")
        if not following or not new:
            break
    if total > len(found):
        log.info("vk_search_gave_less", found=len(found), total=total)
    return [item for item in found.values() if not _is_comment(item) or item.get("post_id")]


async def _parents(client: VkClient, items: list[Item]) -> dict[str, Item]:
    """The posts that the comments among `items` stand under."""
    names = {f"{item['owner_id']}_{item['post_id']}" for item in items if _is_comment(item)}
    return await wall.posts_by_name(client, sorted(names))


def _draft(item: Item, parents: dict[str, Item], source: Source[VkSettings]) -> Draft | None:
    """As the wall's own source makes it, so that what is found twice is one post."""
    if not _is_comment(item):
        return convert.post_draft(item, source.id, source.place_hint)
    post = parents.get(f"{item['owner_id']}_{item['post_id']}")
    return None if post is None else convert.comment_draft(item, post, post, source.id, source.place_hint)


async def _check(
    client: VkClient, source: Source[VkSettings], state: SearchCursor, now: datetime
) -> AsyncGenerator[Page[VkCursor], None]:
    """What was found in the last days once more: edited, deleted, or no longer public."""
    young = {name: at for name, at in state.found.items() if now - at <= WATCHED}
    state = state.model_copy(update={"found": young})
    for names in chunks(sorted(young), wall.PAGE):
        standing = await wall.posts_by_name(client, list(names))
        drafts = []
        for name in names:
            owner, _, number = name.partition("_")
            if name in standing:
                drafts.append(convert.post_draft(standing[name], source.id, source.place_hint))
            else:
                drafts.append(convert.gone_post(int(owner), int(number), young[name], source.id))
        left = {name: at for name, at in state.found.items() if name not in names or name in standing}
        state = state.model_copy(update={"found": left})
        yield Page(drafts, VkCursor(search=state))
    yield Page([], VkCursor(search=state.model_copy(update={"checked": now})))


def _remembering(found: dict[str, datetime], items: list[Item]) -> dict[str, datetime]:
    new = {_name(item): at for item in items if (at := convert.moment(item["date"])) is not None}
    latest = sorted((found | new).items(), key=lambda pair: pair[1])[-REMEMBERED:]
    return dict(latest)


def _is_comment(item: Item) -> bool:
    return item.get("post_type") == "reply"


def _name(item: Item) -> str:
    return f"{item['owner_id']}_{item['id']}"
