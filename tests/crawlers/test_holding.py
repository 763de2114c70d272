"""Sessions are let go before anybody else can have them."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from crawlers.holding import Holding
from store import Holds
from tests.crawlers.harness import World, world

TERM = timedelta(seconds=2)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


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
