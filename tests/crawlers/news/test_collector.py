"""Visits by their articles."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.news.frontier import MAX_TRIES
from schemas import Outcome, PostKind
from tests.crawlers.harness import World
from tests.crawlers.net.site import Answer, Site, redirect
from tests.crawlers.news.paper import PAGE, START, article, feed, id_of, paper, text
from tests.crawlers.news.visits import Visits, numbers


def test_an_article_becomes_a_draft(here: World) -> None:
    with paper([7]) as site:
        (found,) = Visits(here, feed=f"{site.url}/rss").go()
    assert found.id == id_of(site, 7)
    assert found.kind is PostKind.ARTICLE
    assert (found.source, found.url, found.place_hint) == ("tested", f"{site.url}/n/7", "Копейск")
    assert (found.title, found.published, found.edited) == ("Заметка 7", START + timedelta(minutes=7), None)
    assert "второй день не вывозят мусор" in found.text
    assert "Главная" not in found.text


def test_a_redirect_and_the_canonical_address_give_the_id(here: World) -> None:
    page = article(1)
    body = str(page.body).replace("</head>", '<link rel="canonical" href="/n/1"></head>')
    with Site(
        {"/rss": feed([1]), "/n/1": redirect("/amp/1?utm_source=rss"), "/amp/1?utm_source=rss": Answer(body)}
    ) as site:
        (found,) = Visits(here, feed=f"{site.url}/rss").go()
    assert (found.id, found.url) == (id_of(site, 1), f"{site.url}/n/1")


def test_a_long_feed_comes_in_parts_newest_part_first(here: World) -> None:
    with paper(range(990, 1_000)) as site:
        site.pages["/rss"] = feed(range(1_000))
        visits = Visits(here, feed=f"{site.url}/rss", max_articles_per_visit=5)
        assert numbers(visits.go()) == list(range(995, 1_000))
        assert numbers(visits.go()) == list(range(990, 995))
        assert visits.cursor.indexes == {}


def test_a_feed_that_did_not_change_is_not_read_but_one_with_articles_left_is(here: World) -> None:
    asked: list[str | None] = []

    def index(headers: Any) -> Answer:
        asked.append(headers.get("If-None-Match"))
        if asked[-1]:
            return Answer(status=304)
        return Answer(feed(range(3)).body, type="application/xml", headers={"ETag": '"1"'})

    with paper(range(3)) as site:
        site.pages["/rss"] = index
        visits = Visits(here, feed=f"{site.url}/rss", max_articles_per_visit=2)
        assert [len(visits.go()) for _ in range(3)] == [2, 1, 0]
    assert asked == [None, None, '"1"']


def test_an_edit_is_noticed(here: World) -> None:
    with paper([1, 2]) as site:
        visits = Visits(here, feed=f"{site.url}/rss")
        assert numbers(visits.go()) == [1, 2]
        site.pages["/rss"] = feed([2, 1], edited=1)
        (found,) = visits.go()
        assert (found.id, found.title) == (id_of(site, 1), "Заметка 1 (дополнено)")
        assert visits.go() == []


def test_an_article_that_fails_is_tried_again_and_then_given_up(here: World) -> None:
    with paper([1, 2, 3]) as site:
        site.pages["/n/2"] = Answer(status=500)
        visits = Visits(here, feed=f"{site.url}/rss")
        assert numbers(visits.go()) == [1, 3]
        assert visits.problem is None
        for _ in range(MAX_TRIES):
            visits.go()
    assert site.asked.count("/n/2") == MAX_TRIES
    assert visits.cursor.failing == {}


def test_an_article_that_recovers_is_delivered(here: World) -> None:
    with paper([1, 2]) as site:
        site.pages["/n/2"] = Answer(status=404)
        visits = Visits(here, feed=f"{site.url}/rss")
        assert numbers(visits.go()) == [1]
        site.pages["/n/2"] = article(2)
        assert numbers(visits.go()) == [2]


def test_a_site_that_asks_for_a_pause_is_left_alone(here: World) -> None:
    with paper(range(6)) as site:
        site.pages |= {f"/n/{number}": Answer(status=429, headers={"Retry-After": "600"}) for number in range(3, 6)}
        visits = Visits(here, feed=f"{site.url}/rss")
        assert numbers(visits.go()) == [0, 1, 2]
        assert visits.ended() == (Outcome.QUOTA, "сайт 127.0.0.1 просит обращаться реже (HTTP 429)", None)
        assert visits.problem is not None
        assert visits.problem.retry_at is not None
        assert abs(visits.problem.retry_at - datetime.now(UTC) - timedelta(minutes=10)) < timedelta(seconds=30)
        site.pages |= {f"/n/{number}": article(number) for number in range(3, 6)}
        assert sorted(numbers(visits.go())) == [3, 4, 5]


def test_one_page_that_always_asks_for_a_pause_holds_up_no_other(here: World) -> None:
    with paper(range(4)) as site:
        site.pages["/n/0"] = Answer(status=429)
        visits = Visits(here, feed=f"{site.url}/rss")
        found = [number for _ in range(3) for number in numbers(visits.go())]
    assert sorted(found) == [1, 2, 3]


def test_after_three_refusals_in_a_row_no_more_is_asked(here: World) -> None:
    with paper(range(10)) as site:
        site.pages |= {f"/n/{number}": Answer(status=403) for number in range(10)}
        visits = Visits(here, feed=f"{site.url}/rss")
        assert visits.go() == []
    assert visits.problem is not None
    assert visits.problem.outcome is Outcome.BLOCKED
    assert len(site.paths()) <= 1 + 3 + 1  # the feed, three refusals, one on its way


def test_when_no_article_can_be_had_the_visit_says_why(here: World) -> None:
    with paper([1, 2]) as site:
        site.pages |= {"/n/1": Answer(status=404), "/n/2": Answer(status=404)}
        visits = Visits(here, feed=f"{site.url}/rss")
        assert visits.go() == []
    assert visits.ended() == (
        Outcome.CHANGED,
        f"не получена ни одна из новых статей (неудач: 2); первая: страницы {site.url}/n/1 больше нет (HTTP 404)",
        "Найдите на сайте новый адрес и укажите его в настройках источника",
    )


@pytest.mark.parametrize(
    ("page", "outcome", "reason", "action"),
    [
        (
            Answer("<html><body><main></main></body></html>"),
            Outcome.CHANGED,
            "на странице не нашлось текста статьи: {url}",
            "Укажите в настройках источника selectors.text — где на странице стоит текст",
        ),
        (
            Answer("<html><body><div class='g-recaptcha'></div></body></html>"),
            Outcome.BLOCKED,
            "вместо статьи сайт показывает проверку «я не робот»: {url}",
            "Проверка не обходится: попросите редакцию пропускать запросы с этой машины или выберите другой источник",
        ),
        (
            Answer("<html><body><form><input type='password'></form></body></html>"),
            Outcome.BLOCKED,
            "вместо статьи сайт показывает страницу входа: {url}",
            "Читаются только общедоступные страницы: выберите другой источник",
        ),
        (
            Answer(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50),
            Outcome.CHANGED,
            "вместо статьи отвечает не веб-страница: {url}",
            "Проверьте, что лента, карта сайта или listing.links ведут на статьи, а не на файлы",
        ),
        (
            Answer(b"%PDF-1.7", type="application/pdf"),
            Outcome.CHANGED,
            "вместо статьи отвечает не веб-страница: {url}",
            "Проверьте, что лента, карта сайта или listing.links ведут на статьи, а не на файлы",
        ),
        (
            redirect("http://169.254.169.254/latest"),
            Outcome.BROKEN,
            "сайт 127.0.0.1 находится по внутреннему адресу, такие адреса не опрашиваются",
            "Если это ваш собственный сервер, добавьте в настройки источника allow_private: true",
        ),
    ],
)
def test_pages_that_are_no_articles(
    here: World, page: Answer, outcome: Outcome, reason: str, action: str | None
) -> None:
    with paper([1]) as site:
        site.pages["/n/1"] = page
        visits = Visits(here, feed=f"{site.url}/rss")
        assert visits.go() == []
    first = reason.format(url=f"{site.url}/n/1")
    assert visits.ended() == (
        outcome,
        f"не получена ни одна из новых статей (неудач: 1); первая: {first}",
        action,
    )


def test_dates_missing_and_in_the_future(here: World) -> None:
    ahead = START + timedelta(days=400)
    with Site(
        {
            "/list": Answer('<a class="news" href="/1">1</a><a class="news" href="/2">2</a>'),
            "/1": Answer(f"<html><body><article><h1>Без даты</h1>{text(1)}</article></body></html>"),
            "/2": Answer(PAGE.format(title="Завтра", published=ahead.isoformat(), text=text(2))),
        }
    ) as site:
        found = Visits(here, listing={"url": f"{site.url}/list", "links": "a.news"}).go()
        here.intake.publish(found)
    assert {draft.title: draft.published for draft in found} == {"Без даты": None, "Завтра": ahead}
    assert all(post.published_guessed for post in here.posts())


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r"])
def test_a_site_in_an_old_encoding(here: World, encoding: str) -> None:
    with paper([1]) as site:
        for path, page in list(site.pages.items()):
            assert isinstance(page, Answer)
            site.pages[path] = Answer(str(page.body).encode(encoding), type=page.type)  # the header says utf-8
        (found,) = Visits(here, feed=f"{site.url}/rss").go()
    assert found.title == "Заметка 1"
    assert "по улице Молодёжной" in found.text


def test_selectors_and_encoding_of_the_settings(here: World) -> None:
    body = '<html><body><b id="t">Заголовок</b><i id="d">вчера в 10:00</i><p class="x">Текст заметки.</p></body></html>'
    with Site({"/list": Answer('<a class="news" href="/1">1</a>'), "/1": Answer(body.encode("cp866"))}) as site:
        (found,) = Visits(
            here,
            listing={"url": f"{site.url}/list", "links": "a.news"},
            selectors={"title": "#t", "date": "#d", "text": ".x"},
            encoding="cp866",
        ).go()
    assert (found.title, found.text) == ("Заголовок", "Текст заметки.")
    assert found.published is not None
    assert found.published.strftime("%H:%M") == "05:00"


def test_private_addresses_need_the_operators_word(here: World) -> None:
    with paper([1]) as site:
        visits = Visits(here, feed=f"{site.url}/rss", allow_private=False)
        assert visits.go() == []
    assert visits.problem is not None
    assert visits.problem.outcome is Outcome.BROKEN
    assert site.asked == []
