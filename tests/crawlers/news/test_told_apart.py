"""A site that sends its visitors elsewhere instead of saying no: what became of it is told, not swallowed."""

import pytest

from schemas import Outcome
from tests.crawlers.net.site import Answer, Page, Site, redirect
from tests.crawlers.news.paper import paper
from tests.crawlers.news.test_collector_indexes import HTML, LOGIN
from tests.crawlers.news.visits import Visits

SORRY = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>{1}</p></body></html>"
BUSY = SORRY.format("429 Too Many Requests", "Слишком много запросов с вашего адреса. Попробуйте зайти позже.")
MISSING = SORRY.format("Страница не найдена", "Возможно, она была удалена или перенесена. Вернитесь на главную.")
WHERE = {
    "429": Answer(BUSY, status=429, headers={"Retry-After": "600"}),
    "busy": Answer(BUSY),
    "captcha": Answer(
        "<html><body><h1>Подтвердите, что вы не робот</h1><div class='smart-captcha'></div></body></html>"
    ),
    "login": LOGIN,
    "gone": Answer(MISSING, status=404),
    "moved": HTML,
    "403": Answer("<html>Forbidden</html>", status=403),
    "missing": Answer(MISSING),
}


@pytest.mark.parametrize(
    ("to", "outcome", "reason"),
    [
        ("429", Outcome.QUOTA, "сайт 127.0.0.1 просит обращаться реже (HTTP 429)"),
        ("busy", Outcome.CHANGED, "вместо ленты отвечает веб-страница: {url}/rss"),
        ("captcha", Outcome.BLOCKED, "вместо ленты сайт показывает проверку «я не робот»: {url}/rss"),
        ("login", Outcome.BLOCKED, "вместо ленты сайт показывает страницу входа: {url}/rss"),
        ("gone", Outcome.GONE, "страницы {url}/gone больше нет (HTTP 404)"),
        ("moved", Outcome.CHANGED, "вместо ленты отвечает веб-страница: {url}/rss"),
        ("403", Outcome.BLOCKED, "сайт 127.0.0.1 отказывает в доступе к {url}/403 (HTTP 403)"),
    ],
)
def test_a_feed_that_leads_elsewhere(here, to: str, outcome: Outcome, reason: str) -> None:
    pages: dict[str, Page] = {f"/{name}": page for name, page in WHERE.items()}
    with Site(pages | {"/rss": redirect(f"/{to}")}) as site:
        visits = Visits(here, feed=f"{site.url}/rss")
        assert visits.go() == []
        assert visits.ended()[:2] == (outcome, reason.format(url=site.url))
        if to == "429":
            assert visits.problem is not None
            assert visits.problem.retry_at is not None


@pytest.mark.parametrize(
    ("to", "outcome"),
    [
        ("429", Outcome.QUOTA),
        ("busy", Outcome.QUOTA),
        ("captcha", Outcome.BLOCKED),
        ("login", Outcome.BLOCKED),
        ("gone", Outcome.CHANGED),  # the feed lists what is not there
        ("missing", Outcome.CHANGED),
        ("403", Outcome.BLOCKED),
    ],
)
def test_articles_that_lead_elsewhere_are_no_articles(here, to: str, outcome: Outcome) -> None:
    with paper([1, 2]) as site:
        site.pages |= {f"/{name}": page for name, page in WHERE.items()}
        site.pages |= {"/n/1": redirect(f"/{to}"), "/n/2": redirect(f"/{to}")}
        visits = Visits(here, feed=f"{site.url}/rss")
        assert visits.go() == []
    assert visits.problem is not None
    assert visits.problem.outcome is outcome


def test_news_of_four_hundred_and_four_people_are_news(here) -> None:
    story = SORRY.format("404 жителя Копейска остались без воды", "Авария случилась утром на улице Труда. " * 3)
    with paper([1]) as site:
        site.pages["/n/1"] = Answer(story)
        (draft,) = Visits(here, feed=f"{site.url}/rss").go()
    assert "Авария случилась утром" in draft.text
