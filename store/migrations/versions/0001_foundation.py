"""Sources, quotas, versions, the outbox, decisions by hand and the audit."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from store.types import BigId, Json, UtcDatetime

revision = "0001"
down_revision = None


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    _people()
    _outbox()
    _bookkeeping()
    _sources()
    _versions()
    _audit_only_grows()


def _people() -> None:
    op.create_table(
        "audit",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", UtcDatetime, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("details", Json),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_object", "audit", ["object", "id"])
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    # `outbox` counts the positions given out; the other two are only ever locked: by the one relay at work, and by
    # whoever is taking leases.
    op.execute("INSERT INTO counters (name, value) VALUES ('outbox', 0), ('relay', 0), ('lease', 0)")
    op.create_table(
        "decisions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("left_post", sa.Text(), nullable=False),
        sa.Column("right_post", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("made", UtcDatetime, nullable=False),
        sa.Column("undone_by", sa.Text()),
        sa.Column("undone", UtcDatetime),
        sa.CheckConstraint("kind IN ('must_link', 'cannot_link')", name="ck_decisions_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_left", "decisions", ["left_post"])
    op.create_index("ix_decisions_right", "decisions", ["right_post"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", BigId, nullable=False),
        sa.Column("incident", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger()),
        sa.Column("sent", UtcDatetime),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("incident", "sequence", name="uq_outbox_incident_sequence"),
        sa.UniqueConstraint("position", name="uq_outbox_position"),
    )
    op.create_index("ix_outbox_new", "outbox", ["id"], **_where("position IS NULL"))
    op.create_index("ix_outbox_sent", "outbox", ["sent"])
    op.create_index("ix_outbox_unsent", "outbox", ["position"], **_where("sent IS NULL"))


def _bookkeeping() -> None:
    op.create_table(
        "quotas",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("recent", Json, nullable=False),
        sa.Column("day", Json, nullable=False),
        sa.PrimaryKeyConstraint("service", "method", "token", name="pk_quotas"),
    )
    op.create_table(
        "runs",
        sa.Column("id", BigId, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started", UtcDatetime, nullable=False),
        sa.Column("finished", UtcDatetime, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("action", sa.Text()),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("next_due", UtcDatetime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_finished", "runs", ["finished"])
    op.create_index("ix_runs_source", "runs", ["source", "id"])
    op.create_table(
        "slots",
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("next_free", UtcDatetime, nullable=False),
        sa.PrimaryKeyConstraint("slot", name="pk_slots"),
    )


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("every_seconds", sa.Double()),
        sa.Column("settings_digest", sa.Text(), nullable=False),
        sa.Column("cursor", Json),
        sa.Column("interval_seconds", sa.Double()),
        sa.Column("next_due", UtcDatetime, nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", UtcDatetime),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("last_started", UtcDatetime),
        sa.Column("last_finished", UtcDatetime),
        sa.Column("outcome", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("action", sa.Text()),
        sa.Column("posts", sa.Integer()),
        sa.Column("posts_total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
    )
    op.create_index("ix_sources_due", "sources", ["next_due", "id"], **_where("enabled AND lease_owner IS NULL"))
    op.create_index("uq_sources_slot_taken", "sources", ["slot"], unique=True, **_where("lease_owner IS NOT NULL"))


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("reach_digest", sa.Text()),
        sa.Column("seen", UtcDatetime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_versions"),
    )
    op.create_index("ix_versions_seen", "versions", ["seen"])


def _audit_only_grows() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
    )
