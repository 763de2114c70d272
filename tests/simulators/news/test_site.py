"""The simulator keeps its own promises: what is expected of it covers every page, and every page is served."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from ruamel.yaml import YAML

from tests.simulators.news import NewsSite, expected
from tests.simulators.news.articles import AT_ONCE, HERE, load_articles, parse_ago
from tests.simulators.news.expected import not_incidents, post_ids
from tests.simulators.news.hazards import HAZARDS
from tests.simulators.news.render import date_long, date_short

NOON = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)  # 12:00 in Chelyabinsk


def test_every_page_is_either_in_one_incident_or_in_none():
    base = "http://127.0.0.1:8801"
    in_incidents = [post for incident in expected(base) for post in incident.posts]
    assert len(in_incidents) == len(set(in_incidents))
    assert sorted([*in_incidents, *not_incidents(base)]) == sorted(post_ids(base).values())


def test_at_least_two_pages_in_five_are_no_incidents():
    assert len(post_ids("")) == 45
    assert len(not_incidents("")) / len(post_ids("")) >= 0.4


def test_the_pages_of_one_matter_lie_within_a_day():
    published = {article.slug: article.published for article in load_articles(NOON)}
    for incident in YAML(typ="safe").load((HERE / "expected.yaml").read_text())["incidents"]:
        moments = [published[slug] for slug in incident["pages"]]
        assert max(moments) - min(moments) < timedelta(days=1)


def test_every_article_is_found_and_says_what_its_file_says():
    with NewsSite() as site, httpx.Client(base_url=site.url, trust_env=False) as http:
        found = {
            "vesti": http.get("/vesti/rss.xml").text,
            "rayon": http.get("/rayon/atom.xml").text,
            "gorod": http.get("/gorod/sitemap.xml").text,
            "lenta": http.get("/lenta/").text,
        }
        for article in site.articles:
            assert article.path in found[article.section.id]
            answer = http.get(article.path)
            assert answer.headers["content-type"] == f"text/html; charset={article.section.encoding}"
            for paragraph in article.paragraphs:
                assert paragraph in answer.text
        assert {article.section.encoding for article in site.articles} == {"utf-8", "windows-1251"}
        assert {article.section.layout for article in site.articles} == {"portal", "paper", "stream"}


def test_an_unchanged_page_is_304_and_every_request_is_recorded():
    with NewsSite(now=lambda: NOON) as site, httpx.Client(base_url=site.url, trust_env=False) as http:
        etag = http.get("/vesti/rss.xml").headers["etag"]
        assert http.get("/vesti/rss.xml", headers={"If-None-Match": etag}).status_code == 304
        assert http.get("/robots.txt").text.splitlines()[2] == "Disallow: /zakryto/"
        assert site.asked() == ["/vesti/rss.xml", "/vesti/rss.xml", "/robots.txt"]
        assert [request.status for request in site.requests] == [200, 304, 200]


def test_with_a_drip_articles_appear_one_by_one():
    moment = [NOON]
    with (
        NewsSite(drip=timedelta(seconds=20), now=lambda: moment[0]) as site,
        httpx.Client(base_url=site.url, trust_env=False) as http,
    ):

        def served() -> int:
            return sum(http.get(article.path).status_code == 200 for article in site.articles)

        assert served() == AT_ONCE
        moment[0] += timedelta(seconds=20)
        assert served() == AT_ONCE + 1
        moment[0] += timedelta(hours=1)
        assert served() == len(site.articles)


@pytest.mark.parametrize(
    ("name", "status"),
    [("403", 403), ("404", 404), ("410", 410), ("429", 429), ("500", 500), ("redirect-loop", 302), ("empty-feed", 200)],
)
def test_a_hazard_answers_with_its_status(name: str, status: int):
    with NewsSite() as site:
        assert httpx.get(f"{site.url}/hazards/{name}", trust_env=False).status_code == status


def test_a_page_that_hangs_is_let_go_when_the_site_closes():
    with NewsSite() as site, pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{site.url}/hazards/hang", timeout=0.2, trust_env=False)


def test_the_feed_of_hazards_leads_to_each_of_them():
    with NewsSite() as site:
        feed = httpx.get(f"{site.url}/hazards/feed", trust_env=False).text
        assert feed.count("/hazards/") == len(HAZARDS) - len(("xml-bomb", "html-feed", "empty-feed", "feed", "back"))


def test_dates_as_local_sites_write_them():
    assert date_long(NOON) == "10 марта 2026, 12:00"
    assert date_short(NOON, NOON) == "сегодня в 12:00"
    assert date_short(NOON - timedelta(hours=13), NOON) == "вчера в 23:00"
    assert date_short(NOON - timedelta(days=2), NOON) == "8 марта 2026, 12:00"


@pytest.mark.parametrize("text", ["", "2d", "h", "1h2"])
def test_a_span_that_is_none_is_refused(text: str):
    with pytest.raises(ValueError, match="not a time span"):
        parse_ago(text)
