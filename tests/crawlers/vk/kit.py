"""What tests of VK sources share: visits to one source again and again, as one crawler makes them."""

import asyncio
from typing import Any

from crawlers.base import Page, SourceProblem
from crawlers.vk.collector import VkCollector
from crawlers.vk.settings import VkCursor, VkSettings
from schemas import Post
from store import Quotas
from tests.crawlers.harness import World, source
from tests.simulators.vk import VkSimulator

WALL = "podslushano_chel74"


class Crawl:
    """One source and its cursor. Pages are published and their cursors kept one by one, as the runner does."""

    def __init__(
        self, here: World, simulator: VkSimulator, *, id_: str = "tested", ledger: bool = False, **settings: Any
    ) -> None:
        self.here = here
        self._id = id_
        self._quotas = Quotas(here.store) if ledger else None
        form = {} if {"board", "search"} & settings.keys() else {"wall": WALL}
        self.settings = VkSettings.model_validate(
            form | {"token": simulator.token, "api_url": simulator.url} | settings
        )
        self.cursor = VkCursor()
        self.published = 0
        """Posts that the last visit put on the bus."""

    def visit(self) -> list[Page[VkCursor]]:
        """One visit; its pages. A second passes before it: on a fast machine less does, and who changed is not yet due."""
        self.here.clock.forward(seconds=1)
        return asyncio.run(self._visit())

    def problem(self) -> SourceProblem:
        """One visit that must not work out; why it did not."""
        try:
            self.visit()
        except SourceProblem as problem:
            return problem
        raise AssertionError("the visit worked out")

    async def _visit(self) -> list[Page[VkCursor]]:
        found: list[Page[VkCursor]] = []
        self.published = 0
        async with self.here.collector(VkCollector, self._quotas) as collector:
            of = source(self.settings, self._id, place_hint="Челябинск")
            pages: Any = collector.collect(of, self.cursor)
            async for page in pages:
                self.published += self.here.intake.publish(page.drafts)
                self.cursor = VkCursor.model_validate_json(page.cursor.model_dump_json())
                found.append(page)
        return found


def latest(here: World) -> dict[str, Post]:
    """What readers of the bus know of each post at the end."""
    found: dict[str, Post] = {}
    for post in here.posts():
        if post.id not in found or post.revision >= found[post.id].revision:
            found[post.id] = post
    return found
