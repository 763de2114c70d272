"""A public post, article, appeal or call, already masked."""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Model, UtcDatetime


class PostKind(StrEnum):
    POST = "post"
    COMMENT = "comment"
    ARTICLE = "article"
    APPEAL = "appeal"
    CALL = "call"


class Geo(Model):
    """WGS 84 degrees."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class Media(Model):
    """An attachment by reference; its bytes are not collected."""

    kind: Literal["photo", "video", "document", "audio", "link"]
    url: str | None = None


class Post(Model):
    """One message as collected, with every personal number masked and the author hashed.

    Effects are idempotent on (id, revision): a higher revision replaces text and tags; at the same revision the
    later `collected` wins. A deletion has an empty text.
    """

    schema_name: ClassVar[str] = "post/1"

    id: str = Field(min_length=1, max_length=200)
    """Deterministic: `vk:-1234_56`, `telegram:chan/78`, `news:<sha1 of canonical URL>`, `appeal:…`, `call:…`."""
    revision: int = Field(default=0, ge=0)
    """0 until an edit or a deletion is seen; then the Unix second of it, or of noticing it."""
    deleted: bool = False
    kind: PostKind = PostKind.POST
    source: str
    """The id of the source in the YAML file."""
    url: str | None = None
    author: str | None = None
    """Keyed hash, never a name or a number of an account."""
    published: UtcDatetime
    """Event time."""
    published_guessed: bool = False
    """The source gave no time, or one more than a day ahead: `published` is `collected`."""
    collected: UtcDatetime
    title: str | None = None
    text: str = Field(max_length=20_000)
    truncated: bool = False
    """The source's text was longer than is kept."""
    context: str | None = Field(default=None, max_length=500)
    """The parent's masked text."""
    parent: str | None = None
    """The id of the post this one answers."""
    place_hint: str | None = None
    """The municipality that the source is about, as the operator wrote it."""
    parent_place_hint: str | None = None
    address: str | None = Field(default=None, max_length=300)
    """Where the trouble is, as the source says in a field of its own (a form, a call), masked."""
    geo: Geo | None = None
    media: tuple[Media, ...] = ()
    history: bool = False
    """Collected late on purpose (back-fill): nobody is paged for it."""


class Reach(Model):
    """How far a post went; it changes at every visit, so it is a message of its own."""

    schema_name: ClassVar[str] = "reach/1"

    id: str
    seen: UtcDatetime
    views: int | None = Field(default=None, ge=0)
    likes: int | None = Field(default=None, ge=0)
    reposts: int | None = Field(default=None, ge=0)
    comments: int | None = Field(default=None, ge=0)
