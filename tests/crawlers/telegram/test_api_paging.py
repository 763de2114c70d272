"""Histories and threads longer than a page, interrupted and changing meanwhile."""

import asyncio
from contextlib import aclosing
from typing import Any

from crawlers.telegram.collector import TelegramCollector
from crawlers.telegram.settings import TelegramCursor
from tests.crawlers.harness import source
from tests.crawlers.telegram.site import NAME, Site
from tests.simulators.telegram import Fault


def test_a_long_absence_leaves_no_gap_while_posts_change_between_the_pages(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    for number in range(350):
        site.channel.add(f"Новость {number}", album=number // 3 + 1 if number % 50 < 6 else None)
    expected = site.channel.ids()

    async def run() -> None:
        async with site.here.collector(TelegramCollector) as collector:
            generator: Any = collector.collect(source(site.settings()), cursor)
            async with aclosing(generator) as found:
                async for page in found:
                    site.here.intake.publish(page.drafts)
                    if page.drafts and "edited" not in seen:
                        seen.append("edited")
                        site.channel.edit(15, "Новость 0, исправлено")
                        site.channel.edit(300, "Новость исправлена")
                        site.channel.add("Пока листали")

    seen: list[str] = []
    asyncio.run(run())
    assert set(site.posts()) == expected
    assert len(site.numbers()) == len(set(site.numbers()))


def test_a_first_visit_reads_as_deep_as_is_wished(site: Site) -> None:
    for number in range(300):
        site.channel.add(f"Новость {number}")
    cursor = site.visit(depth=150, comments=False)[-1].cursor
    newest = sorted(site.channel.posts)[-150:]
    assert set(site.posts()) == {f"telegram:{NAME}/{number}" for number in newest}
    assert cursor.newest == newest[-1]
    assert site.here.posts()[0].text == site.channel.posts[newest[0]].text


def test_a_kill_between_any_two_pages_loses_and_doubles_nothing(site: Site) -> None:
    for number in range(130):
        site.channel.add(f"Новость {number}")
    for number in range(120):
        site.channel.comment(14, f"Ответ {number}")
    cursor = TelegramCursor()

    async def page_then_kill() -> bool:
        nonlocal cursor
        async with site.here.collector(TelegramCollector) as collector:
            generator: Any = collector.collect(source(site.settings(depth=1000)), cursor)
            async with aclosing(generator) as found:
                async for page in found:
                    site.here.intake.publish(page.drafts)
                    if page.cursor != cursor:
                        cursor = TelegramCursor.model_validate_json(page.cursor.model_dump_json())
                        return True
        return False

    while asyncio.run(page_then_kill()):
        pass
    assert sorted(site.numbers()) == sorted(site.channel.ids())


def test_a_long_thread_comes_whole(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    for number in range(230):
        site.channel.comment(3, f"И у нас {number}")
    site.visit(cursor)
    assert sorted(site.numbers()) == sorted(site.channel.ids())


def test_cut_connections_are_survived(site: Site) -> None:
    site.simulator.faults.extend(
        [Fault("GetHistory", drop=True), Fault("GetHistory", cut=True), Fault("GetReplies", cut=True)]
    )
    site.visit()
    assert sorted(site.numbers()) == sorted(site.channel.ids())


def test_a_visit_without_news_costs_one_call_and_the_name_is_looked_up_once(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    before = len(site.simulator.calls)
    site.visit(TelegramCursor.model_validate_json(cursor.model_dump_json()))
    connecting = {"GetConfig", "GetUsers", "GetState", "GetDifference"}
    assert [c.method for c in site.simulator.calls[before:] if c.method not in connecting] == ["GetHistory"]
    assert site.simulator.called("ResolveUsername") == 1
