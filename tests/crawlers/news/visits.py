"""Visits of the whole collector of news, and what tests of them share."""

import asyncio
from datetime import timedelta
from typing import Any

from crawlers.base import SourceProblem
from crawlers.context import Context, Uncounted
from crawlers.net import Http, LocalSlots
from crawlers.news.collector import NewsCollector
from crawlers.news.settings import NewsCursor, NewsSettings
from intake import Draft
from schemas import Outcome
from tests.crawlers.harness import World, drafts, source


class Visits:
    """Visits to one source, each by a new process that has the cursor of the one before."""

    def __init__(self, here: World, *, timeout: float = 10.0, **settings: Any) -> None:
        self._here = here
        self._timeout = timeout
        self._settings = NewsSettings.model_validate({"allow_private": True} | settings)
        self.cursor = NewsCursor()
        self.problem: SourceProblem | None = None

    def go(self) -> list[Draft]:
        found: list[Any] = []
        self.problem = None

        async def run() -> None:
            now = self._here.clock
            async with Http(user_agent="Otklik/test", pause=timedelta(), timeout=self._timeout) as http:
                collector = NewsCollector(Context(http, "Otklik/test", now, LocalSlots(now), Uncounted(now)))
                visited = source(self._settings, place_hint="Копейск")
                try:
                    async for page in collector.collect(visited, self.cursor):
                        found.append(page)
                        self.cursor = NewsCursor.model_validate_json(page.cursor.model_dump_json())
                finally:
                    await collector.close()

        try:
            asyncio.run(run())
        except SourceProblem as problem:
            self.problem = problem
        return drafts(found)

    def ended(self) -> tuple[Outcome, str, str | None]:
        assert self.problem is not None
        return self.problem.outcome, self.problem.reason, self.problem.action


def numbers(found: list[Draft]) -> list[int]:
    return [int((draft.url or "").rpartition("/")[2]) for draft in found]
