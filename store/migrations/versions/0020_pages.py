"""Pages of a status by the time of registration, which SQLite reads from no index but one that has both."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_index("ix_incidents_registered", "incidents", ["status", "opened", "id"])
