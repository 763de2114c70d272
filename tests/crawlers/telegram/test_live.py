"""News that Telegram pushes: on the bus at once, by the same visit as when polling."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from crawlers.runner import HINT_PAUSE, Runner
from schemas import Outcome, SourceHealth
from tests.crawlers.telegram.crawling import crawling
from tests.crawlers.telegram.site import NAME, Site


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def joined(site: Site) -> None:
    site.channel.joined = site.talk.joined = True


def runs(site: Site, source: str = NAME) -> list[SourceHealth]:
    return site.here.sources.runs(source)


def live(site: Site, *names: str, depth: int = 100) -> AbstractAsyncContextManager[Runner]:
    """A crawler that polls once an hour."""
    return crawling(site.here, [(name, site.settings(channel=name, depth=depth)) for name in names or (NAME,)])


def test_a_pushed_post_is_fetched_long_before_the_next_poll(site: Site) -> None:
    joined(site)

    async def run() -> None:
        async with live(site):
            await until(lambda: len(runs(site)) == 1)
            post = site.channel.add("На Труда прорвало трубу")
            await until(lambda: f"telegram:{NAME}/{post.id}" in site.numbers())
            await until(lambda: len(runs(site)) == 2)

    asyncio.run(run())
    assert [run.outcome for run in runs(site)] == [Outcome.OK] * 2
    assert sorted(site.numbers()) == sorted(site.channel.ids())


def test_edits_deletions_and_comments_are_pushed_too(site: Site) -> None:
    joined(site)

    async def run() -> None:
        async with live(site):
            await until(lambda: len(runs(site)) == 1)
            site.channel.edit(12, "Во дворе Садовой, 3 снова светло")
            await until(lambda: site.posts()[f"telegram:{NAME}/12"].text == "Во дворе Садовой, 3 снова светло")
            comment = site.channel.comment(3, "У нас на Речной, 20 тоже")
            await until(lambda: f"telegram:zavodskoy_talk/{comment.id}" in site.posts())
            site.talk.delete(comment.id)
            await until(lambda: site.posts()[f"telegram:zavodskoy_talk/{comment.id}"].deleted)
            site.channel.delete(8)
            await until(lambda: site.posts()[f"telegram:{NAME}/8"].deleted)

    asyncio.run(run())
    assert {id_ for id_, post in site.posts().items() if not post.deleted} == site.channel.ids()


def test_the_first_comment_under_a_channel_is_heard_of(site: Site) -> None:
    joined(site)
    site.talk.posts = {number: post for number, post in site.talk.posts.items() if number in (1, 2)}

    async def run() -> None:
        async with live(site):
            await until(lambda: len(runs(site)) == 1)
            comment = site.channel.comment(3, "И у нас нет воды")
            await until(lambda: f"telegram:zavodskoy_talk/{comment.id}" in site.posts())

    asyncio.run(run())


def test_a_deletion_older_than_the_newest_hundred_is_followed(site: Site) -> None:
    joined(site)
    for number in range(150):
        site.channel.add(f"Новость {number}")

    async def run() -> None:
        async with live(site, depth=120):
            await until(lambda: len(runs(site)) == 1)
            oldest = sorted(site.channel.posts)[-120]
            site.channel.delete(oldest - 1)  # never collected
            site.channel.delete(oldest)
            await until(lambda: site.posts()[f"telegram:{NAME}/{oldest}"].deleted)

    asyncio.run(run())
    assert [post.text for post in site.posts().values() if post.deleted] == [""]


def test_a_burst_costs_few_visits_and_loses_nothing(site: Site) -> None:
    joined(site)

    async def run() -> None:
        nonlocal took
        async with live(site):
            await until(lambda: len(runs(site)) == 1)
            began = time.monotonic()
            for number in range(60):
                site.channel.add(f"Новость {number}")
                await asyncio.sleep(0.01)
            await until(lambda: set(site.posts()) == site.channel.ids())
            await asyncio.sleep(0.6)  # the last of the hints
            took = time.monotonic() - began

    took = 0.0
    asyncio.run(run())
    assert len(runs(site)) <= 2 + took / HINT_PAUSE.total_seconds()
    assert sorted(site.numbers()) == sorted(site.channel.ids())


def test_what_is_pushed_while_its_source_is_visited_is_fetched_by_one_more_visit(site: Site) -> None:
    joined(site)

    async def run() -> None:
        async with live(site):
            await until(lambda: site.simulator.called("GetHistory") == 1)
            site.simulator.slow = 0.3  # the answer with the history is on its way, and without the post
            await until(lambda: site.simulator.called("GetReplies") == 1)
            site.channel.add("Пока читали комментарии")
            site.simulator.slow = 0.0
            await until(lambda: len(runs(site)) == 2)

    asyncio.run(run())
    assert set(site.posts()) == site.channel.ids()


def test_a_reaction_is_no_news(site: Site) -> None:
    joined(site)

    async def run() -> None:
        async with live(site):
            await until(lambda: len(runs(site)) == 1)
            site.channel.react(12)
            await asyncio.sleep(2 * HINT_PAUSE.total_seconds())
            assert len(runs(site)) == 1
            site.channel.add("После неё")
            await until(lambda: set(site.posts()) == site.channel.ids())
            await until(lambda: len(runs(site)) == 2)

    asyncio.run(run())
    assert len(runs(site)) == 2


def test_where_the_account_has_not_joined_polling_brings_the_news(site: Site) -> None:
    async def run() -> None:
        every = timedelta(seconds=0.5)
        async with crawling(site.here, [(NAME, site.settings())], every=every):
            await until(lambda: len(runs(site)) == 1)
            site.channel.add("Никому не сказали")
            await until(lambda: set(site.posts()) == site.channel.ids())

    asyncio.run(run())


def test_news_do_not_break_into_a_flood_wait(site: Site) -> None:
    joined(site)
    site.simulator.fail("GetHistory", "FLOOD_WAIT_72000", 420, skip=1)

    async def run() -> None:
        async with live(site):
            await until(lambda: len(runs(site)) == 1)
            site.channel.add("Первая")
            await until(lambda: len(runs(site)) == 2)
            for number in range(3):
                site.channel.add(f"Ещё {number}")
                await asyncio.sleep(0.3)

    asyncio.run(run())
    assert [run.outcome for run in runs(site)] == [Outcome.QUOTA, Outcome.OK]
    assert site.simulator.called("GetHistory") == 2


def test_a_cut_connection_is_made_again_and_hears_on(site: Site) -> None:
    joined(site)

    async def run() -> None:
        async with live(site):
            await until(lambda: len(runs(site)) == 1)
            before = site.simulator.called("GetUsers")
            site.simulator.drop()
            await until(lambda: site.simulator.called("GetUsers") > before)
            site.channel.add("После обрыва")
            await until(lambda: set(site.posts()) == site.channel.ids())

    asyncio.run(run())
    assert site.simulator.together == 1
