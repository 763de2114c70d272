"""Telegram: public channels by their web page."""

from crawlers.telegram.collector import TelegramCollector
from crawlers.telegram.settings import TelegramCursor, TelegramSettings

__all__ = ["TelegramCollector", "TelegramCursor", "TelegramSettings"]
