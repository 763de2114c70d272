"""What an operator writes about a channel, and where it was left."""

import re
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator, model_validator

from crawlers.settings import Account, Cursor, Settings

SERVICE = "telegram"
PER_SECOND = 20
"""Calls of an account. Telegram publishes no limit for reading; bots are held to 30 messages a second, and a third
less keeps clear of it."""
PER_DAY = {"ResolveUsername": 100}
"""Names looked up. Accounts are known to be flooded for a day after about 200; each source needs its name once."""
VARIABLE = "OTKLIK_SESSION_KEY"
"""Holds the key that sessions are encrypted with."""
HOW = (
    f'Создайте ключ один раз и храните его: export {VARIABLE}=$(python -c "from cryptography.fernet import Fernet; '
    'print(Fernet.generate_key().decode())")'
)
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
    mode: Literal["api", "web"] | None = None
    """How to read it: by an account, or by its web page; None: `api` where there is an `api_id`. See `by_api`."""
    api_id: int | None = Field(default=None, ge=1)
    api_hash: SecretStr | None = Field(default=None, min_length=1)
    """Both name this program to Telegram; https://my.telegram.org gives them out."""
    session: Path | None = None
    """The encrypted file of the account's session."""
    api_server: str | None = None
    """`127.0.0.1:port`: where to log in, only for a simulator on this machine. Sessions know where they belong."""
    comments: bool = True
    """Of a channel, what is written under its posts. By the API only."""
    depth: int = Field(default=100, ge=1, le=10_000)
    """How many posts back the first visit reads; later visits read what is new, however much that is."""
    base_url: str = WEB
    """Where the pages stand; another address only for a local copy."""
    allow_private: bool = False
    """Let `base_url` be at an address that is not public."""

    @property
    def by_api(self) -> bool:
        """Whether an account reads it."""
        return self.mode == "api" or (self.mode is None and self.api_id is not None)

    @property
    def account(self) -> str:
        """Names the account in slots, quotas and cursors: one session file, one account."""
        return sha256(str(self.session).encode()).hexdigest()[:16]

    @property
    def hold(self) -> str:
        """What a process has to hold to use the account. See `store.Holds`."""
        return f"telegram:{self.account}"

    def accounts(self) -> tuple[Account, ...]:
        """The account that reads it; none reads web pages."""
        if not self.by_api:
            return ()
        more = "разделите источники между двумя аккаунтами (session)"
        return (Account(SERVICE, self.account, "аккаунт Telegram", PER_SECOND, PER_DAY, "этого аккаунта", more),)

    def calls_per_day(self, visits: float) -> dict[str, float]:  # noqa: ARG002
        """Of the first day: later the name is known."""
        return {"ResolveUsername": 1} if self.by_api else {}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [name for name in ("api_id", "api_hash", "session") if getattr(self, name) is None]
        if self.by_api and missing:
            raise ValueError(f"для чтения через API не хватает: {', '.join(missing)}; без аккаунта укажите mode: web")
        return self

    @field_validator("api_server")
    @classmethod
    def _here(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"127\.0\.0\.1:\d{1,5}", value):
            raise ValueError("сервер меняют только для имитатора на этой машине: 127.0.0.1:порт")
        return value

    @field_validator("base_url")
    @classmethod
    def _http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"«{value}» — не адрес вида https://t.me")
        return value.rstrip("/")


class Peer(BaseModel):
    """A channel or chat as one account may ask for it. Looked up once: looking names up gets accounts flooded."""

    id: int
    access_hash: int
    """Of this account alone."""
    account: str
    broadcast: bool
    """A channel; else a chat where everybody writes."""


class Thread(BaseModel):
    """Comments under one post, as they were last read."""

    state: str
    """What Telegram said of it then: another word now means that something has changed."""
    read: datetime
    newest: int = 0
    group: int = 0
    """The number of the discussion group."""
    recent: dict[int, datetime] = Field(default_factory=dict)


class TelegramCursor(Cursor):
    channel: str = ""
    """The setting that the rest is about: another one there means another channel."""
    newest: int = 0
    """The highest number of a message on the bus."""
    floor: int = 0
    """The lowest number that the first visit took; older messages stay uncollected, or `depth` would mean nothing."""
    recent: dict[int, datetime] = Field(default_factory=dict)
    """Messages of the last page with their times: one missing from among them later has been deleted."""
    name: str = ""
    """What ids are made with: the setting of the first visit, kept when the channel is renamed."""
    peer: Peer | None = None
    groups: dict[int, str] = Field(default_factory=dict)
    """What ids of comments are made with, by the number of the discussion group: its name when it was first seen, or
    `c/<number>` where it had none."""
    albums: dict[int, int] = Field(default_factory=dict)
    """First numbers of recent albums: they keep them when the first picture is deleted."""
    threads: dict[int, Thread] = Field(default_factory=dict)
    """By the number of the post."""
