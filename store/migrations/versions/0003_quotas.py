"""Flood waits and slower paces of tokens; names that were looked up once."""

import sqlalchemy as sa
from alembic import op

from store.types import UtcDatetime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for name in ("blocked_since", "blocked_until", "slow_since", "slow_until"):
        op.add_column("quotas", sa.Column(name, UtcDatetime))
    op.add_column("quotas", sa.Column("reason", sa.Text()))
    op.create_table(
        "resolved",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("access_hash", sa.BigInteger()),
        sa.Column("expires", UtcDatetime, nullable=False),
        sa.PrimaryKeyConstraint("service", "token", "name", name="pk_resolved"),
    )
