"""What an operator writes about a channel, and where it was left."""

import re
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator

from crawlers.settings import Cursor, Settings

WEB = "https://t.me"

_URL = re.compile(r"(?:https?://)?(?:t\.me|telegram\.me)/(?:s/)?", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")


def _channel(value: Any) -> str:
    name = _URL.sub("", str(value).strip()).split("?")[0].strip("/").removeprefix("@")
    if name.startswith(("+", "joinchat")):
        raise ValueError(f"«{value}» — ссылка-приглашение; собираются только открытые каналы, у которых есть имя")
    if not _NAME.fullmatch(name):
        raise ValueError(f"«{value}» не похоже на имя канала: латинские буквы, цифры и _, как в адресе t.me/имя")
    return name.lower()


class TelegramSettings(Settings):
    channel: Annotated[str, BeforeValidator(_channel)]
    """`magnitogorsk_news`, `@magnitogorsk_news` or its address."""
    depth: int = Field(default=100, ge=1, le=10_000)
    """How many posts back the first visit reads; later visits read what is new, however much that is."""
    base_url: str = WEB
    """Where the pages stand; another address only for a local copy."""
    allow_private: bool = False
    """Let `base_url` be at an address that is not public."""

    @field_validator("base_url")
    @classmethod
    def _http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"«{value}» — не адрес вида https://t.me")
        return value.rstrip("/")


class TelegramCursor(Cursor):
    channel: str = ""
    """The setting that the rest is about: another one there means another channel."""
    newest: int = 0
    """The highest number of a message on the bus."""
    floor: int = 0
    """The lowest number that the first visit took; older messages stay uncollected, or `depth` would mean nothing."""
    recent: dict[int, datetime] = Field(default_factory=dict)
    """Messages of the last page with their times: one missing from among them later has been deleted."""
