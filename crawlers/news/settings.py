"""What an operator writes about a news site, and where a visit left it."""

from datetime import datetime
from typing import Annotated, Self

import cssselect
from pydantic import AfterValidator, Field, model_validator

from crawlers.news.encoding import is_text_encoding
from crawlers.settings import Cursor, Settings
from net.addresses import host_port


def _url(value: str) -> str:
    try:
        host_port(value)
    except ValueError:
        raise ValueError(f"«{value}» — не адрес страницы; он начинается с http:// или https://") from None
    return value


def _css(value: str) -> str:
    try:
        cssselect.parse(value)
    except cssselect.SelectorError:
        raise ValueError(f"«{value}» — не селектор CSS, такой как a.title или div.news > h2 a") from None
    return value


def _encoding(value: str) -> str:
    if not is_text_encoding(value):
        raise ValueError(f"«{value}» — неизвестная кодировка; бывают utf-8, windows-1251, koi8-r")
    return value


Url = Annotated[str, AfterValidator(_url)]
Css = Annotated[str, AfterValidator(_css)]


class Listing(Settings):
    """A page of headlines."""

    url: Url
    links: Css
    """Selects the links to articles, or elements which hold one each."""


class Selectors(Settings):
    """Where an article's parts stand, for sites where they are not found by themselves."""

    title: Css | None = None
    text: Css | None = None
    date: Css | None = None


class NewsSettings(Settings):
    """Exactly one of `feed`, `sitemap` and `listing`."""

    feed: Url | None = None
    """RSS, Atom or RDF."""
    sitemap: Url | None = None
    """A sitemap, a news sitemap or an index of sitemaps; may be gzipped."""
    listing: Listing | None = None
    selectors: Selectors = Selectors()
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    """Where the site's own labels lie and guessing fails."""
    allow_private: bool = False
    """The host and port of the feed, sitemap or listing may lie at a private address."""
    max_articles_per_visit: int = Field(default=30, ge=1, le=500)
    max_age_days: int = Field(default=30, ge=1)
    """Articles that a sitemap dates earlier are left alone: it may list a whole archive."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in ("feed", "sitemap", "listing") if getattr(self, name) is not None]
        if len(given) != 1:
            found = "не указано ничего" if not given else "указаны " + " и ".join(given)
            raise ValueError(f"нужно ровно одно из feed, sitemap и listing, а {found}")
        return self

    @property
    def url(self) -> str:
        """Where a visit begins."""
        url = self.feed or self.sitemap or (self.listing.url if self.listing else None)
        assert url is not None
        return url


class Validators(Cursor):
    """What makes the next request for an index conditional."""

    etag: str | None = None
    last_modified: str | None = None
    changed: datetime | None = None
    """What an index of sitemaps said of this one's last change."""


class NewsCursor(Cursor):
    indexes: dict[str, Validators] = Field(default_factory=dict)
    """By URL, for indexes of which every article was delivered: one that did not change is not read again."""
    known: dict[str, str] = Field(default_factory=dict)
    """Key of an article's link (`crawlers.news.frontier.key`) to the version delivered, oldest first."""
    failing: dict[str, int] = Field(default_factory=dict)
    """Key of an article's link to the number of visits at which it failed."""
    turn: int = 0
    """Where to go on among the sitemaps of an index that lists more than one visit reads."""
