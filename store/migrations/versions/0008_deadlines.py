"""Terms of solution, pauses, alarms that were raised, why an authority is proposed, and the order of work."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from store.types import Json, UtcDatetime

revision = "0008"
down_revision = "0007"
OPEN = sa.text("answer_due IS NOT NULL AND status IN ('new', 'confirmed', 'assigned', 'reopened')")


def upgrade() -> None:
    with op.batch_alter_table("incidents") as table:
        table.add_column(sa.Column("authority_reason", sa.Text()))
        table.add_column(sa.Column("solution_due", UtcDatetime))
        table.add_column(sa.Column("pauses", Json))
        table.add_column(sa.Column("due_soon", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("overdue", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("escalated_to", sa.Text()))
        table.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("priority_reasons", Json))
        table.add_column(sa.Column("alarm", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_incidents_priority", "incidents", ["status", "priority", "id"])
    op.create_index(
        "ix_incidents_alarm", "incidents", ["alarm", "answer_due"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    _what_is_overdue_is_known()


def _what_is_overdue_is_known() -> None:
    """Else each of years of old incidents would be told of, and escalated, at the first start."""
    due = sa.column("answer_due", UtcDatetime)
    table = sa.table("incidents", due, sa.column("alarm"), sa.column("due_soon"), sa.column("overdue"))
    escalated = 3  # store.alarms.Alarm.ESCALATED: nothing is left to tell of this term
    told = {"alarm": escalated, "due_soon": sa.true(), "overdue": sa.true()}
    op.execute(table.update().where(OPEN, due < datetime.now(UTC)).values(told))
