"""Sessions are let go before anybody else can have them."""

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.holding import Holding
from store import Holds
from tests.crawlers.harness import World

TERM = timedelta(seconds=4)
"""A quarter of it is what a busy machine may be late by."""


def test_a_store_that_does_not_answer_ends_a_hold_within_its_term(here: World, tmp_path: Path) -> None:
    left: list[float] = []

    async def leave(session: str) -> None:
        assert session == "one"
        left.append(time.monotonic())

    async def run() -> float:
        holding = Holding(Holds(here.store), "me", TERM, asyncio.to_thread, leave)
        await holding.seek(["one"])
        lost = holding.lost("one")
        await asyncio.sleep(1.5 * TERM.total_seconds())
        assert "one" in holding  # renewed
        with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            locked = time.monotonic()
            await asyncio.wait_for(lost.wait(), 10)
        while "one" in holding:
            await asyncio.sleep(0.01)
        return locked

    locked = asyncio.run(run())
    assert len(left) == 1
    assert left[0] - locked < TERM.total_seconds()


def test_a_session_that_is_wanted_is_left_and_lent_once_nothing_uses_it(here: World) -> None:
    holds = Holds(here.store)
    left: list[str | None] = []

    async def leave(session: str) -> None:
        left.append(holds.holder(session))

    async def run() -> None:
        used = asyncio.Event()

        async def unused(session: str) -> None:
            assert session == "one"
            await used.wait()

        mine = Holding(holds, "me", TERM, asyncio.to_thread, leave, unused=unused)
        yours = Holding(Holds(here.store), "you", TERM, asyncio.to_thread, leave)
        assert await mine.seek(["one"]) == set()
        borrowing = asyncio.create_task(borrowed(yours))
        await asyncio.wait_for(mine.leaving("one").wait(), 10)
        assert "one" not in mine
        assert await mine.seek(["one"]) == set()
        assert not mine.lost("one").is_set()
        assert left == []
        used.set()
        await borrowing
        assert left == ["me"]
        assert mine.lost("one").is_set()
        assert await mine.seek(["one"]) == set()
        await yours.give_back()
        assert await mine.seek(["one"]) == {"one"}  # back
        assert "one" in mine
        await mine.give_back()

    asyncio.run(run())


def test_what_does_not_come_to_an_end_is_told_to_stop_and_left_within_a_term(here: World) -> None:
    left: list[float] = []

    async def leave(_: str) -> None:
        left.append(time.monotonic())

    async def run() -> float:
        async def unused(_: str) -> None:
            await asyncio.Event().wait()

        mine = Holding(Holds(here.store), "me", TERM, asyncio.to_thread, leave, unused=unused)
        yours = Holding(Holds(here.store), "you", TERM, asyncio.to_thread, leave)
        await mine.seek(["one"])
        lost = mine.lost("one")
        borrowing = asyncio.create_task(borrowed(yours))
        await asyncio.wait_for(mine.leaving("one").wait(), 10)
        asked = time.monotonic()
        await asyncio.wait_for(lost.wait(), 10)
        assert left == []
        await borrowing
        await yours.give_back()
        return asked

    asked = asyncio.run(run())
    assert left[0] - asked < TERM.total_seconds()


def test_one_that_is_to_be_kept_is_not_lent(here: World) -> None:
    async def leave(_: str) -> None:
        """Nothing is connected."""

    async def run() -> None:
        async def unused(_: str) -> None:
            raise AssertionError

        mine = Holding(Holds(here.store), "me", TERM, asyncio.to_thread, leave, unused=unused)
        yours = Holding(Holds(here.store), "you", TERM, asyncio.to_thread, leave)
        await mine.seek(["one"])
        mine.keep()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(borrowed(yours), 1.5 * TERM.total_seconds())
        assert "one" in mine
        await mine.give_back()

    asyncio.run(run())


