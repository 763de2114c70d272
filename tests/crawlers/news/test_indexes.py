import gzip
from datetime import UTC, datetime

import pytest

from crawlers.news.frontier import Entry
from crawlers.news.indexes import MAX_XML_BYTES, Body, Unusable, read_feed, read_listing, read_sitemap

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
URL = "https://news.example/index"

RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0"><channel><title>Вести</title><link>https://news.example/</link>
<item><title>Нет воды &amp; тепла</title><link>/2?utm_source=rss</link>
<pubDate>Tue, 24 Nov 2026 09:30:00 +0500</pubDate></item>
<item><title>Яма на дороге</title><link>https://news.example/1</link><pubDate>24 ноября 2026, 08:15</pubDate></item>
<item><title>Без ссылки</title></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Вести</title><id>x</id><updated>2026-11-24T04:00:00Z</updated>
<entry><title type="html">&lt;b&gt;Свет&lt;/b&gt; дали</title><id>urn:1</id><link href="https://news.example/a"/>
<published>2026-11-24T03:00:00Z</published><updated>2026-11-24T04:00:00Z</updated></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>Вести</title></channel>
<item rdf:about="https://news.example/r"><title>Лифт стоит</title><link>https://news.example/r</link>
<dc:date>2026-11-24T08:00:00+05:00</dc:date></item></rdf:RDF>"""
BOMB = """<!-- <rss> --><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<rss version="2.0"><channel><title>&b;</title><item><title>&b;</title><link>https://news.example/1</link></item></channel></rss>"""
OUTSIDE = """<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><item>
<title>&a;</title><link>https://news.example/1</link></item></channel></rss>"""
PAGE = "<!DOCTYPE html><html><head><title>Вести</title></head><body><p>Страница</p>{inside}</body></html>"


def body(content: str | bytes, *, content_type: str = "application/xml", url: str = URL) -> Body:
    content = content.encode() if isinstance(content, str) else content
    return Body(url, content, content_type, None, NOW, "Asia/Yekaterinburg")


def fault(read: object, *arguments: object) -> str:
    with pytest.raises(Unusable) as caught:
        read(*arguments)  # type: ignore[operator]
    return caught.value.fault


class TestFeeds:
    @pytest.mark.parametrize("encoding", ["utf-8", "windows-1251", "koi8-r", "utf-16"])
    @pytest.mark.parametrize("label", ["utf-8", "windows-1251"])
    def test_rss_in_any_encoding_labelled_rightly_or_not(self, encoding: str, label: str) -> None:
        found = read_feed(body(RSS.format(encoding=label).encode(encoding)))
        assert [(entry.url, entry.title, entry.published) for entry in found] == [
            (
                "https://news.example/2?utm_source=rss",
                "Нет воды & тепла",
                datetime(2026, 11, 24, 4, 30, tzinfo=UTC),
            ),
            ("https://news.example/1", "Яма на дороге", datetime(2026, 11, 24, 3, 15, tzinfo=UTC)),
        ]

    def test_atom_with_an_edit(self) -> None:
        (found,) = read_feed(body(ATOM))
        assert (found.url, found.title) == ("https://news.example/a", "Свет дали")
        assert found.published == datetime(2026, 11, 24, 3, tzinfo=UTC)
        assert found.updated == datetime(2026, 11, 24, 4, tzinfo=UTC)

    def test_rdf(self) -> None:
        (found,) = read_feed(body(RDF))
        assert (found.url, found.title) == ("https://news.example/r", "Лифт стоит")

    def test_the_version_changes_with_what_the_feed_says(self) -> None:
        feeds = [ATOM, ATOM, ATOM.replace("Свет", "Газ"), ATOM.replace("T04", "T05")]
        versions = [read_feed(body(feed))[0].version for feed in feeds]
        assert versions[0] == versions[1]
        assert len(set(versions)) == 3

    def test_an_empty_feed_has_no_entries(self) -> None:
        assert read_feed(body('<rss version="2.0"><channel><title>Вести</title></channel></rss>')) == []

    def test_a_feed_that_is_not_quite_xml_is_read(self) -> None:
        broken = RSS.format(encoding="utf-8").replace("&amp;", "&").replace("</channel>", "<br>")
        assert len(read_feed(body(broken))) == 2

    @pytest.mark.parametrize("feed", [BOMB, OUTSIDE, BOMB.encode("utf-16")])
    def test_entities_are_refused(self, feed: str | bytes) -> None:
        assert fault(read_feed, body(feed)) == "entities"

    @pytest.mark.parametrize(
        ("inside", "expected"),
        [
            ("", "html"),
            ('<div class="smart-captcha"></div>Подтвердите, что вы не робот', "captcha"),
            ('<form><input name=p type="password"></form>', "login"),
        ],
    )
    def test_a_page_instead_of_a_feed(self, inside: str, expected: str) -> None:
        assert fault(read_feed, body(PAGE.format(inside=inside), content_type="text/html")) == expected

    @pytest.mark.parametrize("content", ["", "{}", "просто текст", b"\x00\x01\x02\xff"])
    def test_neither_feed_nor_page(self, content: str | bytes) -> None:
        assert fault(read_feed, body(content)) == "malformed"


SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://news.example/old</loc><lastmod>2026-11-20</lastmod></url>
<url><loc> https://news.example/new </loc><lastmod>2026-11-24T09:00:00+05:00</lastmod>
<news:news><news:publication_date>2026-11-24T08:00:00+05:00</news:publication_date><news:title>Прорыв трубы</news:title>
</news:news></url><url><lastmod>2026-11-24</lastmod></url></urlset>"""
INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>/sitemap-1.xml</loc><lastmod>2026-11-24</lastmod></sitemap><sitemap><loc>/sitemap-2.xml</loc></sitemap>
</sitemapindex>"""


class TestSitemaps:
    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    def test_newest_first_with_what_news_sitemaps_add(self, pack: type[bytes]) -> None:
        found = read_sitemap(body(pack(SITEMAP.encode())))
        assert [(entry.url, entry.title, entry.published) for entry in found.entries] == [
            ("https://news.example/new", "Прорыв трубы", datetime(2026, 11, 24, 3, tzinfo=UTC)),
            ("https://news.example/old", None, None),
        ]
        assert [entry.updated for entry in found.entries] == [
            datetime(2026, 11, 24, 4, tzinfo=UTC),
            datetime(2026, 11, 19, 19, tzinfo=UTC),
        ]

    def test_an_index_lists_sitemaps(self) -> None:
        found = read_sitemap(body(INDEX))
        assert found.entries == []
        assert found.children == [
            ("https://news.example/sitemap-1.xml", datetime(2026, 11, 23, 19, tzinfo=UTC)),
            ("https://news.example/sitemap-2.xml", None),
        ]

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (PAGE.format(inside=""), "html"),
            ("просто текст", "malformed"),
            ("<rss/>", "malformed"),
            (SITEMAP[:-20], "malformed"),
            (BOMB, "entities"),
            (gzip.compress(SITEMAP.encode())[:40], "malformed"),
            (gzip.compress(b" " * (MAX_XML_BYTES + 1)), "too_large"),
        ],
    )
    def test_something_else(self, content: str | bytes, expected: str) -> None:
        assert fault(read_sitemap, body(content)) == expected


class TestListings:
    def test_links_by_selector_in_page_order(self) -> None:
        page = PAGE.format(
            inside='<div class="item"><h2><a href="/2">Вторая</a></h2></div><a class="item" href="1#c">Первая</a>'
            '<div class="item">без ссылки</div><a class="item" href="javascript:void(0)">ещё</a><a href="/about">О</a>'
        )
        assert read_listing(body(page), ".item") == [Entry("https://news.example/2"), Entry("https://news.example/1#c")]

    @pytest.mark.parametrize(
        ("inside", "expected"), [("", "no_links"), ("<script src=//ddos-guard.net></script>", "captcha")]
    )
    def test_nothing_matches(self, inside: str, expected: str) -> None:
        assert fault(read_listing, body(PAGE.format(inside=inside)), "a.item") == expected

    def test_an_empty_page(self) -> None:
        assert fault(read_listing, body(""), "a.item") == "no_links"
