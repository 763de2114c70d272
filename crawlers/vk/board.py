"""A community's discussions: its topics, last written in first, and the comments of those with news."""

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from crawlers.base import Page, Source
from crawlers.vk import convert, wall
from crawlers.vk.client import VkClient, VkRefused
from crawlers.vk.settings import BoardCursor, VkCursor, VkSettings, Watch
from crawlers.vk.wall import OVERLAP, PAGE, Item, items_of
from crawlers.vk.watching import PER_PAGE, WATCHED, chunks, comments_due, reading_due, remembering
from intake import Draft

log = structlog.get_logger()

BY_UPDATE = 1
"""`order` of board.getTopics; pinned topics come first all the same."""
NEWEST = 100
"""Comments per topic whose disappearance is noticed: those of one page, which each reading brings anyway."""


async def visit(
    client: VkClient, source: Source[VkSettings], cursor: VkCursor, now: datetime
) -> AsyncGenerator[Page[VkCursor], None]:
    """Topics with news, the one that was written in longest ago first.

    Raises:
        SourceProblem: the visit did not work out; the pages before it stand.
    """
    settings = source.settings
    assert settings.board is not None
    state = cursor.board
    if state is None or state.board != settings.board:
        state = BoardCursor(board=settings.board, owner=await wall.owner_of(client, settings))
        yield Page([], VkCursor(board=state))
    listed = await topics(client, state, settings.depth)
    if state.updated == 0:
        state = state.model_copy(update={"floor": listed.lowest})
    for number in await _gone(client, state, listed):
        watch = state.topics[number]
        left = {key: one for key, one in state.topics.items() if key != number}
        state = state.model_copy(update={"topics": left})
        drafts = [
            convert.gone_topic(state.owner, number, watch.published, source.id),
            *_gone_comments(state.owner, number, watch, watch.seen, source.id),
        ]
        yield Page(drafts, VkCursor(board=state))
    for number, topic in sorted(listed.items.items(), key=lambda pair: (int(pair[1]["updated"]), pair[0])):
        before = state.topics.get(number, Watch(published=_updated(topic)))
        if not _due(before, topic, now):
            continue
        drafts, watch = await _read(client, source, state.owner, topic, watch=before, now=now)
        *most, rest = chunks(drafts, PER_PAGE) or [[]]
        for chunk in most:
            yield Page(list(chunk), VkCursor(board=state))
        state = state.model_copy(update={"topics": remembering(state.topics, number, watch)})
        yield Page(list(rest), VkCursor(board=state))
    yield Page([], VkCursor(board=_tidied(state, listed, now)))


@dataclass(frozen=True, slots=True)
class Listing:
    """Topics by number. All that were written in at `lowest` or later are among them, unless they were deleted."""

    items: dict[int, Item]
    lowest: int


async def topics(client: VkClient, state: BoardCursor, depth: int) -> Listing:
    """The board from its top down to what was read before; on a first visit the last `depth` topics."""
    found: dict[int, Item] = {}
    offset = 0
    while True:
        response = await client.call(
            "board.getTopics", group_id=-state.owner, order=BY_UPDATE, count=PAGE, offset=offset
        )
        items = items_of(response, "board.getTopics")
        fresh = [item for item in items if item["id"] not in found]
        found.update((item["id"], item) for item in items)
        offset += len(items)
        times = sorted((int(item["updated"]) for item in found.values() if not item.get("is_fixed")), reverse=True)
        if not fresh or offset >= response["count"]:
            lowest = 0
            break
        if times and (len(times) >= depth if state.updated == 0 else times[-1] <= state.updated):
            lowest = times[-1]
            break
        offset -= OVERLAP
    if state.updated == 0:
        lowest = max(lowest, min(times[:depth], default=0))
    floor = max(state.floor, lowest if state.updated == 0 else 0)
    kept = {
        number: item
        for number, item in found.items()
        if item.get("is_fixed") or number in state.topics or item["updated"] >= floor
    }
    return Listing(kept, lowest)


def _due(watch: Watch, topic: Item, now: datetime) -> bool:
    if watch.read is None:
        return comments_due(watch, topic["comments"], now)
    updated = _updated(topic)
    changed = topic["comments"] != watch.count or updated > watch.published
    return reading_due(watch.model_copy(update={"published": max(watch.published, updated)}), changed, now)


