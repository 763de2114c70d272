"""Tables of sources, back-fills, holds, quotas, versions, outbox, decisions, audit, what was forgotten.

Those of incidents: `incident_tables`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.metadata import metadata
from store.types import BigId, Json, UtcDatetime

sources = Table(
    "sources",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("every_seconds", Double),
    Column("settings_digest", Text, nullable=False),
    Column("cursor", Json),
    Column("interval_seconds", Double),
    Column("next_due", UtcDatetime, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", UtcDatetime),
    Column("fence", BigInteger, nullable=False),
    Column("last_started", UtcDatetime),
    Column("last_finished", UtcDatetime),
    Column("outcome", Text),
    Column("reason", Text),
    Column("action", Text),
    Column("posts", Integer),
    Column("posts_total", BigInteger, nullable=False),
)
# Queries use these two as they stand, so that both databases see that the partial indexes apply.
FREE = text("enabled AND lease_owner IS NULL")
TAKEN = text("lease_owner IS NOT NULL")
# Whatever the program does, the database never grants a slot twice.
Index("uq_sources_slot_taken", sources.c.slot, unique=True, sqlite_where=TAKEN, postgresql_where=TAKEN)
Index("ix_sources_due", sources.c.next_due, sources.c.id, sqlite_where=FREE, postgresql_where=FREE)

slots = Table(
    "slots",
    metadata,
    Column("slot", Text, primary_key=True),
    Column("next_free", UtcDatetime, nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text),
    Column("fence", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("wanted", Text),
)

runs = Table(
    "runs",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("started", UtcDatetime, nullable=False),
    Column("finished", UtcDatetime, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("action", Text),
    Column("posts", Integer, nullable=False),
    Column("next_due", UtcDatetime, nullable=False),
    Index("ix_runs_source", "source", "id"),
    Index("ix_runs_finished", "finished"),
)

backfills = Table(
    "backfills",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("source", Text, nullable=False),
    Column("since", UtcDatetime, nullable=False),
    Column("until", UtcDatetime, nullable=False),
    Column("open_end", Boolean, nullable=False),
    Column("cursor", Json),
    Column("reached", UtcDatetime),
    Column("posts", BigInteger, nullable=False),
    Column("started", UtcDatetime, nullable=False),
    Column("finished", UtcDatetime),
    Column("lease_owner", Text),
    Column("lease_until", UtcDatetime),
    Column("fence", BigInteger, nullable=False),
    Index("ix_backfills_source", "source", "since"),
)

versions = Table(
    "versions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("reach_digest", Text),
    Column("seen", UtcDatetime, nullable=False),
    Index("ix_versions_seen", "seen"),
)

quotas = Table(
    "quotas",
    metadata,
    Column("service", Text, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("recent", Json, nullable=False),
    Column("day", Json, nullable=False),
    Column("blocked_since", UtcDatetime),
    Column("blocked_until", UtcDatetime),
    Column("reason", Text),
    Column("slow_since", UtcDatetime),
    Column("slow_until", UtcDatetime),
)

resolved = Table(
    "resolved",
    metadata,
    Column("service", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("id", BigInteger, nullable=False),
    Column("access_hash", BigInteger),
    Column("expires", UtcDatetime, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("incident", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("position", BigInteger, unique=True),
    Column("sent", UtcDatetime),
    UniqueConstraint("incident", "sequence"),
    Index("ix_outbox_new", "id", sqlite_where=text("position IS NULL"), postgresql_where=text("position IS NULL")),
    Index("ix_outbox_unsent", "position", sqlite_where=text("sent IS NULL"), postgresql_where=text("sent IS NULL")),
    Index("ix_outbox_sent", "sent"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("left_post", Text, nullable=False),
    Column("right_post", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("made", UtcDatetime, nullable=False),
    Column("undone_by", Text),
    Column("undone", UtcDatetime),
    Column("ruling", BigInteger),
    CheckConstraint("kind IN ('must_link', 'cannot_link')", name="kind"),
    Index("ix_decisions_left", "left_post"),
    Index("ix_decisions_right", "right_post"),
    Index("ix_decisions_ruling", "ruling"),
)

rulings = Table(
    "rulings",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("incidents", Json, nullable=False),
    Column("posts", Json, nullable=False),
    Column("actor", Text, nullable=False),
    Column("made", UtcDatetime, nullable=False),
    Column("comment", Text),
    Column("undone_by", Text),
    Column("undone", UtcDatetime),
    Column("opened", Json),
)
"""What a person did with incidents in one go; the pairs of posts that this ties or parts are `decisions`."""

audit = Table(
    "audit",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", UtcDatetime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("details", Json),
    Index("ix_audit_object", "object", "id"),
    Index("ix_audit_at", "at"),
)
"""Rows are only added; what is `store.audit.PROTECTED` older than the newest may be deleted. Triggers see to both."""

forgotten = Table(
    "forgotten",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("until", UtcDatetime),
    Column("at", UtcDatetime, nullable=False),
)
"""What was erased on request and must not come back: keyed digests, see `store.forgotten`."""

keys = Table(
    "keys",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Random keys that the database keeps for itself."""
