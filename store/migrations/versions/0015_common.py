"""The common trouble that a post tells of, by which grouping reads its neighbours."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("posts", sa.Column("common", sa.Text()))
    given = sa.text("relevant AND municipality IS NOT NULL AND common IS NOT NULL")
    columns = ["municipality", "common", "published"]
    op.create_index("ix_posts_common", "posts", columns, sqlite_where=given, postgresql_where=given)
