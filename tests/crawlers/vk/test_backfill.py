"""A wall that shifts while its past is collected."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawlers.backfill import Progress
from schemas import topics
from tests.crawlers.harness import world
from tests.crawlers.past import Collecting, Wall, days, planned, wall
from tests.simulators.vk import Community, VkSimulator
from tests.simulators.vk.methods import VkError
from tests.simulators.vk.server import Fault


def test_new_posts_and_deletions_meanwhile_hide_none_and_double_none(tmp_path: Path) -> None:
    with world(tmp_path) as here, wall(500) as one:
        wanted = one.ids()
        newest = sorted(one.community.posts)[-60:-5]  # above the span

        def shift(_: Progress) -> None:
            if one.simulator.called("wall.get") == 2 and newest:
                for number in newest:
                    del one.community.posts[number]
                newest.clear()
            elif one.simulator.called("wall.get") == 4:
                one.community.add("Снова не вывозят", datetime.now(UTC))

        result = asyncio.run(Collecting(here, planned(one.kind, one.settings), told=shift).run())
        assert result.finished
        assert not newest
        assert sorted(post.id for post in here.posts(topics.HISTORY)) == sorted(wanted)


def test_closed_comments_of_one_post_do_not_end_it(tmp_path: Path) -> None:
    with world(tmp_path) as here, wall(100) as one:
        one.simulator.faults.append(Fault("wall.getComments", VkError(15, "Access denied")))
        result = asyncio.run(Collecting(here, planned(one.kind, one.settings)).run())
        assert result.finished
        missing = one.ids() - {post.id for post in here.posts(topics.HISTORY)}
        assert missing
        assert all("_c" in id_ for id_ in missing)


def test_a_persons_public_page_has_its_past(tmp_path: Path) -> None:
    person = Community(123, "glava_rayona", "Глава района", person=True)
    for number, at in enumerate(days(60)):
        post = person.add(f"Двор {number}: не вывозят мусор", at, author=123)
        if number % 10 == 0:
            person.comment(post, "У нас тоже не вывозят", at + timedelta(days=1))
    with world(tmp_path) as here, VkSimulator([person]) as simulator:
        one = Wall(simulator, person)
        one.settings["wall"] = "id123"
        result = asyncio.run(Collecting(here, planned(one.kind, one.settings)).run())
        assert result.finished
        assert "vk:123_30" in one.ids()
        assert sorted(post.id for post in here.posts(topics.HISTORY)) == sorted(one.ids())
