"""How sources fare over several visits, their posts per hour, and what sinks were told of it."""

import sqlalchemy as sa
from alembic import op

from store.types import Json, UtcDatetime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "standings",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("health", sa.Text(), nullable=False),
        sa.Column("since", UtcDatetime),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("bad_visits", sa.Integer(), nullable=False),
        sa.Column("bad_since", UtcDatetime),
        sa.Column("good", UtcDatetime),
        sa.Column("watched", UtcDatetime),
        sa.Column("reason", sa.Text()),
        sa.Column("action", sa.Text()),
        sa.PrimaryKeyConstraint("source", name="pk_standings"),
        sa.ForeignKeyConstraint(["source"], ["sources.id"], name="fk_standings_source"),
    )
    op.create_table(
        "source_hours",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "hour", name="pk_source_hours"),
    )
    op.create_table(
        "source_events",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDatetime, nullable=False),
        sa.Column("status", Json, nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_source_events"),
    )
    unsent = sa.text("NOT sent")
    op.create_index(
        "ix_source_events_unsent", "source_events", ["position"], sqlite_where=unsent, postgresql_where=unsent
    )
    op.create_index("ix_source_events_at", "source_events", ["at"])
    op.create_table(
        "digests",
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sent", UtcDatetime),
        sa.Column("named", Json, nullable=False),
        sa.Column("pending", Json),
        sa.Column("busy_until", UtcDatetime),
        sa.PrimaryKeyConstraint("sink", name="pk_digests"),
    )
    op.execute("INSERT INTO counters (name, value) VALUES ('source_events', 0), ('relay-sources', 0)")
