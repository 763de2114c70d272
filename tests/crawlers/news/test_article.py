from datetime import UTC, datetime

import pytest

from crawlers.news.article import Article, extract
from crawlers.news.indexes import Body
from crawlers.news.settings import Selectors

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
PARAGRAPHS = (
    "В посёлке Каштак третий день нет холодной воды, рассказали жители улицы Садовой.",
    "По их словам, коммунальщики обещали закончить ремонт ещё в воскресенье, но из кранов по-прежнему ничего не течёт.",
    "В управляющей компании причину аварии назвать не смогли и посоветовали звонить диспетчеру.",
)
PAGE = """<!DOCTYPE html><html lang="ru"><head><title>Вода в Каштаке | Вести</title>{head}</head><body>
<nav><a href="/">Главная</a><a href="/news">Новости</a></nav>
<article><h1>Каштак остался без воды</h1>{date}<div class="text">{text}</div></article>
<aside class="date">1 января 2020</aside><footer>Все права защищены</footer></body></html>"""


def page(*, head: str = "", date: str = "", text: str | None = None) -> str:
    return PAGE.format(head=head, date=date, text=text or "".join(f"<p>{part}</p>" for part in PARAGRAPHS))


def read(content: str | bytes, url: str = "https://news.example/5", **selectors: str) -> Article:
    content = content.encode() if isinstance(content, str) else content
    body = Body(url, content, "text/html", None, NOW, "Asia/Yekaterinburg")
    return extract(body, Selectors(**selectors))


def test_text_and_title_without_the_furniture() -> None:
    found = read(page())
    assert found.title == "Каштак остался без воды"
    assert found.text.splitlines()[-3:] == list(PARAGRAPHS)
    assert "права" not in found.text
    assert "Главная" not in found.text


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ('<meta property="article:published_time" content="2026-11-24T09:15:00+05:00">', ""),
        ("", '<time datetime="2026-11-24T09:15:00+05:00">сегодня</time>'),
        ("", '<span itemprop="datePublished" datetime="2026-11-24T04:15:00Z"></span>'),
        ('<script type="application/ld+json">{"datePublished": "2026-11-24T09:15:00+05:00"}</script>', ""),
        ("", '<div class="news-date">24 ноября 2026, 09:15</div>'),
        ("", "<time>сегодня в 9:15</time>"),
    ],
)
def test_the_date_wherever_it_stands(head: str, date: str) -> None:
    assert read(page(head=head, date=date)).published == datetime(2026, 11, 24, 4, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "beside",
    [
        "",
        "<p>Прошлый раз воду отключали 3 марта 2025 года, а трубы меняли 12.10.2024.</p>",
        "<!-- 2025-12-31 --><p>Постановление № 15 от 2024-02-03.</p>",
        '<header><span class="date">Сегодня, 24 ноября</span></header>',
        '<aside><a href="/4">Свет дали</a> <time datetime="2026-11-20T10:00:00+05:00">20 ноября</time></aside>',
        '<footer class="date">© 2019–2026, обновлено 24.11.2026</footer>',
        '<div class="update">Обновлено 24 ноября 2026</div>',
        '<img src="/upload/2025/03/14/photo.jpg"><script>var t = 1700000000; var d = "2025-06-07 10:00:00";</script>',
    ],
)
def test_no_date_is_guessed(beside: str) -> None:
    found = read(page().replace("</article>", "</article>" + beside))
    assert PARAGRAPHS[0] in found.text
    assert found.published is None


def test_a_header_within_the_article_holds_its_date() -> None:
    found = read(page(date='<header><span class="date">23 ноября 2026, 18:00</span></header>'))
    assert found.published == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize("path", ["2026/11/23/voda", "news/2026-11-23-voda", "2026/11/23/"])
def test_a_date_in_the_address_is_the_last_resort(path: str) -> None:
    url = f"https://news.example/{path}"
    assert read(page(), url).published == datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
    assert read(page(date="<time>сегодня в 9:15</time>"), url).published == datetime(2026, 11, 24, 4, 15, tzinfo=UTC)


def test_the_canonical_address_as_declared() -> None:
    assert read(page(head='<link rel="canonical" href="/news/5">')).canonical == "/news/5"


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ('<meta property="og:title" content="Воды нет третий день">', "Воды нет третий день"),
        ('<meta property="og:title" content=" ">', "Каштак остался без воды"),
    ],
)
def test_the_title_that_is_shared_before_the_one_that_is_seen(head: str, title: str) -> None:
    assert read(page(head=head)).title == title


def test_selectors_win() -> None:
    content = page(date='<i id="when">вчера, 18:00</i>', text="<p>Первая.</p><p>Вторая.</p><script>x=1</script>")
    found = read(content, title="title", text="div.text", date="#when")
    assert found.title == "Вода в Каштаке | Вести"
    assert found.text == "Первая.\nВторая."
    assert found.published == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


def test_a_selector_that_matches_nothing_leaves_it_to_the_rest() -> None:
    found = read(page(), title=".none", text=".none", date=".none")
    assert found.title == "Каштак остался без воды"
    assert PARAGRAPHS[0] in found.text


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-8"])
def test_any_encoding_under_any_label(encoding: str) -> None:
    assert PARAGRAPHS[0] in read(page(head='<meta charset="utf-8">').encode(encoding)).text


@pytest.mark.parametrize(
    ("content", "wall"),
    [
        ("", None),
        ("<html><body></body></html>", None),
        ('<html><body><div id="g-recaptcha"></div></body></html>', "captcha"),
        ('<html><body><form><input type="password"></form></body></html>', "login"),
        ('<h1>Подтвердите</h1><p>Что вы не робот.</p><div class="smart-captcha"></div>', "captcha"),
        ('<h1>Войдите</h1><p>Чтобы читать дальше.</p><input type="password">', "login"),
    ],
)
def test_pages_without_text(content: str | bytes, wall: str | None) -> None:
    found = read(content)
    assert (found.text, found.wall) == ("", wall)


def test_an_article_beside_a_login_form_and_a_captcha_is_an_article() -> None:
    form = '<form><input type="password"><div class="g-recaptcha"></div></form>'
    assert PARAGRAPHS[0] in read(page(date=form)).text
    assert PARAGRAPHS[0] in read(page(date=form, text=f"<p>{PARAGRAPHS[0]}</p>")).text


def test_nesting_without_end() -> None:
    found = read("<div>" * 200_000 + "текст" + "</div>" * 200_000)
    assert isinstance(found, Article)
