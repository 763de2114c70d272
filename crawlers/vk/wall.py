"""Reading one wall and the comments under one post, page by page, against a list that shifts while it is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawlers.base import SourceProblem
from crawlers.vk.client import VkClient
from crawlers.vk.settings import VkSettings
from schemas import Outcome

Item = Mapping[str, Any]

PAGE = 100
"""The most that wall.get and wall.getComments give at once."""
OVERLAP = 2
"""Posts read twice at a page's edge: one deleted while paging moves the rest up, and without an overlap the one at
the edge would be skipped. New posts only move the rest down, into what comes next."""
THREAD = 10
"""The most replies that come along with a comment."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Posts by id; every post of the wall with an id of `lowest` or above is among them, unless it was deleted."""

    posts: dict[int, Item]
    lowest: int


async def owner_of(client: VkClient, settings: VkSettings) -> int:
    """The community's negative number.

    Raises:
        SourceProblem: there is no such name, or it is a person's.
    """
    if settings.wall.startswith("-"):
        return int(settings.wall)
    known = await client.known(settings.wall)
    if known is not None:
        return known
    found = await client.call("utils.resolveScreenName", screen_name=settings.wall)
    if not found:
        raise SourceProblem(
            Outcome.GONE,
            f"сообщества «{settings.wall}» нет: переименовано или удалено",
            "Найдите его новое имя и исправьте wall",
        )
    if found.get("type") not in ("group", "page", "event"):
        raise SourceProblem(
            Outcome.GONE,
            f"«{settings.wall}» больше не сообщество: имя занял другой",
            "Исправьте wall или удалите источник",
        )
    owner = -int(found["object_id"])
    await client.learn(settings.wall, owner)
    return owner


async def stretch(client: VkClient, owner: int, offset: int) -> tuple[list[Item], int]:
    """A hundred posts from the `offset`-th on, as the wall stands now, and how many it has."""
    response = await client.call("wall.get", owner_id=owner, count=PAGE, offset=offset)
    return _items(response, "wall.get"), response["count"]


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
        if not fresh or offset >= total or _far_enough(running, newest, floor, depth, since):
            break
        offset -= OVERLAP
    if newest == 0:
        floor = min(sorted((post["id"] for post in running), reverse=True)[:depth], default=0)
    posts = {number: post for number, post in posts.items() if number in pinned or number >= floor}
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
    found: set[int] = set()
    for start in range(0, len(numbers), PAGE):
        posts = ",".join(f"{owner}_{number}" for number in numbers[start : start + PAGE])
        response = await client.call("wall.getById", posts=posts)
        items = response["items"] if isinstance(response, dict) else response
        found.update(item["id"] for item in items if not item.get("is_deleted"))
    return found


@dataclass(frozen=True, slots=True)
class Comments:
    """Pairs of a comment and what it answers: another comment, or the post."""

    pairs: list[tuple[Item, Item]]
    calls: int


async def comments(client: VkClient, post: Item) -> Comments:
    """All comments under a post with their replies, each after the one it answers.

    Raises:
        VkRefused: they are closed, or the post has just been deleted.
    """
    top, calls = await _read_comments(client, post, None)
    pairs: list[tuple[Item, Item]] = []
    for comment in top:
        pairs.append((comment, post))
        thread = comment.get("thread") or {}
        replies = thread.get("items") or []
        if thread.get("count", 0) > len(replies):
            replies, more = await _read_comments(client, post, comment["id"])
            calls += more
        pairs.extend(_answers(comment, replies))
    return Comments(pairs, calls)


def _answers(comment: Item, replies: list[Item]) -> Iterator[tuple[Item, Item]]:
    known = {comment["id"]: comment} | {reply["id"]: reply for reply in replies}
    for reply in replies:
        yield reply, known.get(reply.get("reply_to_comment"), comment)


async def _read_comments(client: VkClient, post: Item, under: int | None) -> tuple[list[Item], int]:
    """Of a post, or of one comment's thread; and the number of calls."""
    found: dict[int, Item] = {}
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
        items = _items(response, "wall.getComments")
        calls += 1
        fresh = [item for item in items if item["id"] not in found]
        found.update((item["id"], item) for item in items)
        offset += len(items)
        total = response.get("current_level_count", response["count"])
        if not fresh or offset >= total:
            return list(found.values()), calls
        offset -= OVERLAP


def _items(response: Any, method: str) -> list[Item]:
    match response:
        case {"count": int(), "items": list() as items} if all(
            isinstance(item, dict) and "id" in item for item in items
        ):
            return items
    raise SourceProblem(Outcome.CHANGED, f"непонятный ответ ВКонтакте на {method}", "Обновите Отклик")
