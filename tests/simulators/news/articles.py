"""The articles and sections as the data files have them, with publication times relative to a start."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.simulators.loopback import data

HERE = Path(__file__).parent

AT_ONCE = 15
"""With a drip, how many articles are there from the start: a site is never empty, and the first visit finds work."""


@dataclass(frozen=True)
class Section:
    id: str
    name: str
    layout: str
    """Name of a template."""
    encoding: str
    found_by: str
    """rss, atom, sitemap or listing."""


@dataclass(frozen=True)
class Article:
    slug: str
    section: Section
    title: str
    paragraphs: tuple[str, ...]
    published: datetime

    @property
    def path(self) -> str:
        return f"/{self.section.id}/{self.slug}.html"


def load_sections() -> dict[str, Section]:
    """Section id to section."""
    table = data((HERE / "sections.yaml").read_text())
    return {id_: Section(id=id_, **fields) for id_, fields in table.items()}


def load_articles(start: datetime, drip: timedelta | None = None) -> list[Article]:
    """All articles, oldest first.

    Without `drip` each was published its `ago` before `start`. With it, only `AT_ONCE` of them were; the others come
    one by one, `drip` apart, in an order that is mixed but always the same.
    """
    sections = load_sections()
    files = sorted((HERE / "articles").glob("*.md"), key=lambda path: hashlib.sha1(path.stem.encode()).digest())
    articles = []
    for place, path in enumerate(files):
        _, head, body = path.read_text().split("---\n", 2)
        fields = data(head)
        published = start - parse_ago(fields["ago"])
        if drip is not None and place >= AT_ONCE:
            published = start + drip * (place - AT_ONCE + 1)
        articles.append(
            Article(
                slug=path.stem,
                section=sections[fields["section"]],
                title=fields["title"],
                paragraphs=tuple(body.strip().split("\n\n")),
                published=published,
            )
        )
    return sorted(articles, key=lambda article: article.published)


def parse_ago(text: str) -> timedelta:
    """`2h30m`, `40m`, `3h`.

    Raises:
        ValueError: it is none of these.
    """
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?", text)
    if not text or found is None:
        raise ValueError(f"not a time span: {text!r}")
    return timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))


def visible(articles: Sequence[Article], now: datetime, section: str | None = None) -> list[Article]:
    """Those already published, newest first."""
    chosen = [a for a in articles if a.published <= now and section in (None, a.section.id)]
    return sorted(chosen, key=lambda article: article.published, reverse=True)
