"""Feeds, sitemaps and listings to links. Runs in a worker process: the bytes are hostile, and some take seconds."""

import re
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Literal
from urllib.parse import urljoin
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from zoneinfo import ZoneInfo

import defusedxml.sax
import feedparser
from defusedxml.common import DefusedXmlException
from lxml import etree
from lxml import html as lxml_html

from crawlers.news.dates import parse_date
from crawlers.news.encoding import decode
from crawlers.news.frontier import MAX_ENTRIES, Entry, version
from crawlers.news.walls import wall

MAX_XML_BYTES = 20 * 1024 * 1024  # the protocol allows 50 MB; a sitemap of 50,000 plain links has about 8
_GZIP = b"\x1f\x8b"
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")

Fault = Literal["captcha", "login", "html", "entities", "malformed", "too_large", "no_links"]


class Unusable(Exception):
    """The body is not what it should be."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault


@dataclass(frozen=True, slots=True)
class Body:
    """An answer on its way to a worker process. `zone` is what the site's bare dates mean."""

    url: str
    content: bytes = field(repr=False)
    content_type: str | None
    encoding: str | None
    now: datetime
    zone: str

    def text(self) -> str:
        """Decoded, whatever the labels say."""
        return decode(self.content, self.content_type, self.encoding)[0]


@dataclass(frozen=True, slots=True)
class Sitemap:
    entries: list[Entry]
    children: list[tuple[str, datetime | None]]
    """Further sitemaps of an index, with the time of their last change."""


def read_feed(body: Body) -> list[Entry]:
    """The entries of an RSS, Atom or RDF feed, in its order; feeds that are not quite XML are read too.

    Raises:
        Unusable: it is a web page, or declares XML entities.
    """
    text = _xml_text(body, body.content)
    found = feedparser.parse(
        BytesIO(text.encode()),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": body.url},
        sanitize_html=False,
    )
    if not found.get("version") and not found.entries:
        raise Unusable(_fault_of_page(text, body.url, "malformed"))
    zone = ZoneInfo(body.zone)
    entries = []
    for item in found.entries[:MAX_ENTRIES]:
        link = item.get("link") or (item.get("id") if str(item.get("id", "")).startswith("http") else None)
        if not link:
            continue
        published = _moment(item.get("published"), body.now, zone)
        # feedparser's `get` answers with `published` where there is no `updated`; `in` does not.
        updated = _moment(item["updated"] if "updated" in item else None, body.now, zone)  # noqa: SIM401
        title = item.get("title")
        entries.append(
            Entry(
                url=urljoin(body.url, link.strip()),
                title=_plain(title) if title else None,
                published=published,
                updated=updated,
                version=version(updated, title, item.get("summary")),
            )
        )
    return entries


def read_sitemap(body: Body, limit: int = MAX_ENTRIES) -> Sitemap:
    """A sitemap, news sitemap or index of sitemaps, gzipped or not; the latest `limit` of what it lists.

    Raises:
        Unusable: it is something else, declares XML entities or is too large.
    """
    content = _gunzip(body.content) if body.content.startswith(_GZIP) else body.content
    text = _xml_text(body, content)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=False)
    try:
        root = etree.fromstring(_DECLARATION.sub("", text).strip().encode(), parser)
    except etree.XMLSyntaxError as error:
        raise Unusable(_fault_of_page(text, body.url, "malformed")) from error
    kind = etree.QName(root).localname
    if kind not in {"urlset", "sitemapindex"}:
        raise Unusable(_fault_of_page(text, body.url, "malformed"))
    zone = ZoneInfo(body.zone)
    entries: list[Entry] = []
    children: list[tuple[str, datetime | None]] = []
    for item in root.iterchildren("{*}url", "{*}sitemap"):
        location = (item.findtext("{*}loc") or "").strip()
        if not location:
            continue
        location = urljoin(body.url, location)
        changed = _moment(item.findtext("{*}lastmod"), body.now, zone)
        if kind == "sitemapindex":
            children.append((location, changed))
            continue
        published = _moment(item.findtext("{*}news/{*}publication_date"), body.now, zone)
        title = item.findtext("{*}news/{*}title")
        entries.append(Entry(location, title, published, changed, version(changed, title)))
    entries.sort(key=lambda entry: entry.updated or entry.published or body.now, reverse=True)
    return Sitemap(entries[:limit], children[:limit])


def read_listing(body: Body, selector: str) -> list[Entry]:
    """The links that a CSS selector finds on a page, or inside the elements it finds, in page order.

    Raises:
        Unusable: it finds none.
    """
    text = body.text()
    tree = parse_html(text)
    entries: list[Entry] = []
    for element in tree.cssselect(selector) if tree is not None else ():
        link = element if element.get("href") else next(iter(element.cssselect("a[href]")), None)
        href = (link.get("href") or "").strip() if link is not None else ""
        if href and not href.lower().startswith(("javascript:", "mailto:", "tel:", "#")):
            entries.append(Entry(urljoin(body.url, href)))
    if not entries:
        raise Unusable(wall(text, body.url) or "no_links")
    return entries[:MAX_ENTRIES]


def parse_html(text: str) -> lxml_html.HtmlElement | None:
    """The tree of a page, None where there is nothing to parse."""
    # lxml refuses str with an encoding declaration, so it gets bytes and is told what they are.
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        return lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None


def _xml_text(body: Body, content: bytes) -> str:
    """The decoded text of an XML document that declares no entities."""
    text = _DECLARATION.sub("", decode(content, body.content_type, body.encoding)[0]).lstrip().replace("\x00", "")
    try:
        defusedxml.sax.parseString(text.encode(), ContentHandler())
    except DefusedXmlException as error:
        raise Unusable("entities") from error
    except SAXException:
        pass  # not quite XML; if it's a feed all the same, feedparser reads it without expanding anything
    return text


def _gunzip(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(content, MAX_XML_BYTES)
    except zlib.error as error:
        raise Unusable("malformed") from error
    if unpacker.unconsumed_tail:
        raise Unusable("too_large")
    return unpacked


def _fault_of_page(text: str, url: str, otherwise: Fault) -> Fault:
    if re.search(r"<html|<!doctype html|<body", text[:5_000], re.IGNORECASE):
        return wall(text, url) or "html"
    return otherwise


def _moment(value: str | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    return parse_date(value, now, zone) if value else None


def _plain(markup: str) -> str | None:
    if "<" not in markup and "&" not in markup:
        return markup.strip() or None
    tree = parse_html(markup)
    return (tree.text_content().strip() or None) if tree is not None else None
