"""A module per kind of source; each turns settings and a typed cursor into posts."""

from typing import Any

from crawlers.base import Collector
from crawlers.news import NewsCollector
from crawlers.telegram import TelegramCollector
from crawlers.vk import VkCollector

KINDS: dict[str, type[Collector[Any, Any]]] = {
    collector.kind: collector for collector in (NewsCollector, TelegramCollector, VkCollector)
}
"""The kinds of sources, by their key in the YAML file. Each is made with one `crawlers.context.Context`."""

__all__ = ["KINDS"]
