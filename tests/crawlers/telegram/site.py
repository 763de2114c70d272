"""The simulator, an account that is logged in, and a crawler that visits."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from crawlers.base import Page, SourceProblem
from crawlers.telegram.collector import TelegramCollector
from crawlers.telegram.settings import TelegramCursor, TelegramSettings
from schemas import Post
from tests.crawlers.harness import World, pages, source
from tests.simulators.telegram import TelegramSimulator

NAME = "zavodskoy_ryadom"


class Site:
    def __init__(self, simulator: TelegramSimulator, here: World, file: Path) -> None:
        self.simulator = simulator
        self.channel, self.talk, _ = simulator.methods.chats
        self.here = here
        self.file = file

    def settings(self, **changes: Any) -> TelegramSettings:
        values = {"channel": NAME, "api_id": 1, "api_hash": "simulated", "session": str(self.file)} | changes
        return TelegramSettings.model_validate(values)

    def visit(self, cursor: TelegramCursor | None = None, **changes: Any) -> list[Page[TelegramCursor]]:
        async def run() -> list[Page[TelegramCursor]]:
            async with self.here.collector(TelegramCollector) as collector:
                of = source(self.settings(**changes), place_hint="Магнитогорск")
                return await pages(collector, of, cursor)

        found = asyncio.run(run())
        for page in found:
            self.here.intake.publish(page.drafts)
        return found

    def problem(self, cursor: TelegramCursor | None = None, **changes: Any) -> SourceProblem:
        with pytest.raises(SourceProblem) as caught:
            self.visit(cursor, **changes)
        return caught.value

    def posts(self) -> dict[str, Post]:
        """The latest of each."""
        return {post.id: post for post in self.here.posts()}

    def numbers(self) -> list[str]:
        """Ids of all publications, edits included."""
        return [post.id for post in self.here.posts()]
