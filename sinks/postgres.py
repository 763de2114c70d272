"""Tables of another PostgreSQL for others to read: every event, and each incident in its last state."""

from collections.abc import Sequence
from typing import Annotated, Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from pydantic import AfterValidator, Field, SecretStr

from schemas import CloudEvent, IncidentEvent
from sinks.base import DeliveryFailed, EventRefused, SinkSettings

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 60

_TABLES = """
CREATE TABLE IF NOT EXISTS {schema}.events (
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    id text PRIMARY KEY,
    type text NOT NULL,
    subject text NOT NULL,
    time timestamptz NOT NULL,
    event jsonb NOT NULL
);
CREATE TABLE IF NOT EXISTS {schema}.incidents (
    id bigint PRIMARY KEY,
    sequence bigint NOT NULL,
    status text NOT NULL,
    title text NOT NULL,
    municipality text,
    municipality_name text,
    "group" text NOT NULL,
    topic text NOT NULL,
    urgency text NOT NULL,
    authority text,
    authority_name text,
    opened timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    answer_due timestamptz,
    posts integer NOT NULL,
    incident jsonb NOT NULL
);
"""
_EVENT = """
INSERT INTO {schema}.events (id, type, subject, time, event) VALUES (%s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
_BY_SUBJECT = "CREATE INDEX IF NOT EXISTS events_subject ON {schema}.events (subject)"
_REDACT = """
UPDATE {schema}.events AS old
SET event = jsonb_set(old.event, '{{data}}', old.event -> 'data' || jsonb_build_object('place', NULL, 'incident',
    old.event #> '{{data,incident}}' || jsonb_build_object('urls', '[]'::jsonb, 'address', NULL,
        'title', old.event #> '{{data,incident,topic}}')))
FROM (
    SELECT subject, max((event #>> '{{data,incident,sequence}}')::bigint) AS sequence
    FROM {schema}.events WHERE subject = ANY(%s) AND type = 'incident.redacted' GROUP BY subject
) AS new
WHERE old.subject = new.subject AND (old.event #>> '{{data,incident,sequence}}')::bigint < new.sequence
"""
"""Earlier snapshots keep neither links, of which an erasure took some, nor an address, nor a title in which a
settlement stood: the topic takes its place, which names none."""
COLUMNS = (
    "id", "sequence", "status", "title", "municipality", "municipality_name", "group", "topic", "urgency", "authority",
    "authority_name", "opened", "updated", "answer_due",
)  # fmt: skip
"""Of `incidents`, as they stand in an Incident; `posts` counts them, `incident` is all of it."""


def _postgres(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("непонятный адрес: нужно postgresql://пользователь:пароль@машина/база")
    return value


class PostgresSettings(SinkSettings):
    url: Annotated[SecretStr, AfterValidator(_postgres)]
    db_schema: str = Field(default="otklik", alias="schema", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    """Made where it is missing, if the user may."""


class PostgresSink:
    """A batch is one transaction. An event is stored once, however often it comes; an older state replaces no newer."""

    def __init__(self, settings: PostgresSettings, id: str) -> None:
        self._url = settings.url.get_secret_value()
        self._id = id
        self._schema = settings.db_schema
        self._conn: psycopg.Connection[Any] | None = None

    def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Store the events.

        Raises:
            DeliveryFailed: no connection, no rights, no room.
            EventRefused: PostgreSQL can't hold a text of it (a zero character).
        """
        if not events:
            return
        try:
            conn = self._connected()
            with conn.transaction():
                redacted = [event.subject for event in events if self._store(conn, event)]
                if redacted:
                    conn.execute(self._sql(_REDACT), [redacted])
        except psycopg.DataError as error:
            self.close()
            self._one_by_one(events, error)
        except psycopg.Error as error:
            self.close()
            raise DeliveryFailed(self._explain(error)) from error

    def check(self) -> str | None:
        """Makes the tables where they are missing, and writes to them in a transaction that is taken back."""
        try:
            conn = self._connected()
            with conn.transaction(force_rollback=True):
                conn.execute(self._sql("DELETE FROM {schema}.events WHERE false"))
                conn.execute(self._sql(_EVENT), ("check", "check", "check", "2026-01-01T00:00:00Z", Jsonb({})))
                conn.execute(self._sql("UPDATE {schema}.incidents SET sequence = sequence WHERE false"))
                conn.execute(self._sql("INSERT INTO {schema}.incidents SELECT * FROM {schema}.incidents WHERE false"))
        except psycopg.Error as error:
            self.close()
            return self._explain(error)
        return None

    def close(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._conn is None or self._conn.closed:
            conn = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                application_name=f"otklik sink {self._id}",
                options=f"-c statement_timeout={STATEMENT_SECONDS}s",
            )
            self._conn = conn
            self._prepare(conn)
        return self._conn

    def _prepare(self, conn: psycopg.Connection[Any]) -> None:
        """The tables. A user who may only write needs no right to make what is there already."""
        names = [f"{self._schema}.{name}" for name in ("events", "incidents", "events_subject")]
        found = conn.execute("SELECT to_regclass(%s), to_regclass(%s), to_regclass(%s)", names).fetchone() or (None,)
        if None not in found:
            return
        if None in found[:2]:
            with conn.transaction():
                conn.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"otklik sink {self._schema}"])
                if conn.execute("SELECT to_regnamespace(%s)", [self._schema]).fetchone() == (None,):
                    conn.execute(self._sql("CREATE SCHEMA {schema}"))
                conn.execute(self._sql(_TABLES))
        try:
            conn.execute(self._sql(_BY_SUBJECT))
        except psycopg.errors.InsufficientPrivilege:  # tables of an older version, made by another user
            import structlog  # noqa: PLC0415  (brings in twisted, which reading the settings need not wait for)

            structlog.get_logger().warning(
                "index_missing", sink=self._id, index=names[2], needs="its owner: otklik sinks test"
            )

    def _store(self, conn: psycopg.Connection[Any], event: CloudEvent) -> bool:
        """Whether earlier events of the subject may hold what was erased, or this one, which comes late."""
        whole = Jsonb(event.model_dump(mode="json"))
        conn.execute(self._sql(_EVENT), (event.id, event.type, event.subject, event.time, whole))
        if not isinstance(event, IncidentEvent):
            return False
        incident = event.data.incident
        values = [getattr(incident, name) for name in COLUMNS]
        stored = conn.execute(
            self._upsert, [*map(_plain, values), len(incident.posts), Jsonb(incident.model_dump(mode="json"))]
        )
        return event.type == "incident.redacted" or stored.rowcount == 0

    @property
    def _upsert(self) -> sql.Composed:
        names = [sql.Identifier(name) for name in (*COLUMNS, "posts", "incident")]
        return sql.SQL(
            "INSERT INTO {table} AS old ({names}) VALUES ({values}) ON CONFLICT (id) DO UPDATE SET {changes} "
            "WHERE old.sequence < excluded.sequence"
        ).format(
            table=sql.Identifier(self._schema, "incidents"),
            names=sql.SQL(", ").join(names),
            values=sql.SQL(", ").join([sql.Placeholder()] * len(names)),
            changes=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in names[1:]),
        )

    def _sql(self, statement: str) -> sql.Composed:
        return sql.SQL(statement).format(schema=sql.Identifier(self._schema))

    def _one_by_one(self, events: Sequence[CloudEvent], error: psycopg.DataError) -> None:
        """Which event can't be stored; those before it are."""
        if len(events) == 1:
            reason = f"{self._name}: событие {events[0].id} не записать: {_first_line(error)}"
            raise EventRefused(reason, events[0].id) from error
        for taken, event in enumerate(events):
            try:
                self.deliver([event])
            except EventRefused as refused:
                raise EventRefused(refused.reason, refused.event_id, taken=taken) from error
            except DeliveryFailed as failed:
                raise DeliveryFailed(str(failed), taken=taken) from error

    @property
    def _name(self) -> str:
        return f"получатель «{self._id}» (PostgreSQL, схема {self._schema})"

    def _explain(self, error: psycopg.Error) -> str:
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            return f"{self._name}: не хватает прав ({_first_line(error)}). Дайте их пользователю; события дождутся."
        if isinstance(error, psycopg.OperationalError):
            return f"{self._name}: нет связи или места ({_first_line(error)}). События дождутся; проверьте базу."
        return f"{self._name}: {_first_line(error)}. События дождутся; проверьте таблицы."


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
