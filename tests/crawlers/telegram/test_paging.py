"""Reading ahead: the same messages in the same order."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.telegram.paging import Batch, ahead


class Fetched:
    """Batches of one message each; `error` after the last of them."""

    def __init__(self, count: int, error: Exception | None = None, pauses: list[bool] | None = None) -> None:
        self.given = 0
        self.closed = False
        self._count = count
        self._error = error
        self._pauses = pauses or []

    async def batches(self) -> AsyncGenerator[Batch, None]:
        try:
            for number in range(self._count):
                if self._pauses[number : number + 1] == [True]:
                    await asyncio.sleep(0)
                self.given += 1
                yield Batch([number], {number: f"chat {number}"})
            if self._error is not None:
                raise self._error
        finally:
            self.closed = True


@given(st.lists(st.booleans(), max_size=20), st.lists(st.booleans(), max_size=20), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_doubled_or_reordered(slow: list[bool], busy: list[bool], most: int) -> None:
    fetched = Fetched(len(slow), pauses=slow)

    async def run() -> list[int]:
        found: list[int] = []
        async with aclosing(ahead(fetched.batches(), most)) as batches:
            async for batch in batches:
                assert list(batch.chats) == batch.messages
                assert len(batch.messages) <= most + 1
                found += batch.messages
                if busy[len(found) : len(found) + 1] == [True]:
                    await asyncio.sleep(0.001)
        return found

    assert asyncio.run(run()) == list(range(len(slow)))


def test_a_busy_caller_gets_what_came_meanwhile_and_no_more_is_fetched() -> None:
    fetched = Fetched(100)

    async def run() -> None:
        async with aclosing(ahead(fetched.batches(), 3)) as batches:
            first = (await anext(batches)).messages
            await asyncio.sleep(0.01)
            assert 3 <= fetched.given - len(first) <= 4
            assert (await anext(batches)).messages == list(range(len(first), fetched.given))

    asyncio.run(run())
    assert fetched.given < 100
    assert fetched.closed


def test_what_went_wrong_comes_after_what_went_well() -> None:
    fetched = Fetched(3, LookupError("gone"))
    found: list[int] = []

    async def run() -> None:
        async with aclosing(ahead(fetched.batches())) as batches:
            async for batch in batches:
                found.extend(batch.messages)

    with pytest.raises(LookupError, match="gone"):
        asyncio.run(run())
    assert found == [0, 1, 2]


def test_an_error_that_nobody_waits_for_is_dropped() -> None:
    fetched = Fetched(1, LookupError("gone"))

    async def run() -> None:
        async with aclosing(ahead(fetched.batches())) as batches:
            await anext(batches)
            await asyncio.sleep(0.01)

    asyncio.run(run())
    assert fetched.closed
