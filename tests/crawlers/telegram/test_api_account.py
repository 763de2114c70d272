"""What the sources of one account share: its connection, its quotas, the names it has looked up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from crawlers.base import Collector, Live, Page, SourceProblem
from crawlers.telegram.collector import TelegramCollector
from crawlers.telegram.session import SessionFile, key_from_environment
from crawlers.telegram.settings import TelegramCursor, TelegramSettings
from schemas import Outcome
from store import Allowance, Quotas
from tests.crawlers.harness import drafts, pages, source
from tests.crawlers.telegram.crawling import crawling
from tests.crawlers.telegram.site import NAME, Site
from tests.crawlers.telegram.test_live import runs, until

Telegram = Collector[TelegramSettings, TelegramCursor]


@asynccontextmanager
async def process(site: Site) -> AsyncIterator[Telegram]:
    """A collector as each crawler process makes one, with the ledger that all share."""
    async with site.here.collector(TelegramCollector, Quotas(site.here.store)) as collector:
        yield collector


def visit(site: Site, cursor: TelegramCursor | None = None, **changes: object) -> list[Page[TelegramCursor]]:
    async def run() -> list[Page[TelegramCursor]]:
        async with process(site) as collector:
            return await pages(collector, source(site.settings(**changes)), cursor)

    return asyncio.run(run())


def problem(site: Site, cursor: TelegramCursor | None = None, **changes: object) -> SourceProblem:
    with pytest.raises(SourceProblem) as caught:
        visit(site, cursor, **changes)
    return caught.value


def test_visits_side_by_side_share_one_connection(site: Site) -> None:
    async def run() -> list[list[Page[TelegramCursor]]]:
        async with process(site) as collector:
            wanted = [source(site.settings(channel=name), id_=name) for name in (NAME, "zhkh_ural")]
            return await asyncio.gather(*(pages(collector, one) for one in wanted))

    site.simulator.slow = 0.05
    found, other = asyncio.run(run())
    assert {draft.id for draft in drafts(found)} == site.channel.ids()
    assert {draft.id for draft in drafts(other)} == {"telegram:zhkh_ural/77"}
    assert site.simulator.together == 1
    order = [call.method for call in site.simulator.calls if call.method in ("ResolveUsername", "GetHistory")]
    assert order == ["ResolveUsername", "ResolveUsername", "GetHistory", "GetHistory"]


def test_a_runner_visits_an_accounts_sources_at_once(site: Site) -> None:
    site.simulator.slow = 0.1
    sources = [(name, site.settings(channel=name)) for name in (NAME, "zhkh_ural", "zavodskoy_talk")]

    async def run() -> None:
        async with crawling(site.here, sources):
            for name, _ in sources:
                site.here.sources.force_due(name)
            await until(lambda: all(runs(site, name) for name, _ in sources))

    asyncio.run(run())
    found = [runs(site, name)[0] for name, _ in sources]
    assert max(run.started for run in found) < min(run.finished for run in found)
    assert site.simulator.together == 1


def test_a_channel_under_two_ids_comes_once(site: Site) -> None:
    async def run() -> None:
        async with crawling(site.here, [("one", site.settings()), ("other", site.settings())]):
            await until(lambda: bool(runs(site, "one")) and bool(runs(site, "other")))

    asyncio.run(run())
    assert sorted(site.numbers()) == sorted(site.channel.ids())
    one, other = (runs(site, name)[0] for name in ("one", "other"))
    assert one.started >= other.finished or other.started >= one.finished


def test_a_name_is_looked_up_once_for_all_sources_and_processes_of_an_account(site: Site) -> None:
    first = drafts(visit(site))
    assert drafts(visit(site)) == first
    assert site.simulator.called("ResolveUsername") == 1


def test_a_name_that_has_passed_to_another_channel_is_looked_up_anew(site: Site) -> None:
    visit(site)
    other = site.simulator.methods.chats[2]
    site.channel.name, other.name = "zavodskoy_novosti", NAME
    assert {draft.id for draft in drafts(visit(site))} == {f"telegram:{NAME}/77"}
    assert site.simulator.called("ResolveUsername") == 2


def test_a_flood_wait_holds_for_its_method_through_restarts(site: Site) -> None:
    cursor = visit(site)[-1].cursor
    site.simulator.fail("GetHistory", "FLOOD_WAIT_72000", 420)
    found = problem(site, cursor)
    assert (found.outcome, found.reason, found.action) == (
        Outcome.QUOTA,
        "Telegram просит аккаунт подождать 20 ч с вызовами GetHistory (FLOOD_WAIT)",
        "Ничего делать не нужно; если повторяется, увеличьте every или добавьте второй аккаунт",
    )
    assert found.retry_at is not None
    assert abs(found.retry_at - site.here.clock() - timedelta(hours=20)) < timedelta(minutes=1)
    calls = site.simulator.called("GetHistory")
    site.here.clock.forward(hours=19)
    again = problem(site, cursor)
    assert (again.outcome, again.reason, again.retry_at) == (Outcome.QUOTA, found.reason, found.retry_at)
    assert site.simulator.called("GetHistory") == calls
    other = problem(site, channel="zhkh_ural")  # other methods go on
    assert (other.outcome, site.simulator.called("ResolveUsername")) == (Outcome.QUOTA, 2)
    site.here.clock.forward(hours=1)
    visit(site, cursor)
    assert site.simulator.called("GetHistory") == calls + 1


def test_a_flood_wait_of_the_comments_does_not_hold_up_posts(site: Site) -> None:
    cursor = visit(site, comments=False)[-1].cursor
    site.simulator.fail("GetReplies", "FLOOD_WAIT_3600", 420)
    site.channel.add("На Мира упало дерево")
    found: list[str] = []

    async def run() -> None:
        async with process(site) as collector:
            async for page in collector.collect(source(site.settings()), cursor):
                found.extend(draft.id for draft in page.drafts)

    for _ in range(2):
        with pytest.raises(SourceProblem) as caught:
            asyncio.run(run())
        assert (caught.value.outcome, caught.value.reason) == (
            Outcome.QUOTA,
            "публикации собраны, а комментарии пока нет: Telegram просит аккаунт подождать 60 мин с вызовами "
            "GetReplies (FLOOD_WAIT)",
        )
        assert caught.value.retry_at is not None
        assert caught.value.retry_at <= site.here.clock()
    assert set(found) == site.channel.ids(comments=False)
    assert site.simulator.called("GetReplies") == 1
    site.here.clock.forward(hours=1)
    assert {draft.id for draft in drafts(visit(site, cursor))} == site.channel.ids()


def test_a_short_flood_wait_is_sat_out(site: Site) -> None:
    site.simulator.fail("GetHistory", "FLOOD_WAIT_1", 420)
    assert {draft.id for draft in drafts(visit(site))} == site.channel.ids()
    before, after = (call.at for call in site.simulator.calls if call.method == "GetHistory")
    assert after - before >= 1


def test_an_account_that_asked_for_too_many_names_waits(site: Site) -> None:
    ledger = Quotas(site.here.store)
    (account,) = site.settings().accounts()
    until_tomorrow = site.here.clock() + timedelta(hours=23)
    for _ in range(account.per_day["ResolveUsername"]):
        ledger.take("telegram", "ResolveUsername", [Allowance(account.token, 1_000, 100)])
    found = problem(site)
    assert (found.outcome, found.reason, found.action) == (
        Outcome.QUOTA,
        "суточный запас вызовов ResolveUsername для этого аккаунта израсходован",
        "Подождите до завтра или добавьте второй аккаунт",
    )
    assert found.retry_at is not None
    assert found.retry_at > until_tomorrow
    assert site.simulator.called("ResolveUsername") == 0


def test_a_call_that_is_cut_off_by_leaving_the_session_fails_its_visit(site: Site) -> None:
    async def run() -> None:
        async with process(site) as collector:
            await pages(collector, source(site.settings()))
            site.simulator.slow = 1.0
            calls = site.simulator.called("GetHistory")
            visiting = asyncio.create_task(pages(collector, source(site.settings())))
            await until(lambda: site.simulator.called("GetHistory") > calls)
            assert isinstance(collector, Live)
            await collector.leave(f"telegram:{site.settings().account}")
            with pytest.raises(SourceProblem) as caught:
                await visiting
        assert (caught.value.outcome, caught.value.reason, caught.value.action) == (
            Outcome.BROKEN,
            "нет связи с Telegram: ConnectionError",
            "Проверьте, что с этой машины Telegram доступен",
        )

    asyncio.run(run())


def test_a_visit_that_is_cancelled_stays_so(site: Site) -> None:
    async def run() -> None:
        async with process(site) as collector:
            site.simulator.slow = 1.0
            visiting = asyncio.create_task(pages(collector, source(site.settings())))
            await until(lambda: site.simulator.called("ResolveUsername") > 0)
            visiting.cancel()
            await asyncio.wait({visiting})
            assert visiting.cancelled()

    asyncio.run(run())


def test_a_new_login_is_used_from_the_next_visit(site: Site) -> None:
    async def run() -> None:
        async with process(site) as collector:
            await pages(collector, source(site.settings()))
            site.simulator.authorised.clear()
            SessionFile(site.file, key_from_environment()).save(site.simulator.session())
            assert await pages(collector, source(site.settings()))

    asyncio.run(run())
    assert site.simulator.together == 1
