"""Imported once by the server that forks the worker processes, so that none of them starts cold.

Besides the imports: at its first short page, where it tries everything, trafilatura reads the stop words of a hundred
languages, which takes ten times as long as the page.
"""

from datetime import UTC, datetime

from crawlers.news.article import extract
from crawlers.news.indexes import Body
from crawlers.news.settings import Selectors

_PAGE = b"<html><body><article><h1>A title</h1><p>A short text.</p></article></body></html>"

extract(Body("https://example.org/", _PAGE, "text/html", None, datetime.now(UTC), "UTC"), Selectors())
