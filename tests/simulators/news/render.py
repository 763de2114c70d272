"""Pages, feeds and sitemaps as text: pure functions of the articles and the present moment."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from string import Template
from zoneinfo import ZoneInfo

from tests.simulators.news.articles import HERE, Article, Section

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""A moment for those who need the articles but not their dates."""
LOCAL = ZoneInfo("Asia/Yekaterinburg")
MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
RELATED = 4
"""Links to other articles beside each text, as many as real sites show."""


def date_long(moment: datetime) -> str:
    """`27 ноября 2020, 10:36` in local time."""
    at = moment.astimezone(LOCAL)
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}, {at:%H:%M}"


def date_short(moment: datetime, now: datetime) -> str:
    """`сегодня в 10:36`, `вчера в 10:36`, or the long form."""
    at, today = moment.astimezone(LOCAL), now.astimezone(LOCAL).date()
    days = (today - at.date()).days
    word = {0: "сегодня", 1: "вчера"}.get(days)
    return f"{word} в {at:%H:%M}" if word else date_long(moment)


def article_page(article: Article, others: Sequence[Article], base: str, now: datetime) -> str:
    """The page in its section's layout; `others` feed the list of related links."""
    section = article.section
    related = [other for other in others if other.slug != article.slug and other.section.id == section.id][:RELATED]
    indent = " " * 10
    return _template(section.layout).substitute(
        base=base,
        encoding=section.encoding,
        site=escape(section.name),
        section=section.id,
        slug=article.slug,
        url=base + article.path,
        title=escape(article.title),
        title_json=escape(json.dumps(article.title, ensure_ascii=False)[1:-1]),
        lead=escape(article.paragraphs[0]),
        iso=article.published.astimezone(LOCAL).isoformat(timespec="seconds"),
        date_long=date_long(article.published),
        date_short=date_short(article.published, now),
        paragraphs="\n".join(f"{indent}<p>{escape(text)}</p>" for text in article.paragraphs),
        related="\n".join(f'{indent}<li><a href="{o.path}">{escape(o.title)}</a></li>' for o in related),
    )


def listing_page(articles: Sequence[Article], section: Section, base: str, now: datetime) -> str:
    cards = "\n".join(
        f'  <div class="card"><a class="card__link" href="{a.path}?from=main">{escape(a.title)}</a>'
        f'<span class="card__date">{date_short(a.published, now)}</span></div>'
        for a in articles
    )
    return _template("listing").substitute(
        base=base, encoding=section.encoding, site=escape(section.name), section=section.id, cards=cards
    )


def rss(articles: Sequence[Article], section: Section, base: str) -> str:
    """RSS 2.0 with marked links: the canonical URL has to be found without the mark."""
    items = "".join(
        f"<item><title>{escape(a.title)}</title>"
        f"<link>{base}{a.path}?utm_source=rss&amp;utm_medium=feed</link>"
        f'<guid isPermaLink="false">{a.slug}</guid>'
        f"<pubDate>{format_datetime(a.published.astimezone(LOCAL))}</pubDate>"
        f"<description>{escape(a.paragraphs[0])}</description></item>\n"
        for a in articles
    )
    return (
        f'<?xml version="1.0" encoding="{section.encoding}"?>\n<rss version="2.0"><channel>'
        f"<title>{escape(section.name)}</title><link>{base}/{section.id}/</link><description>Новости</description>\n"
        f"{items}</channel></rss>\n"
    )


def atom(articles: Sequence[Article], section: Section, base: str) -> str:
    entries = "".join(
        f"<entry><title>{escape(a.title)}</title><id>tag:rayon,2020:{a.slug}</id>"
        f'<link rel="alternate" href="{base}{a.path}"/><updated>{_iso(a.published)}</updated>'
        f"<published>{_iso(a.published)}</published><summary>{escape(a.paragraphs[0])}</summary></entry>\n"
        for a in articles
    )
    newest = articles[0].published if articles else EPOCH
    return (
        f'<?xml version="1.0" encoding="{section.encoding}"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{escape(section.name)}</title><id>tag:rayon,2020:feed</id><updated>{_iso(newest)}</updated>\n"
        f"{entries}</feed>\n"
    )


def sitemap(articles: Sequence[Article], base: str) -> str:
    urls = "".join(f"<url><loc>{base}{a.path}</loc><lastmod>{_iso(a.published)}</lastmod></url>\n" for a in articles)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    )


def news_sitemap(articles: Sequence[Article], section: Section, base: str) -> str:
    urls = "".join(
        f"<url><loc>{base}{a.path}</loc><news:news><news:publication><news:name>{escape(section.name)}</news:name>"
        f"<news:language>ru</news:language></news:publication>"
        f"<news:publication_date>{_iso(a.published)}</news:publication_date>"
        f"<news:title>{escape(a.title)}</news:title></news:news></url>\n"
        for a in articles
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n{urls}</urlset>\n'
    )


def sitemap_index(base: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"<sitemap><loc>{base}/gorod/sitemap.xml</loc></sitemap></sitemapindex>\n"
    )


def robots(base: str) -> str:
    return f"User-agent: *\nAllow: /\nDisallow: /zakryto/\n\nSitemap: {base}/sitemap.xml\n"


def _iso(moment: datetime) -> str:
    return moment.astimezone(LOCAL).isoformat(timespec="seconds")


def _template(name: str) -> Template:
    return Template((HERE / "templates" / f"{name}.html").read_text())
