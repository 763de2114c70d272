"""How much of a text is looked at."""

MAX_CHARS = 20_000
"""Characters kept of a raw text. VK allows 16,000 and Telegram 4,096; only articles are cut."""
