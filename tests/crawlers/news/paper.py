"""A small newspaper of a test's own making."""

from datetime import UTC, datetime, timedelta
from typing import Any

from crawlers.news.canonical import article_id
from tests.crawlers.net.site import Answer, Site, xml

START = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
PAGE = """<!DOCTYPE html><html lang="ru"><head><title>{title} | Листок</title></head><body><nav>Главная</nav>
<article><h1>{title}</h1><time datetime="{published}"></time>{text}</article></body></html>"""


def text(number: int) -> str:
    return (
        f"<p>Заметка номер {number}: во дворе дома {number} по улице Молодёжной второй день не вывозят мусор.</p>"
        f"<p>Жители говорят, что контейнеры переполнены, а перевозчик обещает приехать только завтра к вечеру.</p>"
    )


def article(number: int, title: str | None = None, published: datetime | None = None) -> Answer:
    at = (published or START + timedelta(minutes=number)).isoformat()
    return Answer(PAGE.format(title=title or f"Заметка {number}", published=at, text=text(number)))


def feed(numbers: Any, *, edited: int | None = None) -> Answer:
    items = "".join(
        f"<item><title>Заметка {number}{' (дополнено)' if number == edited else ''}</title><link>/n/{number}</link>"
        f"<pubDate>{START + timedelta(minutes=number):%a, %d %b %Y %H:%M:%S +0000}</pubDate></item>"
        for number in numbers
    )
    return xml(f'<rss version="2.0"><channel><title>Листок</title>{items}</channel></rss>')


def sitemap(links: dict[str, str], kind: str = "urlset") -> Answer:
    inner = {"urlset": "url", "sitemapindex": "sitemap"}[kind]
    items = "".join(f"<{inner}><loc>{url}</loc><lastmod>{day}</lastmod></{inner}>" for url, day in links.items())
    return xml(f'<{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</{kind}>')


def paper(numbers: Any, **pages: Answer) -> Site:
    """A site with these articles and a feed of them, newest first."""
    numbers = list(numbers)
    return Site({f"/n/{number}": article(number) for number in numbers} | {"/rss": feed(reversed(numbers))})


def id_of(site: Site, number: int) -> str:
    return article_id(f"{site.url}/n/{number}")
