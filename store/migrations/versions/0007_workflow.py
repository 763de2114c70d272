"""What people do with incidents: answers, reopening, and rulings that decisions about posts belong to."""

import sqlalchemy as sa
from alembic import op

from store.types import BigId, Json, UtcDatetime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("incidents", sa.Column("status_since", UtcDatetime))
    op.add_column("incidents", sa.Column("reopened", UtcDatetime))
    op.add_column("incidents", sa.Column("recurring", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("incidents", sa.Column("answer", sa.Text()))
    # Until now nobody but the grouping changed a status, and it did so with the last change.
    op.execute("UPDATE incidents SET status_since = CASE WHEN status = 'new' THEN opened ELSE updated END")
    op.drop_index("ix_incidents_due", "incidents")
    clock = sa.text("answer_due IS NOT NULL AND status IN ('new', 'confirmed', 'assigned', 'waiting', 'reopened')")
    op.create_index("ix_incidents_due", "incidents", ["answer_due", "id"], sqlite_where=clock, postgresql_where=clock)
    op.create_table(
        "rulings",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("incidents", Json, nullable=False),
        sa.Column("posts", Json, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("made", UtcDatetime, nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("undone_by", sa.Text()),
        sa.Column("undone", UtcDatetime),
        sa.PrimaryKeyConstraint("id", name="pk_rulings"),
    )
    op.add_column("decisions", sa.Column("ruling", sa.BigInteger()))
    op.create_index("ix_decisions_ruling", "decisions", ["ruling"])
