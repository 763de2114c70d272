"""Every test with `kit` or `store` runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Store
from tests.store.kit import Kit


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    """Which one."""
    kind: str = request.param
    return kind


@pytest.fixture
def store_url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """URL of an empty database."""
    if database == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    url: str = request.getfixturevalue("postgres_db")
    return url


@pytest.fixture
def kit(request: pytest.FixtureRequest, database: str) -> Iterator[Kit]:
    kit = Kit(request.getfixturevalue("sqlite_store" if database == "sqlite" else "postgres_store"))
    yield kit
    kit.close()


@pytest.fixture
def store(kit: Kit) -> Store:
    return kit.open()
