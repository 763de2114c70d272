"""What grouping looks at beside topic and time, and why a post is in its incident."""

import sqlalchemy as sa
from alembic import op

from store.types import Json

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for name in ("address", "street", "wording", "link", "attached_by", "attached_to"):
        op.add_column("posts", sa.Column(name, sa.Text()))
    op.add_column("posts", sa.Column("signature", sa.LargeBinary()))
    op.add_column("posts", sa.Column("traits", Json))
    op.add_column("posts", sa.Column("attached_sure", sa.Float()))
    for name in ("address", "wording", "link", "parent"):
        given = sa.text(f"relevant AND municipality IS NOT NULL AND {name} IS NOT NULL")
        columns = ["municipality", name, "published"] if name == "address" else [name, "published"]
        op.create_index(f"ix_posts_{name}", "posts", columns, sqlite_where=given, postgresql_where=given)
