"""Back-fills of sources and how far they got; who waits for what another process holds."""

import sqlalchemy as sa
from alembic import op

from store.types import BigId, Json, UtcDatetime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "backfills",
        sa.Column("id", BigId, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("since", UtcDatetime, nullable=False),
        sa.Column("until", UtcDatetime, nullable=False),
        sa.Column("open_end", sa.Boolean(), nullable=False),
        sa.Column("cursor", Json),
        sa.Column("reached", UtcDatetime),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.Column("started", UtcDatetime, nullable=False),
        sa.Column("finished", UtcDatetime),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", UtcDatetime),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_backfills"),
    )
    op.create_index("ix_backfills_source", "backfills", ["source", "since"])
    op.add_column("holds", sa.Column("wanted", sa.Text()))
