"""What the pipeline must make of the site, from expected.yaml."""

import hashlib
from dataclasses import dataclass

from tests.simulators.loopback import data
from tests.simulators.news.articles import HERE, load_articles
from tests.simulators.news.render import EPOCH


@dataclass(frozen=True)
class Expected:
    """An incident as it is compared: its number and title are nobody's business here."""

    municipality: str
    """OKTMO code."""
    group: str
    posts: frozenset[str]


def post_id(url: str) -> str:
    """The id of the post made of the page at this canonical URL."""
    return "news:" + hashlib.sha1(url.encode()).hexdigest()


def post_ids(base: str) -> dict[str, str]:
    """Slug to post id of every page of the site at `base` (no slash at the end)."""
    return {article.slug: post_id(base + article.path) for article in load_articles(EPOCH)}


def expected(base: str) -> frozenset[Expected]:
    """The incidents that the pages of the site at `base` must become."""
    table = data((HERE / "expected.yaml").read_text())
    ids = post_ids(base)
    return frozenset(
        Expected(item["municipality"], item["group"], frozenset(ids[slug] for slug in item["pages"]))
        for item in table["incidents"]
    )


def not_incidents(base: str) -> frozenset[str]:
    """Post ids of the pages that must not become incidents."""
    table = data((HERE / "expected.yaml").read_text())
    ids = post_ids(base)
    return frozenset(ids[slug] for slug in table["nothing"])
