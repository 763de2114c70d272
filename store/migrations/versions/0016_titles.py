"""The different titles of incidents: some thousands, however many incidents there are, and what a search looks through.

Triggers keep them, so that whoever writes an incident cannot forget to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

KEEP = "INSERT INTO titles (title, lowered) VALUES (NEW.title, {lowered}) ON CONFLICT DO NOTHING"


def upgrade() -> None:
    op.create_table(
        "titles",
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("lowered", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("title", name="pk_titles"),
    )
    op.create_index("ix_incidents_title", "incidents", ["title", "status", "id"])
    if op.get_bind().dialect.name == "sqlite":
        lowered = "lower({})"  # ours: see `store.engine`
        for change in ("INSERT", "UPDATE OF title"):
            changed = "WHEN OLD.title <> NEW.title" if "UPDATE" in change else ""
            op.execute(
                f"CREATE TRIGGER incidents_title_{change.split()[0].lower()} AFTER {change} ON incidents "
                f"{changed} BEGIN {KEEP.format(lowered=lowered.format('NEW.title'))}; END"
            )
    else:
        # In a cluster with the locale C, the database's own rules know ASCII only.
        lowered = 'lower({} COLLATE "und-x-icu")'
        op.execute(
            "CREATE FUNCTION incidents_title() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {KEEP.format(lowered=lowered.format('NEW.title'))}; RETURN NULL; END $$"
        )
        op.execute(
            "CREATE TRIGGER incidents_title_insert AFTER INSERT ON incidents "
            "FOR EACH ROW EXECUTE FUNCTION incidents_title()"
        )
        op.execute(
            "CREATE TRIGGER incidents_title_update AFTER UPDATE OF title ON incidents "
            "FOR EACH ROW WHEN (OLD.title <> NEW.title) EXECUTE FUNCTION incidents_title()"
        )
    op.execute(f"INSERT INTO titles SELECT title, {lowered.format('title')} FROM incidents GROUP BY title")  # noqa: S608
