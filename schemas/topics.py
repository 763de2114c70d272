"""Names of the bus's topics and what each carries."""

from schemas.base import Model
from schemas.events import IncidentEvent
from schemas.health import SourceEvent, SourceHealth
from schemas.post import Post, Reach
from schemas.tags import TaggedPost

POSTS = "posts"
HISTORY = "posts.history"
REACH = "reach"
TAGGED = "tagged"
INCIDENTS = "incidents"
SOURCES = "sources"
SOURCE_EVENTS = "sources.events"

NO_MUNICIPALITY = "none"
"""Key in `tagged` of a post without a place."""

MODELS: dict[str, type[Model]] = {
    POSTS: Post,
    HISTORY: Post,
    REACH: Reach,
    TAGGED: TaggedPost,
    INCIDENTS: IncidentEvent,
    SOURCES: SourceHealth,
    SOURCE_EVENTS: SourceEvent,
}
"""Topic to model. Keys: posts and posts.history by source, reach by post id, tagged by municipality OKTMO (or
`none`), incidents by incident id, sources and sources.events by source id."""

DEAD_SUFFIX = ".dead"


def dead(topic: str) -> str:
    """The dead-letter topic beside `topic`."""
    return topic + DEAD_SUFFIX
