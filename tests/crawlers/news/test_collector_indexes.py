"""Visits by their indexes: feeds, sitemaps, listings, and what stands in their place."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from crawlers.news.collector import MAX_CHILDREN
from crawlers.news.settings import NewsCursor
from schemas import Outcome
from tests.crawlers.harness import World
from tests.crawlers.net.site import Answer, Page, Site, xml
from tests.crawlers.news.paper import feed, paper, sitemap
from tests.crawlers.news.visits import Visits, numbers

HTML = Answer("<!doctype html><html><body><h1>Мы переехали</h1></body></html>")
CAPTCHA = Answer("<!doctype html><html><body>Подтвердите, что вы не робот</body></html>")
LOGIN = Answer("<!doctype html><html><body><form><input name=p type=password></form></body></html>")
BOMB = xml(
    '<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><rss version="2.0"><channel><title>&b;</title></channel></rss>'
)
SEE_ADDRESS = "Откройте адрес в браузере, найдите на сайте новый адрес и укажите его в настройках источника"
SAME_THING = "Откройте адрес в браузере и проверьте, что по нему всё ещё лежит то же самое"
ASK = "Проверка не обходится: попросите редакцию пропускать запросы с этой машины или выберите другой источник"
PUBLIC = "Читаются только общедоступные страницы: выберите другой источник"
ENTITIES = "Сообщите владельцу сайта: объявления ENTITY в лентах не нужны и опасны"


@pytest.mark.parametrize(
    ("kind", "page", "outcome", "reason", "action"),
    [
        ("feed", HTML, Outcome.CHANGED, "вместо ленты отвечает веб-страница: {url}", SEE_ADDRESS),
        ("sitemap", HTML, Outcome.CHANGED, "вместо карты сайта отвечает веб-страница: {url}", SEE_ADDRESS),
        ("feed", CAPTCHA, Outcome.BLOCKED, "вместо ленты сайт показывает проверку «я не робот»: {url}", ASK),
        ("sitemap", LOGIN, Outcome.BLOCKED, "вместо карты сайта сайт показывает страницу входа: {url}", PUBLIC),
        (
            "listing",
            CAPTCHA,
            Outcome.BLOCKED,
            "вместо списка новостей сайт показывает проверку «я не робот»: {url}",
            ASK,
        ),
        ("feed", xml("{}"), Outcome.CHANGED, "ответ не похож на ленту RSS, Atom или RDF: {url}", SAME_THING),
        ("sitemap", xml("<rss/>"), Outcome.CHANGED, "ответ не похож на карту сайта: {url}", SAME_THING),
        ("feed", BOMB, Outcome.BROKEN, "лента объявляет сущности XML, такие файлы не читаются: {url}", ENTITIES),
        (
            "sitemap",
            BOMB,
            Outcome.BROKEN,
            "карта сайта объявляет сущности XML, такие файлы не читаются: {url}",
            ENTITIES,
        ),
        (
            "sitemap",
            xml(gzip.compress(b" " * 21 * 1024 * 1024)),
            Outcome.BROKEN,
            "карта сайта после распаковки больше допустимого размера: {url}",
            "Проверьте адрес источника; у большого сайта укажите карту новостей или ленту",
        ),
        (
            "listing",
            HTML,
            Outcome.CHANGED,
            "на странице {url} селектор «a.news» не находит ссылок",
            "Похоже, вёрстка сайта изменилась: исправьте listing.links в настройках источника",
        ),
        (
            "feed",
            Answer(status=410),
            Outcome.GONE,
            "страницы {url} больше нет (HTTP 410)",
            "Найдите на сайте новый адрес и укажите его в настройках источника",
        ),
    ],
)
def test_indexes_that_are_none(here: World, kind: str, page: Page, outcome: Outcome, reason: str, action: str) -> None:
    with Site({"/index": page}) as site:
        url = f"{site.url}/index"
        visits = Visits(here, **{kind: {"url": url, "links": "a.news"} if kind == "listing" else url})
        assert visits.go() == []
    assert visits.ended() == (outcome, reason.format(url=url), action)
    assert visits.cursor == NewsCursor()


def test_an_empty_feed_is_no_problem(here: World) -> None:
    with Site({"/rss": feed([])}) as site:
        visits = Visits(here, feed=f"{site.url}/rss")
        assert visits.go() == []
    assert visits.problem is None


def test_an_index_of_sitemaps_is_followed_and_old_articles_are_left_alone(here: World) -> None:
    days = [(datetime.now(UTC) - timedelta(days=back)).date().isoformat() for back in (0, 1, 100)]
    with paper(range(4)) as site:
        n = f"{site.url}/n"
        site.pages |= {
            "/sitemap.xml": sitemap(
                {f"{site.url}/a.xml.gz": days[0], f"{site.url}/b.xml": days[1], f"{site.url}/old.xml": days[2]},
                "sitemapindex",
            ),
            "/a.xml.gz": xml(gzip.compress(str(sitemap({f"{n}/0": days[0], f"{n}/1": days[2]}).body).encode())),
            "/b.xml": sitemap({f"{n}/2": days[1]}),
        }
        visits = Visits(here, sitemap=f"{site.url}/sitemap.xml")
        assert sorted(numbers(visits.go())) == [0, 2]
        site.asked.clear()
        assert visits.go() == []
        assert site.paths() == ["/sitemap.xml"]


def test_an_index_of_more_sitemaps_than_one_visit_reads_is_read_in_turns(here: World) -> None:
    with paper(range(45)) as site:
        today = datetime.now(UTC).isoformat()
        site.pages |= {f"/{n}.xml": sitemap({f"{site.url}/n/{n}": today}) for n in range(45)}
        # A site that stamps every sitemap anew whenever it is asked.
        site.pages["/sitemap.xml"] = lambda _: sitemap(
            {f"{site.url}/{n}.xml": datetime.now(UTC).isoformat(timespec="minutes") for n in range(45)}, "sitemapindex"
        )
        visits = Visits(here, sitemap=f"{site.url}/sitemap.xml")
        found = []
        for _ in range(5):
            site.asked.clear()
            found += numbers(visits.go())
            assert sum(path.endswith(".xml") for path in site.paths()) <= 1 + MAX_CHILDREN
        assert sorted(found) == list(range(45))


def test_a_sitemap_of_an_index_that_fails_does_not_stop_the_others(here: World) -> None:
    today = datetime.now(UTC).date().isoformat()
    with paper([1]) as site:
        index = sitemap({f"{site.url}/{name}": today for name in ("gone.xml", "b.xml")}, "sitemapindex")
        site.pages |= {"/sitemap.xml": index, "/b.xml": sitemap({f"{site.url}/n/1": today})}
        visits = Visits(here, sitemap=f"{site.url}/sitemap.xml")
        assert numbers(visits.go()) == [1]
