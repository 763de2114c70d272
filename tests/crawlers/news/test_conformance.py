import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from crawlers.news.collector import NewsCollector
from tests.crawlers.conformance import CollectorConformance
from tests.crawlers.net.site import Answer, Site
from tests.crawlers.news.paper import article, feed, id_of, paper, sitemap


class Paper:
    """A newspaper whose index a test can extend; `found_by` as in the settings."""

    def __init__(self, site: Site, found_by: str) -> None:
        self._site = site
        self._found_by = found_by
        self._numbers = list(range(13))
        self._write()

    @property
    def settings(self) -> dict[str, Any]:
        url = f"{self._site.url}/{self._found_by}"
        index: Any = {"url": url, "links": "a.news"} if self._found_by == "listing" else url
        return {self._found_by: index, "allow_private": True}

    def ids(self) -> set[str]:
        return {id_of(self._site, number) for number in self._numbers}

    def publish(self) -> str:
        number = len(self._numbers)
        self._numbers.append(number)
        self._site.pages[f"/n/{number}"] = article(number)
        self._write()
        return id_of(self._site, number)

    def fail(self) -> None:
        self._site.pages = dict.fromkeys(self._site.pages, Answer(status=500))

    def _write(self) -> None:
        links = [f"{self._site.url}/n/{number}" for number in reversed(self._numbers)]
        listing = "".join(f'<li><a class="news" href="{link}">Заметка</a></li>' for link in links)
        pages = {
            "feed": feed(reversed(self._numbers)),
            "sitemap": sitemap(dict.fromkeys(links, "2026-11-24")),
            "listing": Answer(f"<html><body><ul>{listing}</ul></body></html>"),
        }
        index = pages[self._found_by]
        tag = hashlib.sha1(index.body if isinstance(index.body, bytes) else index.body.encode()).hexdigest()

        def answer(headers: Any) -> Answer:
            if headers.get("If-None-Match") == tag:
                return Answer(status=304)
            return Answer(index.body, type=index.type, headers={"ETag": tag})

        self._site.pages[f"/{self._found_by}"] = answer


class _News(CollectorConformance):
    collector = NewsCollector
    found_by: ClassVar[str]
    dead: ClassVar = {"feed": "http://127.0.0.1:9/rss", "allow_private": True}

    @contextmanager
    def site(self) -> Iterator[Paper]:
        with paper(range(13)) as site:
            yield Paper(site, self.found_by)


class TestByFeed(_News):
    found_by = "feed"


class TestBySitemap(_News):
    found_by = "sitemap"


class TestByListing(_News):
    found_by = "listing"
