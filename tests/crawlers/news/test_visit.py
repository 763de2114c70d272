import asyncio

import pytest

from crawlers.base import SourceProblem
from crawlers.net import Failure, FetchError
from crawlers.news.frontier import Entry
from crawlers.news.visit import STOP_AFTER, Fetched, Fetching
from intake import Draft
from schemas import Outcome, PostKind

pytestmark = pytest.mark.anyio
CHOSEN = [(str(number), Entry(f"https://news.example/{number}")) for number in range(100)]


class Site:
    """Answers when told to, in any order; remembers what it was asked for."""

    def __init__(self, *, open_: bool = True) -> None:
        self.asked: list[int] = []
        self.at_once = self.most_at_once = 0
        self.refusals: dict[int, SourceProblem] = {}
        self.gate = asyncio.Event()
        if open_:
            self.gate.set()

    async def article(self, entry: Entry) -> Draft:
        number = int(entry.url.rpartition("/")[2])
        self.asked.append(number)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
            await asyncio.sleep(0 if self.refusals else 0.001 * (number % 3))
        finally:
            self.at_once -= 1
        if number in self.refusals:
            raise self.refusals[number]
        return Draft(id=f"news:{number}", kind=PostKind.ARTICLE, source="s", text="", published=None)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def names(results: list[Fetched]) -> list[int]:
    return [int(result.name) for result in results]


def refused(failure: Failure) -> SourceProblem:
    problem = SourceProblem(Outcome.BROKEN, "нет ответа")
    problem.__cause__ = FetchError(failure, "https://news.example/")
    return problem


async def test_articles_come_in_the_order_asked_for_by_so_many_at_a_time() -> None:
    site = Site()
    fetching = Fetching(CHOSEN, site.article, 3)
    found = [names(await fetching.take(30)) for _ in range(5)]
    assert found == [list(range(30)), list(range(30, 60)), list(range(60, 90)), list(range(90, 100)), []]
    assert site.most_at_once == 4


async def test_while_a_page_is_published_the_next_is_fetched_and_no_more_than_that() -> None:
    site = Site()
    fetching = Fetching(CHOSEN, site.article, 3)
    await fetching.take(10)
    await asyncio.sleep(0.2)
    assert site.asked == list(range(20))
    await fetching.close()


async def test_closing_drops_what_is_under_way() -> None:
    site = Site(open_=False)
    fetching = Fetching(CHOSEN, site.article, 3)
    taking = asyncio.create_task(fetching.take(10))
    await asyncio.sleep(0.01)
    assert site.at_once == 4
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    await fetching.close()
    asked = len(site.asked)
    site.gate.set()
    await asyncio.sleep(0.01)
    assert site.at_once == 0
    assert len(site.asked) == asked


async def test_a_site_out_of_reach_ends_the_visit_and_only_pages_asked_for_are_blamed() -> None:
    site = Site()
    site.refusals = {number: refused(Failure.REFUSED) for number in range(4, 100)}
    fetching = Fetching(CHOSEN, site.article, 1)
    found = await fetching.take(10)
    assert names(found)[:4] == [0, 1, 2, 3]
    assert len([one for one in found if isinstance(one.found, SourceProblem)]) == STOP_AFTER
    assert any(one.found is fetching.stopped_by for one in found)
    assert await fetching.take(10) == []
    assert len(site.asked) <= 4 + STOP_AFTER + 1


async def test_pages_that_fail_by_themselves_do_not_end_the_visit() -> None:
    site = Site()
    site.refusals = {number: refused(Failure.TOO_LARGE) for number in range(100)}
    fetching = Fetching(CHOSEN, site.article, 3)
    assert names(await fetching.take(100)) == list(range(100))
    assert fetching.stopped_by is None


async def test_a_mistake_of_ours_is_not_swallowed() -> None:
    site = Site()
    fetching = Fetching([("x", Entry("https://news.example/none"))], site.article, 3)
    with pytest.raises(ValueError, match="invalid literal"):
        await fetching.take(10)
    await fetching.close()
