"""A sitemap that changes, and articles that cannot be had, while a site's past is collected."""

import asyncio
from pathlib import Path

from crawlers.backfill import Progress
from schemas import topics
from tests.crawlers.harness import world
from tests.crawlers.net.site import Answer
from tests.crawlers.news.paper import sitemap
from tests.crawlers.past import Collecting, inside, paper, planned


def test_an_article_edited_meanwhile_is_not_left_out(tmp_path: Path) -> None:
    with world(tmp_path) as here, paper(60) as one:
        inner = [number for number, at in enumerate(one.moments) if inside(at)]
        edited: list[int] = []

        def edit(at: Progress) -> None:
            if at.posts and not edited:
                edited.append(inner[-1])
                one.write(edited=inner[-1])

        result = asyncio.run(Collecting(here, planned(one.kind, one.settings), told=edit).run())
        assert (result.finished, result.skipped, edited) == (True, 0, [inner[-1]])
        assert sorted(post.id for post in here.posts(topics.HISTORY)) == sorted(one.ids())


def test_articles_that_cannot_be_had_are_counted_and_an_outage_is_not_taken_for_them(tmp_path: Path) -> None:
    with world(tmp_path) as here, paper(60) as one:
        inner = [number for number, at in enumerate(one.moments) if inside(at)]
        one.settings = {"sitemap": f"{one.site.url}/all.xml", "allow_private": True}
        links = {f"{one.site.url}/n/{number}": at.isoformat() for number, at in enumerate(one.moments)}
        one.site.pages["/all.xml"] = sitemap(links)
        gone = f"/n/{inner[2]}"
        one.site.pages[gone] = Answer(status=404)
        kept = {f"/n/{number}": one.site.pages[f"/n/{number}"] for number in inner[8:20]}
        one.site.pages |= dict.fromkeys(kept, Answer(status=500))

        def mend(at: Progress) -> None:
            if at.waits:
                waits.append(at.waits)
                one.site.pages |= kept

        waits: list[str] = []
        result = asyncio.run(Collecting(here, planned(one.kind, one.settings), told=mend).run())
        assert (result.finished, result.skipped) == (True, 1)
        assert len(waits) == 1
        found = {post.url for post in here.posts(topics.HISTORY)}
        assert len(found) == len(one.ids()) - 1
        assert f"{one.site.url}{gone}" not in found
