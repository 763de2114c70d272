"""A post as its source gave it: raw, in memory only, never written anywhere."""

from dataclasses import dataclass, field
from datetime import datetime

from schemas import Geo, Media, PostKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`author` is whatever identifies the author at the source; it is hashed with the key and dropped.

    `text` may hold HTML. `published` is None where the source gives no time. `edited` is the moment of the edit that
    the source reports, None where it reports none (a changed text is then noticed by its digest).
    """

    id: str
    kind: PostKind
    source: str
    text: str
    published: datetime | None
    url: str | None = None
    title: str | None = None
    author: str | None = None
    edited: datetime | None = None
    deleted: bool = False
    context: str | None = None
    parent: str | None = None
    place_hint: str | None = None
    parent_place_hint: str | None = None
    address: str | None = None
    """Given in a field of its own; one that only stands in the text is found there."""
    geo: Geo | None = None
    media: tuple[Media, ...] = ()
    history: bool = False
    reach: dict[str, int] = field(default_factory=dict)
    """Any of views, likes, reposts, comments."""
