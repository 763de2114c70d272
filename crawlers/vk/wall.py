"""Reading one wall and the comments under one post, page by page, against a list that shifts while it is read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawlers.base import SourceProblem
from crawlers.vk.client import VkClient, VkRefused
from crawlers.vk.settings import VkSettings
from crawlers.vk.watching import chunks
from schemas import Outcome

Item = Mapping[str, Any]

PAGE = 100
"""The most that wall.get and wall.getComments give at once."""
OVERLAP = 2
"""Posts read twice at a page's edge: one deleted while paging moves the rest up, and without an overlap the one at
the edge would be skipped. New posts only move the rest down, into what comes next."""
THREAD = 10
"""The most replies that come along with a comment."""


_NUMBERED = re.compile(r"(?:id)?(-?\d+)")
_SIGNS = {"group": -1, "page": -1, "event": -1, "user": 1}
"""What a name may stand for, and the sign of its owner's number."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Posts by id; every post of the wall with an id of `lowest` or above is among them, unless it was deleted."""

    posts: dict[int, Item]
    lowest: int


async def owner_of(client: VkClient, settings: VkSettings) -> int:
    """Whose the wall or board is: a community's number is negative, a person's positive.

    Raises:
        SourceProblem: there is no such name, or it is that of something else.
    """
    name, key = (settings.wall, "wall") if settings.board is None else (settings.board, "board")
    assert name is not None
    if match := _NUMBERED.fullmatch(name):
        return int(match[1])
    owner = await client.known(name)
    if owner is None:
        found = await client.call("utils.resolveScreenName", screen_name=name)
        if not found:
            raise SourceProblem(
                Outcome.GONE,
                f"страницы «{name}» нет: переименована или удалена",
                f"Найдите её новое имя и исправьте {key}",
            )
        if found.get("type") not in _SIGNS:
            raise SourceProblem(
                Outcome.GONE,
                f"«{name}» — не сообщество и не страница человека: имя занял другой",
                f"Исправьте {key} или удалите источник",
            )
        owner = _SIGNS[found["type"]] * int(found["object_id"])
        await client.learn(name, owner)
    if owner > 0 and key == "board":
        raise SourceProblem(
            Outcome.GONE, f"«{name}» — страница человека: обсуждений там нет", "Исправьте board или удалите источник"
        )
    return owner


async def stretch(client: VkClient, owner: int, offset: int) -> tuple[list[Item], int]:
    """A hundred posts from the `offset`-th on, as the wall stands now, and how many it has."""
    response = await client.call("wall.get", owner_id=owner, count=PAGE, offset=offset)
    return items_of(response, "wall.get"), response["count"]


async def listing(
    client: VkClient, owner: int, *, newest: int, floor: int, depth: int, since: datetime | None
) -> Listing:
    """The wall from its top down to the post `newest`, or down to `since` if that is given, never below `floor`.

    With `newest` 0 (a first visit): the last `depth` posts. The pinned post stands first whatever its age and is kept.
    """
    posts: dict[int, Item] = {}
    pinned: set[int] = set()
    offset = 0
    while True:
        items, total = await stretch(client, owner, offset)
        fresh = [item for item in items if item["id"] not in posts]
        posts.update((item["id"], item) for item in items)
        pinned.update(item["id"] for item in items if item.get("is_pinned"))
        running = [post for number, post in posts.items() if number not in pinned]
        offset += len(items)
        whole = offset >= total
        if not fresh or whole or _far_enough(running, newest, floor, depth, since):
            break
        offset -= OVERLAP
    if newest == 0:
        floor = min(sorted((post["id"] for post in running), reverse=True)[:depth], default=0)
    posts = {number: post for number, post in posts.items() if number in pinned or number >= floor}
    if whole and newest:  # whatever else was ever seen here is gone, below the lowest that is left as well
        return Listing(posts, 1)
    return Listing(posts, min((number for number in posts if number not in pinned), default=0))


