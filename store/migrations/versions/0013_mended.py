"""What waits for a citizen is not overdue; retention finds what is left of deleted posts; marks of erased posts and of
incidents that the rules assigned; rulings know when their incidents had been registered."""

import sqlalchemy as sa
from alembic import op

from store.types import Json

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("posts", sa.Column("erased", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("rulings", sa.Column("opened", Json))
    op.add_column("incidents", sa.Column("auto_assigned", sa.Boolean(), nullable=False, server_default=sa.false()))
    clock = "answer_due IS NOT NULL AND status IN ('new', 'confirmed', 'assigned', 'reopened')"
    _again("ix_incidents_due", "incidents", ["status", "answer_due"], clock)
    _again("ix_posts_text", "posts", ["collected"], "(text IS NOT NULL OR traits IS NOT NULL)")


def _again(name: str, table: str, columns: list[str], condition: str) -> None:
    op.drop_index(name, table)
    op.create_index(name, table, columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))
