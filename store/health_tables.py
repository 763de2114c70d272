"""Tables of how sources fare: their posts per hour, the changes, what each sink was told of them."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from store.metadata import metadata
from store.types import Json, UtcDatetime

standings = Table(
    "standings",
    metadata,
    Column("source", Text, ForeignKey("sources.id"), primary_key=True),
    Column("health", Text, nullable=False),
    Column("since", UtcDatetime),
    Column("changes", BigInteger, nullable=False),
    Column("bad_visits", Integer, nullable=False),
    Column("bad_since", UtcDatetime),
    Column("good", UtcDatetime),
    Column("watched", UtcDatetime),
    Column("reason", Text),
    Column("action", Text),
)
"""A row per source that has been visited: a `store.standing.Standing`."""

source_hours = Table(
    "source_hours",
    metadata,
    Column("source", Text, nullable=False),
    Column("hour", Integer, nullable=False),
    Column("posts", Integer, nullable=False),
    PrimaryKeyConstraint("source", "hour"),
)
"""New posts of a source by the hour, since 1970, in which they were collected; hours without any have no row."""

source_events = Table(
    "source_events",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("at", UtcDatetime, nullable=False),
    Column("status", Json, nullable=False),
    Column("sent", Boolean, nullable=False),
    Index("ix_source_events_unsent", "position", sqlite_where=text("NOT sent"), postgresql_where=text("NOT sent")),
    Index("ix_source_events_at", "at"),
)
"""The outbox of changes. Positions are given under a lock, so they become visible in order."""

digests = Table(
    "digests",
    metadata,
    Column("sink", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("sent", UtcDatetime),
    Column("named", Json, nullable=False),
    Column("pending", Json),
    Column("busy_until", UtcDatetime),
)
"""Per sink: up to which event, and of which troubled sources, its digests have told; the one that is on its way."""
