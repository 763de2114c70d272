"""What the classifier says of a post."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Model
from schemas.post import Post

Urgency = Literal["now", "soon", "normal"]
Probability = float


class Municipality(Model):
    """Where the trouble is, and what that rests on."""

    oktmo: str
    name: str
    probability: Probability = Field(ge=0, le=1)
    found_by: Literal["text", "source", "street", "geotag", "operator"]
    span: tuple[int, int] | None = None
    """Start and end, in characters of `title + "\\n" + text` (of `text` where there is no title)."""
    others: tuple[str, ...] = ()
    """OKTMO codes of further municipalities that the text names."""


class Address(Model):
    """A street and perhaps a house. Readers group by `key`, then by `street_key`; both are opaque, and None in posts
    judged before there were keys."""

    street: str
    """The name in the nominative, without its type: «Пушкинская», «Карла Маркса»."""
    street_type: str | None = None
    """«улица», «проспект»; None where the text does not say."""
    house: str | None = None
    """«12а», «15/2», «3 к2 с1»; never a flat."""
    text: str
    """As written in the post."""
    key: str | None = None
    """Equal for two spellings of one address."""
    street_key: str | None = None
    """Equal for two spellings of one street."""
    probability: Probability = Field(default=1.0, ge=0, le=1)
    others: tuple[str, ...] = ()
    """Keys of further addresses of the text."""


class Head(Model):
    """The answer of a further head: a learned authority, say."""

    value: str
    probability: Probability = Field(ge=0, le=1)


class Tags(Model):
    """Every judgement on one post. `group` and `topic` always hold the best guess; how sure, stands beside."""

    relevance: Probability = Field(ge=0, le=1)
    """That the text reports or asks about a concrete, current trouble in public services."""
    relevant: bool
    """`relevance` against the threshold in force when the post was judged; appeals, calls and what is not in Russian
    always are."""
    group: str
    group_probability: Probability = Field(ge=0, le=1)
    topic: str
    topic_probability: Probability = Field(ge=0, le=1)
    topics: dict[str, Probability] = Field(default_factory=dict)
    """The likeliest topics, before `topic` is decided: how alike two posts are shows in them."""
    municipality: Municipality | None = None
    settlement: str | None = None
    address: Address | None = None
    urgency: Urgency = "normal"
    needs_review: bool = False
    """Some judgement is below its set probability: an operator decides."""
    heads: dict[str, Head] = Field(default_factory=dict)
    signature: tuple[int, ...] = ()
    """MinHash of the lemmas: the share of equal places estimates the Jaccard likeness of two texts."""
    language: str = "ru"
    """ISO 639-1. What is not Russian can't be judged and goes to an operator."""
    model: str
    """Version of the model that judged; `+corrected` at its end where an operator's word stands above it."""


class TaggedPost(Model):
    schema_name: ClassVar[str] = "tagged/1"

    post: Post
    tags: Tags
