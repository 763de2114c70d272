"""News sites by feed, sitemap or listing."""

from crawlers.news.collector import NewsCollector
from crawlers.news.settings import Listing, NewsCursor, NewsSettings, Selectors

__all__ = ["Listing", "NewsCollector", "NewsCursor", "NewsSettings", "Selectors"]