def _far_enough(running: list[Item], newest: int, floor: int, depth: int, since: datetime | None) -> bool:
    if newest == 0:
        return len(running) >= depth
    oldest = min(running, key=lambda post: int(post["id"]), default=None)
    if oldest is None:
        return False
    if oldest["id"] <= floor:
        return True
    return oldest["id"] <= newest and (since is None or oldest["date"] < since.timestamp())


async def existing(client: VkClient, owner: int, numbers: list[int]) -> set[int]:
    """Which of these posts still stand on the wall."""
    found = await posts_by_name(client, [f"{owner}_{number}" for number in numbers])
    return {int(post["id"]) for post in found.values()}


async def posts_by_name(client: VkClient, names: Sequence[str]) -> dict[str, Item]:
    """Those of the posts, `-1234_56`, that are there for everybody to see."""
    found: dict[str, Item] = {}
    for some in chunks(names, PAGE):
        response = await client.call("wall.getById", posts=",".join(some))
        items = response["items"] if isinstance(response, dict) else response
        found.update((f"{item['owner_id']}_{item['id']}", item) for item in items if not item.get("is_deleted"))
    return found


@dataclass(frozen=True, slots=True)
class Comments:
    """Pairs of a comment and what it answers: another comment, or the post."""

    pairs: list[tuple[Item, Item]]
    calls: int
    complete: bool
    """Nothing was added or deleted between the pages, so that what is missing is not there."""


async def comments(client: VkClient, post: Item) -> Comments:
    """All comments under a post with their replies, each after the one it answers.

    Raises:
        VkRefused: they are closed, or the post has just been deleted.
    """
    top = await _read_comments(client, post, None)
    calls, complete = top.calls, top.complete
    pairs: list[tuple[Item, Item]] = []
    for comment in top.items:
        pairs.append((comment, post))
        thread = comment.get("thread") or {}
        replies = thread.get("items") or []
        if thread.get("count", 0) > len(replies):
            calls += 1
            try:
                level = await _read_comments(client, post, comment["id"])
            except VkRefused:  # deleted a moment ago: what came along is what is known of it
                complete = False
            else:
                replies = level.items
                calls += level.calls - 1
                complete = complete and level.complete
        pairs.extend(_answers(comment, replies))
    return Comments(pairs, calls, complete)


def _answers(comment: Item, replies: list[Item]) -> Iterator[tuple[Item, Item]]:
    known = {comment["id"]: comment} | {reply["id"]: reply for reply in replies}
    for reply in replies:
        yield reply, known.get(reply.get("reply_to_comment"), comment)


@dataclass(frozen=True, slots=True)
class _Level:
    """The comments under a post without their threads, or one thread."""

    items: list[Item]
    calls: int
    complete: bool


async def _read_comments(client: VkClient, post: Item, under: int | None) -> _Level:
    found: dict[int, Item] = {}
    totals: set[int] = set()
    offset = calls = 0
    place = {"owner_id": post["owner_id"], "post_id": post["id"]} | ({"comment_id": under} if under else {})
    while True:
        response = await client.call(
            "wall.getComments",
            **place,
            sort="asc",
            count=PAGE,
            offset=offset,
            need_likes=1,
            preview_length=0,
            thread_items_count=0 if under else THREAD,
        )
        items = items_of(response, "wall.getComments")
        calls += 1
        fresh = [item for item in items if item["id"] not in found]
        found.update((item["id"], item) for item in items)
        offset += len(items)
        total = response.get("current_level_count", response["count"])
        totals.add(total)
        if not fresh or offset >= total:
            return _Level(list(found.values()), calls, len(totals) == 1 and bool(found or totals == {0}))
        offset -= OVERLAP


def items_of(response: Any, method: str) -> list[Item]:
    """The list that `method` answered with.

    Raises:
        SourceProblem: it is none.
    """
    match response:
        case {"count": int(), "items": list() as items} if all(
            isinstance(item, dict) and "id" in item for item in items
        ):
            return items
    raise SourceProblem(Outcome.CHANGED, f"непонятный ответ ВКонтакте на {method}", "Обновите Отклик")
