"""A back-fill and ordinary visits take turns with one account."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

import crawlers
from crawlers.plan import source_rows
from crawlers.telegram.session import VARIABLE
from schemas import topics
from tests.crawlers.harness import world
from tests.crawlers.past import Collecting, channel, new_key, planned


def test_it_waits_while_a_visit_has_the_account_and_gives_it_back_between_stretches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    monkeypatch.setenv(VARIABLE, key)
    with world(tmp_path) as here, channel(tmp_path, key, 120) as one:
        mine = planned(one.kind, one.settings)
        other = planned(one.kind, one.settings | {"channel": "ryadom_talk"}, "talk")
        taken: list[str] = []

        async def prepare() -> None:
            async with here.context() as context:
                collectors = {"telegram": crawlers.KINDS["telegram"].make(context)}
                here.sources.sync(source_rows([mine, other], collectors))

        async def beside(_: object, over: asyncio.Event) -> None:
            """Another crawler visits the account's other source, first and whenever it can."""
            await asyncio.sleep(2)
            assert one.simulator.called("GetHistory") == 0
            here.sources.release(lease)
            while not over.is_set():
                here.sources.force_due("talk")
                for found in here.sources.lease("crawler", ["telegram"], 1, timedelta(minutes=1), ["talk"]):
                    asked = one.simulator.called("GetHistory")
                    await asyncio.sleep(0.3)
                    assert one.simulator.called("GetHistory") == asked  # nobody else uses the session now
                    taken.append(found.source)
                    here.sources.release(found)
                await asyncio.sleep(0.05)

        asyncio.run(prepare())
        here.clock.forward(minutes=5)
        (lease,) = here.sources.lease("crawler", ["telegram"], 1, timedelta(minutes=1), ["talk"])
        result = asyncio.run(Collecting(here, mine).run(beside=beside))
        assert result.finished
        assert sorted(post.id for post in here.posts(topics.HISTORY)) == sorted(one.ids())
        assert len(taken) >= 3
        assert {state.lease_owner for state in here.sources.list()} == {None}
