"""Histories and threads in pages: new messages oldest first, and the newest hundred whole."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

PAGE = 100
"""As many messages as Telegram gives at once."""

AHEAD = 4
"""Batches that are fetched while others are being published: as many as make the bus's and the store's writing, some
milliseconds however much it is, no slower than the fetching. They are what a crash may have to repeat."""

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
    album = getattr(batch.messages[0], "grouped_id", None)
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


async def ahead(batches: AsyncGenerator[Batch, None], most: int = AHEAD) -> AsyncGenerator[Batch, None]:
    """The same messages in the same order, while the next `most` batches are being fetched; those that came in while
    the caller was busy are put together. What went wrong is raised after all that came before it.
    """
    waiting: asyncio.Queue[Batch | None] = asyncio.Queue()
    room = asyncio.Semaphore(most)

    async def fetch() -> None:
        try:
            async with aclosing(batches):
                async for batch in batches:
                    waiting.put_nowait(batch)
                    await room.acquire()
        finally:
            waiting.put_nowait(None)

    fetching = asyncio.create_task(fetch())
    try:
        ended = False
        while not ended:
            came = [await waiting.get(), *(waiting.get_nowait() for _ in range(waiting.qsize()))]
            ended = came[-1] is None
            found = [batch for batch in came if batch is not None]
            for _ in found:
                room.release()
            if found:
                chats = {number: chat for batch in found for number, chat in batch.chats.items()}
                yield Batch([message for batch in found for message in batch.messages], chats)
        await fetching
    finally:
        fetching.cancel()
        await asyncio.wait({fetching})
        if not fetching.cancelled():
            fetching.exception()  # raised above, or nobody asks any more


async def number_back(fetch: Fetch, count: int) -> int:
    """The number of the message that is the `count`-th from the end; 1 where there are fewer."""
    found = _batch(await fetch(0, count - 1, 1, 0)).messages
    return int(found[0].id) if found else 1


def _batch(answer: Any) -> Batch:
    return Batch(sorted(answer.messages, key=lambda one: one.id), {one.id: one for one in answer.chats})
