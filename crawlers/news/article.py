"""An article's page to its text, title and date. Runs in a worker process."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import trafilatura
from lxml.html import HtmlElement

from crawlers.news.dates import parse_date
from crawlers.news.indexes import Body, parse_html
from crawlers.news.settings import Selectors
from crawlers.news.walls import Wall, wall, wall_that_speaks

# In this order: what a page says of itself for machines, then what its readers see.
_DATE_XPATHS = (
    "//meta[@property='article:published_time' or @property='og:article:published_time']/@content",
    "//meta[@itemprop='datePublished']/@content",
    "//*[@itemprop='datePublished']/@datetime",
    "//meta[@name='pubdate' or @name='publishdate' or @name='mediator_published_time']/@content",
    "//article//time/@datetime",
    "//time/@datetime",
)
_JSON_LD_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_SEEN_DATES = "//time | //*[contains(@class,'date') or contains(@class,'time') or contains(@class,'published')]"
_SEEN_LIMIT = 100  # characters: longer elements are containers, not dates
_SEEN_COUNT = 20  # elements tried; the article's own date stands near the top


@dataclass(frozen=True, slots=True)
class Article:
    title: str | None
    text: str
    published: datetime | None
    canonical: str | None
    """As the page declares it; see `crawlers.news.canonical`."""
    wall: Wall | None = None
    """Only where there is no text."""


def extract(body: Body, selectors: Selectors) -> Article:
    """The parts of an article; an empty text where the page has none.

    Selectors win over what trafilatura finds; a selector that matches nothing leaves the part to it.
    """
    html = body.text()
    tree = parse_html(html)
    if tree is None:
        return Article(None, "", None, None)
    zone = ZoneInfo(body.zone)
    canonical = next(iter(tree.xpath("//link[@rel='canonical']/@href")), None)
    title = _selected(tree, selectors.title)
    text = _selected(tree, selectors.text)
    published = _date(tree, html, selectors.date, body.now, zone)
    found = trafilatura.bare_extraction(tree, url=body.url, include_comments=False, with_metadata=True)
    if isinstance(found, trafilatura.settings.Document):
        title = title or found.title
        text = text or found.text
        if published is None and found.date:
            published = parse_date(found.date, body.now, zone)
    text = (text or "").strip()
    if found_wall := wall_that_speaks(title, text, html) if text else wall(html, body.url):
        text = ""
    return Article(title, text, published, canonical, found_wall)


def _selected(tree: HtmlElement, selector: str | None) -> str | None:
    if selector is None:
        return None
    parts = ["\n".join(line.strip() for line in _lines(element)) for element in tree.cssselect(selector)]
    return "\n".join(part for part in parts if part) or None


def _lines(element: HtmlElement) -> Iterator[str]:
    for line in element.xpath(".//text()[not(ancestor::script) and not(ancestor::style)]"):
        if line.strip():
            yield str(line)


def _date(tree: HtmlElement, html: str, selector: str | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    for text in _date_texts(tree, html, selector):
        moment = parse_date(text, now, zone)
        if moment is not None:
            return moment
    return None


def _date_texts(tree: HtmlElement, html: str, selector: str | None) -> Iterator[str]:
    if selector is not None:
        for element in tree.cssselect(selector):
            yield element.get("datetime") or element.get("content") or element.text_content()
    for path in _DATE_XPATHS:
        yield from (str(value) for value in tree.xpath(path))
    yield from _JSON_LD_DATE.findall(html)
    for element in tree.xpath(_SEEN_DATES)[:_SEEN_COUNT]:
        text = element.text_content()
        if len(text) <= _SEEN_LIMIT:
            yield text
