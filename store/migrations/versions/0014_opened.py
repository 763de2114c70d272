"""Incidents by registration are an index: Open311 asks for spans of it."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_index("ix_incidents_opened", "incidents", ["opened", "id"])
