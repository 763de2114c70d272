"""What an operator writes about a wall, a board or a search, and where it was left."""

import re
from datetime import datetime
from ipaddress import ip_address
from math import ceil
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from crawlers.settings import Account, Cursor, Settings
from crawlers.vk.tokens import KINDS, PER_DAY, PER_SECOND, Given, TokenKind, VkToken, misfit

_URL = re.compile(r"(?:https?://)?(?:www\.|m\.)?vk\.(?:com|ru)/", re.IGNORECASE)
_COMMUNITY = re.compile(r"(?:-|club|public|event|board)(\d{1,12})")
_PERSON = re.compile(r"id(\d{1,12})")
_SHORT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{1,63}")


def _page(value: Any) -> str:
    name = _URL.sub("", str(value).strip()).split("?")[0].strip("/")
    if match := _COMMUNITY.fullmatch(name):
        return f"-{match[1]}"
    if name.isdecimal():
        raise ValueError(f"«{value}» — номер без вида: сообщество пишется -{name}, страница человека — id{name}")
    if not _SHORT_NAME.fullmatch(name):
        raise ValueError(f"«{value}» не похоже на сообщество: короткое имя, -1234, club1234 или ссылка на vk.com")
    return name.lower()


def _community(value: Any) -> str:
    name = _page(value)
    if _PERSON.fullmatch(name):
        raise ValueError(f"«{value}» — страница человека, а обсуждения есть только у сообществ")
    return name


POSTS = 20
"""A day, on the wall of an ordinary city community: what `calls_per_day` assumes where nobody has counted."""
DISCUSSED = 0.5
"""Of these, the share that gets comments."""
COMMENTS = 6
"""Under such a post, each at another visit, which is the dearest way."""
TOPICS = 5
"""A day, of a board, that get comments: boards are quieter than walls. A guess as well."""
WATCHED_DAYS = 3
REREADS = 4
"""A day, of a post whose comments stand still."""
SWEEPS = 24
"""A day, of all that is watched."""
PAGE = 98
"""New posts per call of wall.get: 100 less the overlap."""


class Near(BaseModel):
    """A point, WGS 84 degrees. How far around it VK searches it does not say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class VkSearch(BaseModel):
    """What to look for in all public posts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)] | None = None
    near: Near | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.words is None and self.near is None:
            raise ValueError("в search нужно хотя бы одно: words (слова) или near (точка)")
        return self

    @property
    def key(self) -> str:
        """Says which search it is: another one starts anew."""
        at = f"@{self.near.lat:g},{self.near.lon:g}" if self.near else ""
        return f"{(self.words or '').lower()}{at}"


