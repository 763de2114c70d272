"""The community of the demo and the simulator that serves it, for every test that wants no other."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.simulators.vk import Community, VkSimulator, load


@pytest.fixture
def community() -> Community:
    return load(datetime.now(UTC))


@pytest.fixture
def simulator(community: Community) -> Iterator[VkSimulator]:
    with VkSimulator([community]) as running:
        yield running
