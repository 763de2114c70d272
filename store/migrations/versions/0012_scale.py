"""The order of work over all statuses is an index."""

from alembic import op

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    op.create_index("ix_incidents_urgent", "incidents", ["priority", "id"])
