"""Every test with `store` runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Store
from tests.incidents.bench import Bench
from tests.store.kit import Clock


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/store.db" if sqlite else request.getfixturevalue("postgres_db")
    store = Store(url, Clock())
    store.upgrade()
    yield store
    store.close()


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)
