"""What every kind of source keeps. Each kind has one subclass, which says how to make a site that it can visit."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pytest
from pydantic import ValidationError

from crawlers.base import Collector, SourceProblem
from crawlers.settings import Cursor, Settings
from schemas import Outcome
from tests.crawlers.harness import World, drafts, pages, source, world


class Site(Protocol):
    """A running simulator with something on it."""

    @property
    def settings(self) -> dict[str, Any]:
        """Valid settings of a source that visits it."""

    def ids(self) -> set[str]:
        """Ids of all that a visit should bring."""

    def publish(self) -> str:
        """Put one more thing on it; its id, or a part of its text where the id is not known beforehand."""

    def fail(self) -> None:
        """Answer everything from now on with an error."""


class CollectorConformance:
    collector: type[Collector[Any, Any]]
    dead: ClassVar[dict[str, Any]]
    """Settings of a source whose host takes no connections."""

    @contextmanager
    def site(self) -> Iterator[Site]:
        raise NotImplementedError

    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[World]:
        with world(tmp_path) as made:
            yield made

    def settings(self, values: dict[str, Any]) -> Settings:
        """As the configuration makes them."""
        made: Settings = self.collector.settings_type.model_validate(values)
        return made

    def visit(self, world: World, settings: dict[str, Any], cursor: Cursor | None = None) -> list[Any]:
        """The pages of one visit by a new process."""

        async def run() -> list[Any]:
            async with world.collector(self.collector) as collector:
                return await pages(collector, source(self.settings(settings)), cursor)

        return asyncio.run(run())

    def test_a_first_visit_brings_everything_once(self, world: World) -> None:
        with self.site() as site:
            found = [draft.id for draft in drafts(self.visit(world, site.settings))]
            assert sorted(found) == sorted(site.ids())

    def test_every_draft_fits_the_intake_and_keeps_its_id(self, world: World) -> None:
        with self.site() as site:
            world.intake.publish(drafts(self.visit(world, site.settings)))
            posts = world.posts()
            assert {post.id for post in posts} == site.ids()
            assert {post.source for post in posts} == {"tested"}
            assert all(post.text or post.media for post in posts)

    def test_a_second_visit_brings_nothing_new(self, world: World) -> None:
        with self.site() as site:
            first = self.visit(world, site.settings)
            assert world.intake.publish(drafts(first)) == len(site.ids())
            again = self.visit(world, site.settings, first[-1].cursor)
            assert world.intake.publish(drafts(again)) == 0

    def test_a_new_post_comes_with_the_next_visit(self, world: World) -> None:
        with self.site() as site:
            first = self.visit(world, site.settings)
            world.intake.publish(drafts(first))
            new = site.publish()
            again = self.visit(world, site.settings, first[-1].cursor)
            assert world.intake.publish(drafts(again)) == 1
            assert new in world.posts()[-1].id or any(new in post.id or new in post.text for post in world.posts())

    def test_a_restart_from_the_cursor_of_any_page_loses_and_doubles_nothing(
        self, world: World, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        with self.site() as site:
            whole = self.visit(world, site.settings)
            for number, page in enumerate(whole):
                with crashed_after(tmp_path_factory.mktemp("restart"), whole[: number + 1]) as restarted:
                    cursor = type(page.cursor).model_validate_json(page.cursor.model_dump_json())
                    restarted.intake.publish(drafts(self.visit(restarted, site.settings, cursor)))
                    assert sorted(post.id for post in restarted.posts()) == sorted(site.ids())

    def test_a_dead_host_is_broken(self, world: World) -> None:
        with pytest.raises(SourceProblem) as caught:
            self.visit(world, self.dead)
        assert caught.value.outcome is Outcome.BROKEN
        assert any("а" <= letter <= "я" for letter in caught.value.reason)

    def test_an_error_never_moves_the_cursor(self, world: World) -> None:
        with self.site() as site:
            before = self.visit(world, site.settings)[-1].cursor
            site.fail()
            moved: list[Cursor] = []

            async def run() -> None:
                async with world.collector(self.collector) as collector:
                    async for page in collector.collect(source(self.settings(site.settings)), before):
                        moved.append(page.cursor)

            with pytest.raises(SourceProblem) as caught:
                asyncio.run(run())
            assert caught.value.outcome not in (Outcome.OK, Outcome.EMPTY)
            assert all(cursor == before for cursor in moved)

    def test_unknown_settings_are_refused(self) -> None:
        with self.site() as site, pytest.raises(ValidationError, match="extra_forbidden"):
            self.settings(site.settings | {"colour": "blue"})

    def test_an_unknown_field_in_an_old_cursor_is_ignored(self) -> None:
        fresh = self.collector.cursor_type()
        assert self.collector.cursor_type.model_validate(fresh.model_dump(mode="json") | {"old": 1}) == fresh

    def test_the_slot_is_the_same_for_the_same_settings_and_holds_no_secret(self, world: World) -> None:
        async def slots(values: dict[str, Any]) -> tuple[str, str]:
            async with world.collector(self.collector) as one:
                return one.slot(self.settings(values)), one.slot(self.settings(dict(values)))

        with self.site() as site:
            one, other = asyncio.run(slots(site.settings))
            assert one == other != ""
            assert not any(str(site.settings.get(name, one + "x")) in one for name in ("token", "password"))


@contextmanager
def crashed_after(folder: Path, done: list[Any]) -> Iterator[World]:
    """A world in which these pages have been published before the crawler was killed."""
    with world(folder) as made:
        made.intake.publish(drafts(done))
        yield made
