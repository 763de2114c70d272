"""The version of the schema: which one the database has, and how it is brought up to this program's."""

from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from store.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

MISSING = (
    "В базе {name} ещё нет таблиц Отклика. Создайте их: otklik db upgrade ФАЙЛ (базу SQLite создаёт и otklik run)."
)
OLD = "Таблицы в базе {name} старой версии ({found}, нужна {head}). Обновите их: otklik db upgrade."
NEW = (
    "Таблицы в базе {name} новее этой программы (версия {found}, программа знает до {head}). "
    "Обновите otklik на этой машине или укажите другую базу."
)

UPGRADE_LOCK = 0x6F746B6C
"""Key of PostgreSQL's advisory lock around an upgrade: «otkl», any number nobody else uses."""


def check(conn: Connection, name: str) -> None:
    """See that the database has this program's schema.

    Raises:
        StoreError: it is missing, older or newer.
    """
    found = _found(conn)
    if found is None:
        raise StoreError(MISSING.format(name=name), transient=False)
    if found != head():
        refuse_newer(found, name)
        raise StoreError(OLD.format(name=name, found=found, head=head()), transient=False)


def upgrade(conn: Connection, name: str, revision: str = "head") -> bool:
    """Migrate within the caller's transaction. False: there was nothing to do.

    Raises:
        StoreError: the schema is newer than this program.
    """
    from alembic import command  # noqa: PLC0415  (a tenth of a second that only this command needs)

    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
    found = _found(conn)
    if found is not None:
        refuse_newer(found, name)
    if found == head():
        return False
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, revision)
    return True


def refuse_newer(found: str, name: str) -> None:
    """See that this program knows the revision `found`.

    Raises:
        StoreError: it does not, so a newer program has written it.
    """
    known = {script.revision for script in _scripts().walk_revisions()}
    if found not in known:
        raise StoreError(NEW.format(name=name, found=found, head=head()), transient=False)


@cache
def head() -> str:
    """The newest revision that this program knows."""
    found = _scripts().get_current_head()
    assert found is not None
    return found


def _found(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "store:migrations")  # a resource of the package: also in a wheel
    config.set_main_option("path_separator", "os")
    return config


@cache
def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return ScriptDirectory.from_config(_config())
