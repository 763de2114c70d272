"""A local news site over a real socket: 45 invented articles of Chelyabinsk region, and pages that misbehave."""

from tests.simulators.news.articles import Article, Section
from tests.simulators.news.expected import Expected, expected
from tests.simulators.news.server import NewsSite

__all__ = ["Article", "Expected", "NewsSite", "Section", "expected"]
