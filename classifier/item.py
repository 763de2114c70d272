"""What the classifier is given."""

from dataclasses import dataclass
from datetime import datetime

from schemas import Geo, Post, PostKind

SHORT_COMMENT = 5
"""A comment of fewer lemmas means what it answers («у нас тоже»): it takes its topic from there too, and a correction
of its words tells no other comment."""


@dataclass(frozen=True, slots=True)
class Item:
    """A text to judge, cleaned and masked like the text of a `Post`.

    `source_municipality` is what the source is about, as an operator wrote it; `parent_place_hint` the same for the
    post this one answers. Both are used only where the text names no place, or names one of several. `address` is what
    the source gives in a field of its own: it goes before one in the text, and
    names the place where the text names none. `id` is what a correction may name the post by; `published` says in which
    month the trouble was; `truncated`: the text had more than is kept.
    """

    text: str
    title: str | None = None
    context: str | None = None
    kind: str = PostKind.POST
    source_municipality: str | None = None
    parent_place_hint: str | None = None
    geo: Geo | None = None
    address: str | None = None
    id: str | None = None
    published: datetime | None = None
    truncated: bool = False

    @property
    def whole(self) -> str:
        """Title and text as spans count them."""
        return f"{self.title}\n{self.text}" if self.title else self.text


def item_of(post: Post) -> Item:
    """The part of a post that is judged."""
    return Item(
        text=post.text,
        title=post.title,
        context=post.context,
        kind=post.kind,
        source_municipality=post.place_hint,
        parent_place_hint=post.parent_place_hint,
        geo=post.geo,
        address=post.address,
        id=post.id,
        published=post.published,
        truncated=post.truncated,
    )