def test_what_was_taken_in_the_moment_of_being_stopped_is_given_back(here: World) -> None:
    holds = Holds(here.store)
    asked = asyncio.Event()

    async def leave(_: str) -> None:
        """Nothing is connected."""

    async def slowly(work: Any, *arguments: Any) -> Any:
        asked.set()
        await asyncio.sleep(0.1)
        return await asyncio.to_thread(work, *arguments)

    async def run() -> None:
        holding = Holding(holds, "me", TERM, slowly, leave)
        seeking = asyncio.create_task(holding.seek(["one"]))
        await asked.wait()
        seeking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await seeking
        assert "one" not in holding

    asyncio.run(run())
    other = holds.take("one", "you", TERM)
    assert other is not None
    assert other.fence == 2


async def borrowed(holding: Holding) -> None:
    while not await holding.borrow("one", held_for=TERM / 10, free_for=10 * TERM):
        await asyncio.sleep(0.02)


def test_a_session_that_is_given_back_was_left_before(here: World) -> None:
    holds = Holds(here.store)
    seen: list[str | None] = []

    async def leave(session: str) -> None:
        seen.append(holds.holder(session))

    async def run() -> None:
        holding = Holding(holds, "me", TERM, asyncio.to_thread, leave)
        await holding.seek(["one", "two"])
        assert holds.holder("two") == "me"
        await holding.give_back()
        assert "one" not in holding
        assert holding.lost("one").is_set()

    asyncio.run(run())
    assert seen == ["me", "me"]
    assert (holds.holder("one"), holds.holder("two")) == (None, None)


def steal(holds: Holds, name: str) -> None:
    """Somebody else has it, though it was held and renewed."""
    while holds.take(name, "thief", timedelta()) is None:
        pass


def test_a_session_that_is_being_left_is_not_ours_any_more(here: World) -> None:
    async def run() -> None:
        leaving, done = asyncio.Event(), asyncio.Event()

        async def leave(session: str) -> None:
            leaving.set()
            await done.wait()

        holding = Holding(Holds(here.store), "me", TERM, asyncio.to_thread, leave)
        await holding.seek(["one"])
        await asyncio.to_thread(steal, Holds(here.store), "one")
        await asyncio.wait_for(leaving.wait(), 10)
        assert "one" not in holding
        assert holding.lost("one").is_set()
        done.set()

    asyncio.run(run())


def test_a_session_that_could_not_be_left_is_sought_again(here: World) -> None:
    left: list[str] = []

    async def leave(session: str) -> None:
        left.append(session)
        raise ValueError

    async def run() -> None:
        holds = Holds(here.store)
        holding = Holding(holds, "me", TERM, asyncio.to_thread, leave)
        await holding.seek(["one", "two"])
        await asyncio.to_thread(steal, Holds(here.store), "one")
        await asyncio.wait_for(holding.lost("one").wait(), 10)
        async with asyncio.timeout(10):
            while "one" not in holding:
                await holding.seek(["one"])
                await asyncio.sleep(0.05)
        await holding.give_back()
        assert sorted(left) == ["one", "one", "two"]
        assert (holds.holder("one"), holds.holder("two")) == (None, None)

    asyncio.run(run())


def test_a_session_that_is_lost_while_it_is_given_back_is_not_given_back_twice(here: World) -> None:
    async def run() -> None:
        holds, lost = Holds(here.store), asyncio.Event()

        async def leave(session: str) -> None:
            if session == "one" and not lost.is_set():
                lost.set()
                await asyncio.to_thread(steal, Holds(here.store), "one")
                await asyncio.sleep(TERM.total_seconds() / 2)  # until the next renewal was refused

        holding = Holding(holds, "me", TERM, asyncio.to_thread, leave)
        await holding.seek(["one", "two"])
        await holding.give_back()
        assert (holds.holder("one"), holds.holder("two")) == ("thief", None)

    asyncio.run(run())
