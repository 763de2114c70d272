"""What an operator writes about a community, and where its wall was left."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_address
from math import ceil
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

from crawlers.settings import Account, Cursor, Settings

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


TokenKind = Literal["service", "user", "community"]
KINDS = {"service": "сервисный ключ", "user": "токен пользователя", "community": "ключ сообщества"}
PER_SECOND = {"service": 5, "user": 3, "community": 20}
"""Calls of all methods together. https://dev.vk.com/ru/api/api-requests"""
PER_DAY = {"wall.get": 5000, "wall.getComments": 5000, "wall.search": 1000, "newsfeed.search": 1000}
"""Per method and token. VK publishes some of them; that of wall.getComments is taken to be that of wall.get."""

POSTS = 20
"""A day, on the wall of an ordinary city community: what `calls_per_day` assumes where nobody has counted."""
DISCUSSED = 0.5
"""Of these, the share that gets comments."""
COMMENTS = 6
"""Under such a post, each at another visit, which is the dearest way."""
WATCHED_DAYS = 3
REREADS = 4
"""A day, of a post whose comments stand still."""
SWEEPS = 24
"""A day, of all that is watched."""
PAGE = 98
"""New posts per call of wall.get: 100 less the overlap."""


class VkToken(BaseModel):
    """One of several, with its kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(min_length=1)
    kind: TokenKind | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A token as configured."""

    secret: SecretStr
    kind: TokenKind

    @property
    def hash(self) -> str:
        """Names the token in quotas without revealing it. 64 bits: nobody has a billion tokens."""
        return sha256(self.secret.get_secret_value().encode()).hexdigest()[:16]


class VkSettings(Settings):
    wall: Annotated[str, BeforeValidator(_wall)]
    """A community: `typical_chel`, `-1234`, `club1234`, or the address of its page."""
    token: SecretStr | None = Field(default=None, min_length=1)
    tokens: tuple[SecretStr | VkToken, ...] = ()
    """Several instead of one: each call is made with the one that is free first."""
    token_kind: TokenKind = "service"  # noqa: S105
    """Of `token`, and of those of `tokens` that do not say."""
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

    @model_validator(mode="after")
    def _has_a_token(self) -> Self:
        if bool(self.tokens) == (self.token is not None):
            raise ValueError("нужен либо token, либо tokens (список), и не пустой")
        given = [one.secret.get_secret_value() for one in self.given]
        if not all(given) or len(set(given)) < len(given):
            raise ValueError("в tokens есть пустой или повторённый токен")
        if any(one.kind == "community" for one in self.given):
            raise ValueError("ключом сообщества нельзя читать стены: нужен сервисный ключ или токен пользователя")
        return self

    @property
    def given(self) -> tuple[Given, ...]:
        """The tokens in the order in which they are preferred."""
        ones = self.tokens if self.token is None else (self.token,)
        return tuple(
            Given(one.token, one.kind or self.token_kind) if isinstance(one, VkToken) else Given(one, self.token_kind)
            for one in ones
        )

    def accounts(self) -> tuple[Account, ...]:
        """Of the tokens, with the rates of their kinds."""
        return tuple(Account("vk", one.hash, KINDS[one.kind], PER_SECOND[one.kind], PER_DAY) for one in self.given)

    def calls_per_day(self, visits: float) -> dict[str, float]:
        """See docs/quotas.md for the formula; the figures of an ordinary city community are assumed."""
        sweeps = min(visits, SWEEPS) * max(ceil(WATCHED_DAYS * POSTS / PAGE) - 1, 0)
        calls = {"wall.get": visits + sweeps}
        if self.comments:
            reads = min(WATCHED_DAYS * visits, COMMENTS + WATCHED_DAYS * REREADS)
            calls["wall.getComments"] = POSTS * DISCUSSED * reads
        return calls


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