async def _read(
    client: VkClient, source: Source[VkSettings], owner: int, topic: Item, *, watch: Watch, now: datetime
) -> tuple[list[Draft], Watch]:
    """What a topic brings, and how it is watched from now on."""
    number = topic["id"]
    done = watch.model_copy(update={"published": _updated(topic), "count": topic["comments"], "read": now, "calls": 1})
    known = max(watch.seen, default=None) if watch.back is None else watch.back
    try:
        read = await comments(client, owner, number, known)
    except VkRefused:
        log.info("vk_comments_refused", source=source.id, post=convert.topic_id(owner, number))
        return [], done
    first = watch.opener if watch.opener is not None else read.first.get("id")
    opener: Item = read.first if read.first.get("id") == first else {}
    drafts = []
    if opener:
        drafts.append(convert.topic_draft(topic, opener, owner, source.id, source.place_hint))
    elif watch.opener is not None:
        drafts.append(convert.gone_topic(owner, number, watch.published, source.id))
    drafts += [
        convert.topic_comment_draft(comment, topic, opener, owner=owner, source=source.id, place_hint=source.place_hint)
        for comment in read.items
        if comment["id"] != first
    ]
    shown = {comment["id"] for comment in read.items}
    seen = [one for one in watch.seen if one >= read.lowest]
    if read.complete:
        drafts += _gone_comments(owner, number, watch, sorted(set(seen) - shown), source.id)
        seen = []
    standing = sorted(shown.union(seen) - {first})
    back = None if read.complete else known
    update = {"calls": read.calls, "seen": standing[-NEWEST:], "opener": first, "back": back}
    return drafts, done.model_copy(update=update)


@dataclass(frozen=True, slots=True)
class Comments:
    """The newest comments of a topic, oldest first: all with a number of `lowest` or above."""

    items: list[Item]
    first: Item
    """What the topic begins with, wherever it stands; empty where nothing is left of it."""
    lowest: int
    complete: bool
    """Nothing was added or deleted between the pages, so that what is missing is not there."""
    calls: int


async def comments(client: VkClient, owner: int, topic: int, known: int | None) -> Comments:
    """Back to the comment `known`, or a page of them where none is known, and how the topic begins.

    Raises:
        VkRefused: they are closed, or the topic has just been deleted.
    """
    found: dict[int, Item] = {}
    totals: set[int] = set()
    offset = calls = 0
    while True:
        response = await _comments(client, owner, topic, sort="desc", count=PAGE, offset=offset)
        items = items_of(response, "board.getComments")
        calls += 1
        fresh = [item for item in items if item["id"] not in found]
        found.update((item["id"], item) for item in items)
        offset += len(items)
        totals.add(response["count"])
        whole = not fresh or offset >= response["count"]
        if whole or known is None or min(found) <= known:
            break
        offset -= OVERLAP
    newest_first = list(found.values())
    first: Item = newest_first[-1] if newest_first else {}
    if not whole:
        opening = items_of(await _comments(client, owner, topic, sort="asc", count=1, offset=0), "board.getComments")
        calls += 1
        first = opening[0] if opening else {}
    complete = len(totals) == 1 and bool(found or totals == {0})
    return Comments(newest_first[::-1], first, 0 if whole else min(found), complete, calls)


async def _comments(client: VkClient, owner: int, topic: int, *, sort: str, count: int, offset: int) -> Any:
    return await client.call(
        "board.getComments", group_id=-owner, topic_id=topic, sort=sort, count=count, offset=offset, need_likes=1
    )


async def _gone(client: VkClient, state: BoardCursor, listed: Listing) -> list[int]:
    """Watched topics that the board no longer shows where it would have to; asked for by number to be sure."""
    missing = [
        number
        for number, watch in state.topics.items()
        if number not in listed.items and watch.published.timestamp() >= listed.lowest
    ]
    standing: set[int] = set()
    for some in chunks(missing, PAGE):
        numbers = ",".join(str(number) for number in some)
        response = await client.call("board.getTopics", group_id=-state.owner, topic_ids=numbers)
        standing.update(item["id"] for item in items_of(response, "board.getTopics"))
    return sorted(set(missing) - standing)


def _gone_comments(owner: int, topic: int, watch: Watch, numbers: Iterable[int], source: str) -> list[Draft]:
    return [convert.gone_topic_comment(owner, topic, number, watch.published, source) for number in numbers]


def _tidied(state: BoardCursor, listed: Listing, now: datetime) -> BoardCursor:
    """Without the topics that are neither fresh nor among the last."""
    left = {
        number: watch
        for number, watch in state.topics.items()
        if number in listed.items or now - watch.published <= WATCHED
    }
    updated = max([state.updated, *(int(item["updated"]) for item in listed.items.values())])
    return state.model_copy(update={"topics": left, "updated": updated})


def _updated(topic: Item) -> datetime:
    found = convert.moment(topic["updated"])
    return found if found is not None else datetime.fromtimestamp(0, UTC)
