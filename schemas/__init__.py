"""What flows between the roles: frozen, versioned models. They import nothing of ours."""

from schemas.base import Model, decode, headers, utc
from schemas.events import EVENT_TYPES, CloudEvent, EventType, IncidentData, IncidentEvent
from schemas.health import (
    EVENT_OF,
    DigestData,
    Health,
    Outcome,
    SourceDigest,
    SourceEvent,
    SourceEventType,
    SourceHealth,
    SourceStatus,
)
from schemas.incident import Incident, IncidentStatus
from schemas.post import Geo, Media, Post, PostKind, Reach
from schemas.tags import Address, Head, Municipality, TaggedPost, Tags, Urgency

__all__ = [
    "EVENT_OF",
    "EVENT_TYPES",
    "Address",
    "CloudEvent",
    "DigestData",
    "EventType",
    "Geo",
    "Head",
    "Health",
    "Incident",
    "IncidentData",
    "IncidentEvent",
    "IncidentStatus",
    "Media",
    "Model",
    "Municipality",
    "Outcome",
    "Post",
    "PostKind",
    "Reach",
    "SourceDigest",
    "SourceEvent",
    "SourceEventType",
    "SourceHealth",
    "SourceStatus",
    "TaggedPost",
    "Tags",
    "Urgency",
    "decode",
    "headers",
    "utc",
]
