"""Fixtures of the whole suite: real servers, started once per session."""

import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import structlog

from store import Store
from tests.servers import KafkaServer, PostgresServer

pytest.register_assert_rewrite("tests.bus.checks", "tests.bus.kit", "tests.store.checks")


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command run inside the tests sets up the logs of the whole process; no later test may depend on that."""
    root, kafka = logging.getLogger(), logging.getLogger("kafka")
    before = root.handlers[:], root.level, kafka.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    kafka.setLevel(before[2])


_kafka_version = pytest.StashKey[str]()
_postgres_version = pytest.StashKey[str]()


def _absent(what: str, variable: str, reason: Exception) -> None:
    """A missing server fails the run, unless the one who runs it said that this is meant."""
    if os.environ.get(variable) == "1":
        pytest.skip(f"{what} is left out: {variable}=1")
    pytest.fail(f"{what} cannot be started, and {variable}=1 is not set: {reason}", pytrace=False)


@pytest.fixture(scope="session")
def kafka_server(pytestconfig: pytest.Config) -> Iterator[KafkaServer]:
    """A real Apache Kafka on a free port. A test that stops it must start it again."""
    folder = Path(tempfile.mkdtemp(prefix="otklik-kafka-"))
    server = KafkaServer(folder)
    try:
        try:
            server.start()
        except RuntimeError as error:
            _absent("Apache Kafka", "OTKLIK_TEST_WITHOUT_KAFKA", error)
        pytestconfig.stash[_kafka_version] = server.version
        yield server
    finally:
        if (folder / "kafka.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[PostgresServer]:
    """A private PostgreSQL cluster."""
    try:
        server = PostgresServer()
    except RuntimeError as error:
        _absent("PostgreSQL", "OTKLIK_TEST_WITHOUT_POSTGRES", error)
        raise
    try:
        with psycopg.connect(server.url()) as connection:
            row = connection.execute("SHOW server_version").fetchone()
        pytestconfig.stash[_postgres_version] = row[0] if row else "?"
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """URL of the cluster's maintenance database; for a database of your own take `postgres_db`."""
    return postgres_server.url()


@contextmanager
def _database(server: PostgresServer, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {template}')
    yield server.url(name)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_db(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of an empty database, dropped after the test."""
    with _database(postgres_server, "template1") as url:
        yield url


@pytest.fixture(scope="session")
def _migrated_postgres(postgres_server: PostgresServer) -> str:
    """Name of a database with the store's tables: copying it takes a quarter of the migrations' time."""
    name = "migrated"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    store = Store(postgres_server.url(name))
    store.upgrade()
    store.close()
    return name


@pytest.fixture
def postgres_store(postgres_server: PostgresServer, _migrated_postgres: str) -> Iterator[str]:
    """URL of a database with the store's tables, dropped after the test."""
    with _database(postgres_server, _migrated_postgres) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the store's tables, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "store.db"
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    store.close()
    return path


@pytest.fixture
def sqlite_store(migrated_sqlite: Path, tmp_path: Path) -> str:
    """URL of `store.db` in the test's folder, with the store's tables."""
    shutil.copyfile(migrated_sqlite, tmp_path / "store.db")
    return f"sqlite:///{tmp_path}/store.db"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a server carries its marker, so that `-m "not kafka"` is always right.

    The marker also stands in the JUnit report, where `scripts/require_tests.py` looks for it.
    """
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if "kafka_server" in names:
            item.add_marker("kafka")
        if names & {"postgres_server", "postgres_url", "postgres_db"}:
            item.add_marker("postgres")
        item.user_properties += [("marker", name) for name in ("kafka", "postgres") if item.get_closest_marker(name)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Which real servers the run has seen; `.ci/run` refuses a run that has seen none."""
    for name, marker, key in (
        ("Apache Kafka", "kafka", _kafka_version),
        ("PostgreSQL", "postgres", _postgres_version),
    ):
        ran = {
            report.nodeid
            for outcome in ("passed", "failed")
            for report in terminalreporter.stats.get(outcome, ())
            if getattr(report, "when", None) == "call" and marker in report.keywords
        }
        skipped = {r.nodeid for r in terminalreporter.stats.get("skipped", ()) if marker in r.keywords}
        if ran or skipped:
            version = config.stash.get(key, "not started")
            terminalreporter.write_line(f"{name} {version}: {marker} tests run: {len(ran)}, skipped: {len(skipped)}")