class VkSettings(Settings):
    wall: Annotated[str, BeforeValidator(_page)] | None = None
    """A community, `typical_chel`, `-1234`, `club1234`, a person's public page, `id1234`, or the address of either."""
    board: Annotated[str, BeforeValidator(_community)] | None = None
    """A community's discussions, written like a wall."""
    search: VkSearch | None = None
    """Posts on any wall."""
    token: SecretStr | None = Field(default=None, min_length=1)
    tokens: tuple[SecretStr | VkToken, ...] = ()
    """Several instead of one: each call is made with the one that is free first."""
    token_kind: TokenKind = "service"  # noqa: S105
    """Of `token`, and of those of `tokens` that do not say."""
    comments: bool = True
    """Of a wall: a board is nothing else, and what a search finds stands alone."""
    depth: int = Field(default=100, ge=1, le=10_000)
    """How many posts or topics back the first visit reads; later visits read what is new, however much that is. A
    search begins a day back instead."""
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
    def _is_one_thing(self) -> Self:
        if sum(form is not None for form in (self.wall, self.board, self.search)) != 1:
            raise ValueError("нужно ровно одно из трёх: wall (стена), board (обсуждения) или search (поиск)")
        return self

    @model_validator(mode="after")
    def _has_tokens_that_fit(self) -> Self:
        if bool(self.tokens) == (self.token is not None):
            raise ValueError("нужен либо token, либо tokens (список), и не пустой")
        given = [one.secret.get_secret_value() for one in self.given]
        if not all(given) or len(set(given)) < len(given):
            raise ValueError("в tokens есть пустой или повторённый токен")
        mistakes: dict[tuple[str | int, ...], InitErrorDetails] = {}
        for number, (written, one) in enumerate(zip(self.tokens or (self.token,), self.given, strict=True)):
            if message := misfit(one.kind, self.methods):
                own = isinstance(written, VkToken) and written.kind is not None
                where: tuple[str | int, ...] = ("tokens", number, "kind") if own else ("token_kind",)
                error = PydanticCustomError("value_error", "Value error, {message}", {"message": message})
                mistakes[where] = InitErrorDetails(type=error, loc=where, input=one.kind)
        if mistakes:
            raise ValidationError.from_exception_data("VkSettings", list(mistakes.values()))
        return self

    @property
    def methods(self) -> tuple[str, ...]:
        """What the source calls."""
        if self.board is not None:
            return "utils.resolveScreenName", "board.getTopics", "board.getComments"
        if self.search is not None:
            return "newsfeed.search", "wall.getById"
        comments = ("wall.getComments",) if self.comments else ()
        return "utils.resolveScreenName", "wall.get", "wall.getById", *comments

    @property
    def may_be_empty(self) -> bool:
        """A search may find nothing for days."""
        return self.search is not None

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
        if self.search is not None:
            return {"newsfeed.search": max(visits, 1.0)}  # a day's posts at a time, however seldom it is visited
        reads = min(WATCHED_DAYS * visits, COMMENTS + WATCHED_DAYS * REREADS)
        if self.board is not None:
            return {"board.getTopics": visits, "board.getComments": 2 * TOPICS * reads}  # the last page, and the opener
        sweeps = min(visits, SWEEPS) * max(ceil(WATCHED_DAYS * POSTS / PAGE) - 1, 0)
        calls = {"wall.get": visits + sweeps}
        if self.comments:
            calls["wall.getComments"] = POSTS * DISCUSSED * reads
        return calls


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Watch(BaseModel):
    """A post or topic whose comments may still come."""

    published: datetime
    """Of a topic, when it was last written in."""
    count: int = 0
    """Comments VK counted when they were last read."""
    read: datetime | None = None
    calls: int = 1
    """What reading them cost."""
    seen: list[int] = Field(default_factory=list)
    """The comments that stood there then, as far as they are remembered: one that is missing later was deleted."""
    opener: int | None = None
    """Of a topic, the comment that is its post."""
    back: int | None = None
    """Of a topic whose comments shifted while they were read: down to here some may have slipped past, whatever is
    known above."""


class BoardCursor(BaseModel):
    board: str
    """The setting that `owner` was found by."""
    owner: int
    updated: int = 0
    """Unix second up to which topics with news have been read; 0 before the first visit has ended."""
    floor: int = 0
    """The lowest `updated` that the first visit took; topics that stayed below are not read."""
    topics: dict[int, Watch] = Field(default_factory=dict)


class SearchCursor(BaseModel):
    key: str
    """Of the search that this is the cursor of."""
    until: datetime
    """Everything VK had found that was published before this is on the bus."""
    checked: datetime
    """When the posts found were last looked at again."""
    found: dict[str, datetime] = Field(default_factory=dict)
    """Posts to be looked at again, `-1234_56`, and when they were published."""


class VkCursor(Cursor):
    wall: str = ""
    """The setting that `owner` was found by: another one there means another community."""
    owner: int | None = None
    """Negative for a community; looked up once, since looking names up is what gets tokens limited."""
    newest: int = 0
    """The highest id of a post on the bus."""
    floor: int = 0
    """The lowest id that the first visit took; older posts stay uncollected, or `depth` would mean nothing."""
    swept: datetime | None = None
    """When the whole watched stretch was last read, not only its first page."""
    watched: dict[int, Watch] = Field(default_factory=dict)
    board: BoardCursor | None = None
    search: SearchCursor | None = None
