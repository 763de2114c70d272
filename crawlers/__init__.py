"""A module per kind of source; each turns settings and a typed cursor into posts."""

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from crawlers.news.settings import NewsSettings
from crawlers.settings import Settings
from crawlers.telegram.settings import TelegramSettings
from crawlers.vk.settings import VkSettings

if TYPE_CHECKING:
    from crawlers.base import Collector
    from crawlers.context import Context


@dataclass(frozen=True, slots=True)
class SourceKind:
    settings: type[Settings]
    where: str
    """`module:class` of the collector."""

    def make(self, context: "Context") -> "Collector[Any, Any]":
        """A collector, loaded only here: Scrapy takes a second, and most commands visit no source."""
        made: Collector[Any, Any] = resolve_name(self.where)(context)
        return made


KINDS: dict[str, SourceKind] = {
    "news": SourceKind(NewsSettings, "crawlers.news.collector:NewsCollector"),
    "telegram": SourceKind(TelegramSettings, "crawlers.telegram.collector:TelegramCollector"),
    "vk": SourceKind(VkSettings, "crawlers.vk.collector:VkCollector"),
}
"""The kinds of sources, by their key in the YAML file."""

__all__ = ["KINDS", "SourceKind"]
