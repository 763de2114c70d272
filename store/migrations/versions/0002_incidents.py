"""Posts, incidents and their history."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from store.types import BigId, Json, UtcDatetime

revision = "0002"
down_revision = "0001"


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "places",
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_places"),
    )
    _incidents()
    _posts()
    _history()
    _history_only_grows()


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", BigId, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("municipality", sa.Text()),
        sa.Column("municipality_name", sa.Text()),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("authority", sa.Text()),
        sa.Column("authority_name", sa.Text()),
        sa.Column("opened", UtcDatetime, nullable=False),
        sa.Column("updated", UtcDatetime, nullable=False),
        sa.Column("first_published", UtcDatetime, nullable=False),
        sa.Column("last_published", UtcDatetime, nullable=False),
        sa.Column("answer_due", UtcDatetime),
        sa.Column("history", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_status", "incidents", ["status", "id"])
    for column in ("municipality", "group", "topic", "authority"):
        op.create_index(f"ix_incidents_{column}", "incidents", [column, "status", "id"])
    op.create_index("ix_incidents_updated", "incidents", ["updated"])
    open_with_clock = "answer_due IS NOT NULL AND status IN ('new', 'confirmed', 'assigned', 'waiting')"
    op.create_index("ix_incidents_due", "incidents", ["answer_due", "id"], **_where(open_with_clock))


def _posts() -> None:
    op.create_table(
        "posts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("incident", sa.BigInteger()),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("collected", UtcDatetime, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("tagged_revision", sa.BigInteger()),
        sa.Column("tagged_collected", UtcDatetime),
        sa.Column("model", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("author", sa.Text()),
        sa.Column("parent", sa.Text()),
        sa.Column("published", UtcDatetime, nullable=False),
        sa.Column("history", sa.Boolean(), nullable=False),
        sa.Column("relevant", sa.Boolean(), nullable=False),
        sa.Column("municipality", sa.Text()),
        sa.Column("municipality_name", sa.Text()),
        sa.Column("settlement", sa.Text()),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("context", sa.Text()),
        sa.Column("tags", Json),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_posts_incident"),
    )
    op.create_index(
        "ix_posts_near",
        "posts",
        ["municipality", "topic", "published"],
        **_where("relevant AND municipality IS NOT NULL"),
    )
    op.create_index("ix_posts_incident", "posts", ["incident"], **_where("incident IS NOT NULL"))


def _history() -> None:
    op.create_table(
        "incident_history",
        sa.Column("incident", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDatetime, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("details", Json, nullable=False),
        sa.PrimaryKeyConstraint("incident", "sequence", name="pk_incident_history"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_incident_history_incident"),
    )


def _history_only_grows() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER incident_history_no_{change.lower()} BEFORE {change} ON incident_history "
                "BEGIN SELECT RAISE(ABORT, 'incident_history is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION incident_history_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'incident_history is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER incident_history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_history "
        "FOR EACH STATEMENT EXECUTE FUNCTION incident_history_refuse()"
    )
