"""Histories and threads in pages: new messages oldest first, and the newest hundred whole."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

PAGE = 100
"""As many messages as Telegram gives at once."""

Fetch = Callable[[int, int, int, int], Awaitable[Any]]
"""`offset_id, add_offset, limit, min_id` to an answer with messages and chats, see messages.getHistory."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages by rising number, and the chats that they mention, by number."""

    messages: list[Any]
    chats: dict[int, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """The newest messages, without a gap from `low` on (0: from the first message there is)."""

    batch: Batch
    low: int


async def newest(fetch: Fetch) -> Window:
    """The newest messages; an album that may begin before them is left to `between`."""
    batch = _batch(await fetch(0, 0, PAGE, 0))
    if len(batch.messages) < PAGE:
        return Window(batch, 0)
    album = batch.messages[0].id and getattr(batch.messages[0], "grouped_id", None)
    whole = [one for one in batch.messages if album is None or getattr(one, "grouped_id", None) != album]
    return Window(Batch(whole, batch.chats), whole[0].id)


async def between(fetch: Fetch, after: int, low: int) -> AsyncGenerator[Batch, None]:
    """Messages with numbers above `after` and below `low`, oldest first; no album is cut in two.

    Paged by number, so that neither new messages nor deletions meanwhile double or hide any.
    """
    while after < low - 1:
        batch = _batch(await fetch(after + 1, -PAGE, PAGE, after))
        messages = [one for one in batch.messages if after < one.id < low]
        if not messages:
            return
        album = getattr(messages[-1], "grouped_id", None)
        whole = [one for one in messages if album is None or getattr(one, "grouped_id", None) != album]
        if len(messages) < len(batch.messages) or not whole:  # the album ends at `low`, or is all there is
            whole = messages
        after = whole[-1].id
        yield Batch(whole, batch.chats)


async def number_back(fetch: Fetch, count: int) -> int:
    """The number of the message that is the `count`-th from the end; 1 where there are fewer."""
    found = _batch(await fetch(0, count - 1, 1, 0)).messages
    return int(found[0].id) if found else 1


def _batch(answer: Any) -> Batch:
    return Batch(sorted(answer.messages, key=lambda one: one.id), {one.id: one for one in answer.chats})
