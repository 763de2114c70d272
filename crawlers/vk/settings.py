"""What an operator writes about a community, and where its wall was left."""

import re
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator

from crawlers.settings import Cursor, Settings

_URL = re.compile(r"(?:https?://)?(?:www\.|m\.)?vk\.(?:com|ru)/", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:-|club|public|event)(\d{1,12})")
_SHORT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{1,63}")
_PERSON = re.compile(r"(?:id)?\d+")


def _wall(value: Any) -> str:
    name = _URL.sub("", str(value).strip()).split("?")[0].strip("/")
    if match := _NUMBERED.fullmatch(name):
        return f"-{match[1]}"
    if _PERSON.fullmatch(name):
        raise ValueError(
            f"«{value}» — страница человека; собираются только сообщества: короткое имя, -1234, club1234 или ссылка"
        )
    if not _SHORT_NAME.fullmatch(name):
        raise ValueError(f"«{value}» не похоже на сообщество: короткое имя, -1234, club1234 или ссылка на vk.com")
    return name.lower()


class VkSettings(Settings):
    wall: Annotated[str, BeforeValidator(_wall)]
    """A community: `typical_chel`, `-1234`, `club1234`, or the address of its page."""
    token: SecretStr = Field(min_length=1)
    token_kind: Literal["service", "user"] = "service"  # noqa: S105
    """A service key may ask 5 times a second, a user's token 3 times. A community's key can't read walls."""
    comments: bool = True
    depth: int = Field(default=100, ge=1, le=10_000)
    """How many posts back the first visit reads; later visits read what is new, however much that is."""
    api_url: str | None = None
    """For the simulator only: an API on this machine."""

    @field_validator("api_url")
    @classmethod
    def _only_loopback(cls, value: str | None) -> str | None:
        """The token would go to whatever stands here, so nothing but this machine may stand here."""
        if value is None:
            return None
        parts = urlsplit(value)
        host = parts.hostname or ""
        if parts.scheme != "http" or not (host == "localhost" or _is_loopback(host)):
            raise ValueError("адрес API меняют только для имитатора на этой машине: http://127.0.0.1:порт")
        return value.rstrip("/")

    @property
    def token_hash(self) -> str:
        """Names the token in quotas and slots without revealing it. 64 bits: nobody has a billion tokens."""
        return sha256(self.token.get_secret_value().encode()).hexdigest()[:16]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Watch(BaseModel):
    """A post whose comments may still come."""

    published: datetime
    count: int = 0
    """Comments VK counted when they were last read."""
    read: datetime | None = None
    calls: int = 1
    """What reading them cost."""


class VkCursor(Cursor):
    wall: str = ""
    """The setting that `owner` was found by: another one there means another community."""
    owner: int | None = None
    """Negative; looked up once, since looking names up is what gets tokens limited."""
    newest: int = 0
    """The highest id of a post on the bus."""
    floor: int = 0
    """The lowest id that the first visit took; older posts stay uncollected, or `depth` would mean nothing."""
    swept: datetime | None = None
    """When the whole watched stretch was last read, not only its first page."""
    watched: dict[int, Watch] = Field(default_factory=dict)
