"""From where to where an incident moved may go out of its history: an erasure on request asks for it."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        words, move = ("json_remove(OLD.details, '$.comment', '$.answer')", "json_remove(OLD.details, '$.place')")
        details, moved = "json(NEW.details)", "json_type(OLD.details, '$.place') IS NOT NULL"
    else:
        words, move = ("OLD.details - 'comment' - 'answer'", "OLD.details - 'place'")
        details, moved = "NEW.details", "OLD.details -> 'place' IS NOT NULL"
    names = ("incident", "sequence", "at", "type", "actor", "status", "posts")
    same = " AND ".join(f"OLD.{name} = NEW.{name}" for name in names)
    wordless = f"OLD.worded AND NOT NEW.worded AND {details} = {words}"
    placeless = f"OLD.worded = NEW.worded AND {moved} AND {details} = {move}"
    refused = f"NOT ({same} AND ({wordless} OR {placeless}))"
    if is_sqlite:
        op.execute("DROP TRIGGER incident_history_no_update")
        op.execute(
            f"CREATE TRIGGER incident_history_no_update BEFORE UPDATE ON incident_history WHEN {refused} "
            "BEGIN SELECT RAISE(ABORT, 'incident_history is append-only'); END"
        )
        return
    op.execute("DROP TRIGGER incident_history_no_update ON incident_history")
    op.execute(
        "CREATE TRIGGER incident_history_no_update BEFORE UPDATE ON incident_history FOR EACH ROW "
        f"WHEN ({refused}) EXECUTE FUNCTION incident_history_refuse()"
    )
