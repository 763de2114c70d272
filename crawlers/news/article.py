"""An article's page to its text, title and date. Runs in a worker process."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import trafilatura
from lxml.html import HtmlElement
from trafilatura.metadata import extract_title

from crawlers.news.dates import parse_date
from crawlers.news.indexes import Body, parse_html
from crawlers.news.settings import Selectors
from crawlers.news.walls import SpokenWall, wall, wall_that_speaks

_SHARED_TITLE = "//meta[@property='og:title']/@content[normalize-space()]"
# Dates beside the article are not its own: today's in the page's head, those of other articles.
_OWN = (
    "not(ancestor-or-self::aside or ancestor-or-self::nav or ancestor-or-self::footer"
    " or ancestor::header[not(ancestor::article or ancestor::main)])"
)
# In this order: what a page says of itself for machines, then what its readers see.
_DATE_XPATHS = (
    "//meta[@property='article:published_time' or @property='og:article:published_time']/@content",
    "//meta[@itemprop='datePublished']/@content",
    "//*[@itemprop='datePublished']/@datetime",
    "//meta[@name='pubdate' or @name='publishdate' or @name='mediator_published_time']/@content",
    "//article//time/@datetime",
    f"//time[{_OWN}]/@datetime",
)
_JSON_LD_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_SEEN_DATES = (
    f"//time[{_OWN}] | //*[(contains(@class,'date') or contains(@class,'time') or contains(@class,'published'))"
    f" and not(contains(@class,'update')) and {_OWN}]"
)
_URL_DATE = re.compile(r"/(20\d\d)[/-]([01]?\d)[/-]([0-3]?\d)(?=[/-])")
_SEEN_LIMIT = 100  # characters: longer elements are containers, not dates
_SEEN_COUNT = 20  # elements tried; the article's own date stands near the top


@dataclass(frozen=True, slots=True)
class Article:
    title: str | None
    text: str
    published: datetime | None
    canonical: str | None
    """As the page declares it; see `crawlers.news.canonical`."""
    wall: SpokenWall | None = None
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
    dates = (parse_date(text, body.now, zone) for text in _date_texts(tree, html, body.url, selectors.date))
    published = next((date for date in dates if date is not None), None)
    title = _selected(tree, selectors.title) or next(iter(tree.xpath(_SHARED_TITLE)), None) or extract_title(tree)
    text = _selected(tree, selectors.text)
    if text is None:
        # Not `with_metadata`: it takes longer than the text does and guesses a date, even without extensive search.
        found = trafilatura.bare_extraction(tree, url=body.url, include_comments=False)
        text = found.text if isinstance(found, trafilatura.settings.Document) else None
    text = (text or "").strip()
    if found_wall := wall_that_speaks(title, text, html) if text else wall(html, body.url):
        text = ""
    return Article(title.strip() if title else None, text, published, canonical, found_wall)


def _selected(tree: HtmlElement, selector: str | None) -> str | None:
    if selector is None:
        return None
    parts = ["\n".join(line.strip() for line in _lines(element)) for element in tree.cssselect(selector)]
    return "\n".join(part for part in parts if part) or None


def _lines(element: HtmlElement) -> Iterator[str]:
    for line in element.xpath(".//text()[not(ancestor::script) and not(ancestor::style)]"):
        if line.strip():
            yield str(line)


def _date_texts(tree: HtmlElement, html: str, url: str, selector: str | None) -> Iterator[str]:
    """Where the page or its address may name its date, best first. Nowhere else: a guess would be worse than none."""
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
    for year, month, day in _URL_DATE.findall(url):
        yield f"{year}-{month:0>2}-{day:0>2}"
