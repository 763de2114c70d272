"""A world for every test of a crawler that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawlers.harness import World, world


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made
