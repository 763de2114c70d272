"""Tables of posts, incidents and their history. The others: `tables`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    false,
    text,
)

from store.metadata import metadata
from store.types import BigId, Json, UtcDatetime

places = Table(
    "places",
    metadata,
    Column("place", Text, primary_key=True),
)
"""A row per municipality, and one for posts without any: locked by whoever changes what belongs together there."""

incidents = Table(
    "incidents",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("municipality", Text),
    Column("municipality_name", Text),
    Column("address", Text),
    Column("group", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("needs_review", Boolean, nullable=False),
    Column("authority", Text),
    Column("authority_name", Text),
    Column("opened", UtcDatetime, nullable=False),
    Column("updated", UtcDatetime, nullable=False),
    Column("first_published", UtcDatetime, nullable=False),
    Column("last_published", UtcDatetime, nullable=False),
    Column("answer_due", UtcDatetime),
    Column("history", Boolean, nullable=False),
    Column("merged_into", BigInteger),
    Column("status_since", UtcDatetime),
    Column("reopened", UtcDatetime),
    Column("recurring", Boolean, nullable=False, server_default=text("false")),
    Column("answer", Text),
    Column("authority_reason", Text),
    Column("auto_assigned", Boolean, nullable=False, server_default=false()),
    Column("solution_due", UtcDatetime),
    Column("pauses", Json),
    Column("due_soon", Boolean, nullable=False, server_default=false()),
    Column("overdue", Boolean, nullable=False, server_default=false()),
    Column("escalated_to", Text),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("priority_reasons", Json),
    # The last alarm raised for this answer_due (see store.alarms); no part of a snapshot.
    Column("alarm", Integer, nullable=False, server_default="0"),
    # Lists are paged by id, newest first, under one or two filters: each filter's own order is an index.
    Index("ix_incidents_status", "status", "id"),
    Index("ix_incidents_municipality", "municipality", "status", "id"),
    Index("ix_incidents_group", "group", "status", "id"),
    Index("ix_incidents_topic", "topic", "status", "id"),
    Index("ix_incidents_title", "title", "status", "id"),
    Index("ix_incidents_authority", "authority", "status", "id"),
    Index("ix_incidents_updated", "updated"),
    Index("ix_incidents_priority", "status", "priority", "id"),
    Index("ix_incidents_urgent", "priority", "id"),
    Index("ix_incidents_opened", "opened", "id"),
    Index("ix_incidents_registered", "status", "opened", "id"),
)
RUNNING = ("new", "confirmed", "assigned", "reopened")
"""Statuses in which the clock of the answer runs: while waiting for the citizen it stands still."""
WITH_CLOCK = text(f"answer_due IS NOT NULL AND status IN {RUNNING}")
"""To be asked as it stands: SQLite does not see that bound values are those of its partial indexes."""
# By status first: else SQLite, which has counted nothing, takes the index of the priority.
Index(
    "ix_incidents_due",
    incidents.c.status,
    incidents.c.answer_due,
    sqlite_where=WITH_CLOCK,
    postgresql_where=WITH_CLOCK,
)
Index(
    "ix_incidents_alarm",
    incidents.c.alarm,
    incidents.c.answer_due,
    sqlite_where=WITH_CLOCK,
    postgresql_where=WITH_CLOCK,
)

titles = Table(
    "titles",
    metadata,
    Column("title", Text, primary_key=True),
    Column("lowered", Text, nullable=False),
)
"""Every title that an incident has or had, and the same in lower case, Russian letters included, whatever the locale of
the database. Triggers on `incidents` add them. A title is of a topic and a place, so these are few."""

posts = Table(
    "posts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("incident", BigInteger, ForeignKey("incidents.id")),
    Column("revision", BigInteger, nullable=False),
    Column("collected", UtcDatetime, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("tagged_revision", BigInteger),
    Column("tagged_collected", UtcDatetime),
    Column("model", Text),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("url", Text),
    Column("author", Text),
    Column("parent", Text),
    Column("published", UtcDatetime, nullable=False),
    Column("history", Boolean, nullable=False),
    Column("relevant", Boolean, nullable=False),
    Column("municipality", Text),
    Column("municipality_name", Text),
    Column("settlement", Text),
    Column("group", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("needs_review", Boolean, nullable=False),
    Column("common", Text),
    Column("address", Text),
    Column("street", Text),
    Column("wording", Text),
    Column("link", Text),
    Column("signature", LargeBinary),
    Column("traits", Json),
    Column("attached_by", Text),
    Column("attached_to", Text),
    Column("attached_sure", Float),
    Column("erased", Boolean, nullable=False, server_default=false()),
    # What the machine and people say of its place, where people do; see incidents.placing.
    Column("placed", Json),
    # Wide and seldom read: last, so that SQLite need not page through them.
    Column("title", Text),
    Column("text", Text),
    Column("context", Text),
    Column("tags", Json),
)
GROUPED = text("relevant AND municipality IS NOT NULL")
Index(
    "ix_posts_near",
    posts.c.municipality,
    posts.c.topic,
    posts.c.published,
    sqlite_where=GROUPED,
    postgresql_where=GROUPED,
)
WORDED_POST = text("(text IS NOT NULL OR traits IS NOT NULL)")
"""Something of a post's words is left: of one that was deleted, what grouping made of them."""
Index("ix_posts_text", posts.c.collected, sqlite_where=WORDED_POST, postgresql_where=WORDED_POST)
for column in ("common", "address", "wording", "link", "parent"):
    # Most posts have no address and no link, answer nothing and are no trouble: these indexes are small.
    given = text(f"relevant AND municipality IS NOT NULL AND {column} IS NOT NULL")
    order = [posts.c.municipality] if column in ("common", "address") else []
    Index(f"ix_posts_{column}", *order, posts.c[column], posts.c.published, sqlite_where=given, postgresql_where=given)
IN_INCIDENT = text("incident IS NOT NULL")
Index("ix_posts_incident", posts.c.incident, sqlite_where=IN_INCIDENT, postgresql_where=IN_INCIDENT)

incident_history = Table(
    "incident_history",
    metadata,
    Column("incident", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("at", UtcDatetime, nullable=False),
    Column("type", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("posts", Integer, nullable=False),
    Column("details", Json, nullable=False),
    Column("worded", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("incident", "sequence"),
)
WORDED = text("worded")
Index("ix_incident_history_worded", incident_history.c.at, sqlite_where=WORDED, postgresql_where=WORDED)
"""One row per event, kept when the outbox is pruned. `details`: see `store.incidents`; `worded`: there is a
comment or an answer in them, until retention takes it out."""
