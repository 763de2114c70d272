"""The conformance suite on memory, SQLite and a real Kafka."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bus.benches import KafkaBench, MemoryBench, SqliteBench
from tests.bus.conformance import CHECKS
from tests.bus.kit import Bench
from tests.servers import KafkaServer

every_check = pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())


@every_check
def test_memory(check: Callable[[Bench], None]) -> None:
    check(MemoryBench())


@every_check
def test_sqlite(check: Callable[[Bench], None], tmp_path: Path) -> None:
    check(SqliteBench(tmp_path))


@every_check
def test_kafka(check: Callable[[Bench], None], kafka_server: KafkaServer) -> None:
    check(KafkaBench(kafka_server.bootstrap))
