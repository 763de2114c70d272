"""What was erased on request, what retention looks for, and an audit whose old rows may go."""

import secrets

import sqlalchemy as sa
from alembic import op

from store.types import UtcDatetime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "forgotten",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("until", UtcDatetime),
        sa.Column("at", UtcDatetime, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_forgotten"),
    )
    keys = op.create_table(
        "keys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_keys"),
    )
    op.bulk_insert(keys, [{"name": "forgotten", "value": secrets.token_hex(32)}])
    op.add_column(
        "incident_history", sa.Column("worded", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    _words_of_the_history_may_go()
    worded, with_text = sa.text("worded"), sa.text("text IS NOT NULL")
    op.create_index(
        "ix_incident_history_worded", "incident_history", ["at"], sqlite_where=worded, postgresql_where=worded
    )
    op.create_index("ix_posts_text", "posts", ["collected"], sqlite_where=with_text, postgresql_where=with_text)
    op.create_index("ix_audit_at", "audit", ["at"])
    _old_rows_of_the_audit_may_go()


def _old_rows_of_the_audit_may_go() -> None:
    """Measured from the newest row, not by the clock: one that is wrong must not open the way."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_delete")
        op.execute(
            "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
            "WHEN datetime(OLD.at) > datetime((SELECT max(at) FROM audit), '-365 days') "
            "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
        )
        return
    op.execute("DROP TRIGGER audit_no_change ON audit")
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
    )
    op.execute(
        "CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF OLD.at > (SELECT max(at) FROM audit) - interval '365 days' THEN "
        "RAISE EXCEPTION 'audit is append-only'; END IF; RETURN OLD; END $$"
    )
    op.execute("CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keep()")


def _words_of_the_history_may_go() -> None:
    """Comments and answers, all of a row's at once; whatever else is on record stays as it is."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(
        "DROP TRIGGER incident_history_no_update"
        if is_sqlite
        else "DROP TRIGGER incident_history_no_change ON incident_history"
    )
    op.execute(
        "UPDATE incident_history SET worded = true "
        "WHERE CAST(details AS TEXT) LIKE '%\"comment\":%' OR CAST(details AS TEXT) LIKE '%\"answer\":%'"
    )
    same = " AND ".join(f"OLD.{name} = NEW.{name}" for name in ("incident", "sequence", "at", "type", "actor", "posts"))
    allowed = f"OLD.worded AND NOT NEW.worded AND OLD.status = NEW.status AND {same}"
    if is_sqlite:
        op.execute(
            "CREATE TRIGGER incident_history_no_update BEFORE UPDATE ON incident_history "
            f"WHEN NOT ({allowed} AND json(NEW.details) = json_remove(OLD.details, '$.comment', '$.answer')) "
            "BEGIN SELECT RAISE(ABORT, 'incident_history is append-only'); END"
        )
        return
    op.execute(
        "CREATE TRIGGER incident_history_no_change BEFORE DELETE OR TRUNCATE ON incident_history "
        "FOR EACH STATEMENT EXECUTE FUNCTION incident_history_refuse()"
    )
    op.execute(
        "CREATE TRIGGER incident_history_no_update BEFORE UPDATE ON incident_history FOR EACH ROW "
        f"WHEN (NOT ({allowed} AND NEW.details = OLD.details - 'comment' - 'answer')) "
        "EXECUTE FUNCTION incident_history_refuse()"
    )
