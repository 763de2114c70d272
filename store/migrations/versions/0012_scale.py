"""Titles and the order of work are found by indexes, in a million incidents, too."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("ix_incidents_urgent", "incidents", ["priority", "id"])
    op.create_index("ix_incidents_title", "incidents", ["title", "id"])
