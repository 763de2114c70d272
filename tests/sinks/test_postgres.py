"""Tables for others, in a real PostgreSQL."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from sinks import DeliveryFailed, EventRefused, Sink
from sinks.postgres import PostgresSettings, PostgresSink
from tests.sinks.conformance import KeyedConformance, Target
from tests.sinks.events import MORNING, TOPIC, digest, event, story

pytestmark = pytest.mark.postgres

NAME = "получатель «test» (PostgreSQL, схема otklik)"


def open_sink(url: str, **settings: Any) -> PostgresSink:
    return PostgresSink(PostgresSettings.model_validate({"url": url, **settings}), "test")


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


class PostgresTarget(Target):
    once = True

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self) -> Sink:
        return open_sink(self.url)

    def received(self) -> list[Mapping[str, Any]]:
        if rows(self.url, "SELECT to_regclass('otklik.events')") == [(None,)]:
            return []
        return [event for (event,) in rows(self.url, "SELECT event FROM otklik.events ORDER BY position")]

    @contextmanager
    def down(self) -> Iterator[Sink]:
        """A schema of that name, in which this user may do nothing."""
        user = f"u{uuid.uuid4().hex}"
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(f"CREATE ROLE {user} LOGIN")
            yield open_sink(_as(self.url, user))
            conn.execute(f"DROP ROLE {user}")


def _as(url: str, user: str) -> str:
    """The same database, for another user."""
    scheme, _, rest = url.partition("://")
    address, _, tail = rest.rpartition("@")
    return f"{scheme}://{user}@{tail}" if address else f"{scheme}://{user}@{rest}"


class TestConformance(KeyedConformance):
    @pytest.fixture
    def target(self, postgres_db: str) -> PostgresTarget:
        return PostgresTarget(postgres_db)


def failed(sink: PostgresSink) -> str:
    with pytest.raises(DeliveryFailed) as error:
        sink.deliver([event()])
    sink.close()
    return str(error.value)


def test_each_incident_is_a_row_in_its_last_state(postgres_db):
    sink = open_sink(postgres_db)
    sink.deliver([event(1, 2, "incident.assigned", status="assigned", answer_due=MORNING), event(2, 1), digest(1)])
    sink.deliver([event(1, 1)])  # late
    sink.close()
    found = rows(
        postgres_db,
        "SELECT id, sequence, status, answer_due, posts, incident->>'title' FROM otklik.incidents ORDER BY id",
    )
    title = "В Касли на улице Лобашова не горят фонари"
    assert found == [(1, 2, "assigned", MORNING, 1, title), (2, 1, "new", None, 1, title)]
    assert rows(postgres_db, "SELECT id, type FROM otklik.events ORDER BY position") == [
        ("1.2", "incident.assigned"),
        ("2.1", "incident.opened"),
        ("test.1", "source.digest"),
        ("1.1", "incident.opened"),
    ]


LINKS = ("https://vk.com/wall-1_2", "https://vk.com/wall-1_3")
TOLD = "SELECT id, event #>> '{data,incident,title}', event #> '{data,incident,urls}' FROM otklik.events ORDER BY id"


def test_what_was_erased_goes_from_earlier_events_too(postgres_db):
    sink = open_sink(postgres_db)
    old = event(1, 1, title="Нет воды — Тютняры", urls=LINKS)
    sink.deliver([old, event(2, 1, title="Снег", urls=LINKS[:1]), digest(1)])
    redacted = event(1, 3, "incident.redacted", title="Нет воды — Аргаяш", urls=LINKS[1:])
    sink.deliver([redacted, event(1, 4, title="Нет воды — Аргаяш", urls=LINKS[1:])])
    sink.deliver([event(1, 2, title="Нет воды — Тютняры", urls=LINKS), old])  # late, and once more
    sink.close()
    assert rows(postgres_db, TOLD) == [
        ("1.1", TOPIC, []),
        ("1.2", TOPIC, []),
        ("1.3", "Нет воды — Аргаяш", [LINKS[1]]),
        ("1.4", "Нет воды — Аргаяш", [LINKS[1]]),
        ("2.1", "Снег", [LINKS[0]]),
        ("test.1", None, None),
    ]


def test_tables_of_an_older_version_get_the_index_from_who_may_make_it(postgres_db):
    owner = open_sink(postgres_db)
    owner.deliver([event(1, 1, urls=LINKS)])
    owner.close()
    user = f"u{uuid.uuid4().hex}"
    with psycopg.connect(postgres_db, autocommit=True) as conn:
        conn.execute("DROP INDEX otklik.events_subject")
        conn.execute(f"CREATE ROLE {user} LOGIN")
        conn.execute(f"GRANT USAGE ON SCHEMA otklik TO {user}")
        conn.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA otklik TO {user}")
        with capture_logs() as logged:
            writer = open_sink(_as(postgres_db, user))
            writer.deliver([event(1, 2, "incident.redacted")])
            writer.close()
        conn.execute(f"DROP OWNED BY {user}")
        conn.execute(f"DROP ROLE {user}")
    assert [one["index"] for one in logged] == ["otklik.events_subject"]
    assert [urls for *_, urls in rows(postgres_db, TOLD)] == [[], []]
    owner = open_sink(postgres_db)
    assert owner.check() is None
    owner.close()
    assert rows(postgres_db, "SELECT to_regclass('otklik.events_subject') IS NOT NULL") == [(True,)]


def test_a_text_that_postgres_cannot_hold_is_set_aside_and_the_rest_is_stored(postgres_db):
    sink = open_sink(postgres_db)
    with pytest.raises(EventRefused) as error:
        sink.deliver([event(1, 1), event(1, 2, title="\x00"), event(1, 3)])
    assert (error.value.event_id, error.value.taken) == ("1.2", 1)
    assert error.value.reason.startswith(f"{NAME}: событие 1.2 не записать: ")
    assert rows(postgres_db, "SELECT id FROM otklik.events") == [("1.1",)]
    sink.deliver([event(1, 3)])
    sink.close()
    assert rows(postgres_db, "SELECT id FROM otklik.events ORDER BY position") == [("1.1",), ("1.3",)]


def test_a_connection_that_broke_is_made_anew(postgres_db):
    sink = open_sink(postgres_db)
    sink.deliver([event(1, 1)])
    with psycopg.connect(postgres_db, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'otklik sink%'"
        )
    with pytest.raises(DeliveryFailed, match=r"нет связи или места .*События дождутся; проверьте базу\.$"):
        sink.deliver([event(1, 2)])
    sink.deliver([event(1, 2)])
    sink.close()
    assert rows(postgres_db, "SELECT id FROM otklik.events ORDER BY position") == [("1.1",), ("1.2",)]


def test_a_writer_needs_no_right_to_make_tables(postgres_db):
    owner = open_sink(postgres_db)
    assert owner.check() is None
    owner.close()
    user = f"u{uuid.uuid4().hex}"
    with psycopg.connect(postgres_db, autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {user} LOGIN")
        conn.execute(f"GRANT USAGE ON SCHEMA otklik TO {user}")
        conn.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA otklik TO {user}")
        writer = open_sink(_as(postgres_db, user))
        assert writer.check() is None
        writer.deliver(story(1, 2))
        writer.close()
        conn.execute(f"DROP OWNED BY {user}")
        conn.execute(f"DROP ROLE {user}")
    assert rows(postgres_db, "SELECT id FROM otklik.events ORDER BY position") == [("1.1",), ("1.2",)]


def test_another_schema(postgres_db):
    sink = open_sink(postgres_db, schema="feed")
    sink.deliver([event()])
    sink.close()
    assert rows(postgres_db, "SELECT id FROM feed.incidents") == [(1,)]


def test_no_server():
    message = failed(open_sink("postgresql://otklik:tajna@127.0.0.1:1/x"))
    assert message.startswith(f"{NAME}: нет связи или места (connection failed: ")
    assert "tajna" not in message


@pytest.mark.parametrize("given", [{"url": "mysql://a/b"}, {"url": "postgresql://a/b", "schema": "Моя"}])
def test_settings_that_cannot_be(given: dict[str, str]):
    with pytest.raises(ValidationError):
        PostgresSettings.model_validate(given)
