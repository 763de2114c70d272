"""Visits to the invented news site, which was written without regard to this crawler."""

from pathlib import Path
from typing import Any

import pytest

from crawlers.news.settings import NewsCursor
from schemas import Outcome
from tests.crawlers.harness import world
from tests.crawlers.news.visits import Visits
from tests.simulators.news import NewsSite
from tests.simulators.news.expected import post_ids

SECTIONS: dict[str, dict[str, Any]] = {
    "vesti": {"feed": "{url}/vesti/rss.xml"},
    # Its pages put the headline into no h1 and the paper's name into the title: what the selectors are for.
    "gorod": {
        "sitemap": "{url}/gorod/sitemap.xml",
        "selectors": {"title": "h2.zag", "text": ".txt", "date": ".data"},
    },
    "lenta": {"listing": {"url": "{url}/lenta/", "links": "a.card__link"}},
    "rayon": {"feed": "{url}/rayon/atom.xml"},
}


def written(settings: Any, url: str) -> Any:
    if isinstance(settings, dict):
        return {name: written(value, url) for name, value in settings.items()}
    return settings.replace("{url}", url)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_article_of_a_section_comes_with_text_title_and_date(tmp_path: Path, section: str) -> None:
    with world(tmp_path) as here, NewsSite() as site:
        found = Visits(here, **written(SECTIONS[section], site.url)).go()
        articles = {article.path: article for article in site.articles if article.path.startswith(f"/{section}/")}
        by_path = {(draft.url or "").removeprefix(site.url): draft for draft in found}
        assert by_path.keys() == articles.keys()
        assert {draft.id for draft in found} <= set(post_ids(site.url).values())
        for path, article in articles.items():
            draft = by_path[path]
            assert draft.title == article.title
            assert draft.published is not None
            assert abs((draft.published - article.published).total_seconds()) < 60
            assert all(paragraph in draft.text for paragraph in article.paragraphs)


def test_a_feed_of_hazards_yields_its_good_articles(tmp_path: Path) -> None:
    with world(tmp_path) as here, NewsSite() as site:
        good = {
            site.url + site.articles[0].path,
            f"{site.url}/hazards/wrong-charset",
            f"{site.url}/hazards/long-article",
        }
        visits = Visits(here, feed=f"{site.url}/hazards/feed", timeout=3.0)
        found = visits.go()
        assert visits.problem is not None
        assert visits.problem.outcome is Outcome.QUOTA
    assert {draft.url for draft in found} == good
    assert len(found) == len(good)


@pytest.mark.parametrize(
    ("hazard", "outcome"),
    [
        ("403", Outcome.BLOCKED),
        ("404", Outcome.GONE),
        ("410", Outcome.GONE),
        ("429", Outcome.QUOTA),
        ("500", Outcome.BROKEN),
        ("cut", Outcome.BROKEN),
        ("redirect-loop", Outcome.BROKEN),
        ("redirect-private", Outcome.BROKEN),
        ("huge", Outcome.BROKEN),
        ("gzip-bomb", Outcome.BROKEN),
        ("captcha", Outcome.BLOCKED),
        ("login", Outcome.BLOCKED),
        ("binary", Outcome.CHANGED),
        ("long-article", Outcome.CHANGED),
        ("xml-bomb", Outcome.BROKEN),
        ("html-feed", Outcome.CHANGED),
    ],
)
def test_a_feed_that_turned_into_a_hazard(tmp_path: Path, hazard: str, outcome: Outcome) -> None:
    with world(tmp_path) as here, NewsSite() as site:
        visits = Visits(here, feed=f"{site.url}/hazards/{hazard}")
        assert visits.go() == []
        assert visits.problem is not None
        assert visits.problem.outcome is outcome
        assert visits.cursor == NewsCursor()
