"""What a post may be one matter with, as far as one look at it tells: its buckets.

| bucket of a municipality | who is in it |
| --- | --- |
| topic | posts on one topic, or on topics that count as one, if they tell of no common trouble |
| common | posts that tell of one common trouble (`incidents.common`), unless of a spot's topic and naming a street |
| address | posts that name one house, if their topic is of a spot |
| wording | posts with the same words, of one group of topics |
| link | posts that quote one page, and the page itself, of one group of topics |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from incidents.config import Grouping, Matter

By = Literal["topic", "common", "address", "wording", "link"]
TIE_WINDOW = timedelta(days=3)
"""A repost or a comment later than that is about something that was not solved: a new line, a new deadline."""
TIE_SPAN = timedelta(days=7)
"""Of a page that is quoted again and again."""


class GroupPost(Protocol):
    """What grouping looks at."""

    @property
    def id(self) -> str: ...
    @property
    def published(self) -> datetime:
        """Event time."""

    @property
    def source(self) -> str: ...
    @property
    def parent(self) -> str | None:
        """The post that this one answers."""

    @property
    def municipality(self) -> str | None:
        """OKTMO code."""

    @property
    def settlement(self) -> str | None: ...
    @property
    def group(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def common(self) -> str | None:
        """The common trouble that it tells of."""

    @property
    def address(self) -> str | None:
        """Key of street and house."""

    @property
    def street(self) -> str | None: ...
    @property
    def wording(self) -> str | None:
        """Equal for texts of the same words."""

    @property
    def link(self) -> str | None:
        """The page that it quotes, or is."""

    @property
    def signature(self) -> bytes | None: ...
    @property
    def erased(self) -> bool:
        """On request: nothing ties it any more but decisions. Its time goes on counting for segments."""

    @property
    def traits(self) -> Mapping[str, Mapping[str, float | str]] | None: ...


@dataclass(frozen=True, slots=True)
class Bucket:
    """`values` are those of the column `by` that its posts have; `key` tells it from others of the municipality."""

    municipality: str
    by: By
    key: str
    values: tuple[str, ...] = field(compare=False)  # so that a dictionary finds it fast: the rules say the rest
    window: timedelta = field(compare=False)
    span: timedelta = field(compare=False)
    matter: Matter | None = field(default=None, compare=False)

    @property
    def reach(self) -> timedelta:
        """How far from a post others can have a say in what it belongs to (see `incidents.group`)."""
        return self.window + self.span


def buckets(post: GroupPost, rules: Grouping) -> Sequence[Bucket]:
    """None for a post without a municipality."""
    place = post.municipality
    if place is None:
        return ()
    matter = rules.matter(post.group, post.topic)
    found = [_shared(post, place, matter)]
    if post.address is not None and matter.scope == "address":
        period = rules.address
        found.append(Bucket(place, "address", post.address, (post.address,), period.window, period.span))
    if post.wording is not None:
        found.append(Bucket(place, "wording", f"{post.wording} {post.group}", (post.wording,), TIE_WINDOW, TIE_SPAN))
    if post.link is not None:
        found.append(Bucket(place, "link", f"{post.link} {post.group}", (post.link,), TIE_WINDOW, TIE_SPAN))
    return found


def _shared(post: GroupPost, place: str, matter: Matter) -> Bucket:
    """Of what it has in common with posts of other spots."""
    trouble = post.common
    if trouble is None or not matter.common or (matter.scope == "address" and post.street is not None):
        return Bucket(place, "topic", matter.key, matter.topics, matter.window, matter.span, matter)
    everybody = Matter(trouble, (), matter.window, matter.span)
    return Bucket(place, "common", trouble, (trouble,), matter.window, matter.span, everybody)
