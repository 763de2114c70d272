"""What people say of where a matter is: in each post the machine's word and theirs, in the incident the address."""

import sqlalchemy as sa
from alembic import op

from store.types import Json

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("posts", sa.Column("placed", Json))
    op.add_column("incidents", sa.Column("address", sa.Text()))
