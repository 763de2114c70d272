"""From the `bus:` line of the configuration to a bus."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bus.base import Bus


def is_kafka(url: str) -> bool:
    """Whether it is `kafka://host:port`, or several with commas between them."""
    servers = url.removeprefix("kafka://").rstrip("/").split(",")
    return url.startswith("kafka://") and all(
        server.rpartition(":")[0] and server.rpartition(":")[2].isdigit() for server in servers
    )


def open_bus(url: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Bus:
    """A bus for `sqlite:///path` (relative without a fourth slash), `kafka://host:port,host:port` or `memory:`.

    Nothing is connected or created before its first use. Only the library of that kind is imported.

    Raises:
        ValueError: the URL is none of these; the message is for an operator.
    """
    if url == "memory:":
        from bus.memory import MemoryBus  # noqa: PLC0415

        return MemoryBus()
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        from bus.sqlite import SqliteBus  # noqa: PLC0415

        return SqliteBus(Path(url.removeprefix("sqlite:///")), now=now)
    if is_kafka(url):
        from bus.kafka import KafkaBus  # noqa: PLC0415

        return KafkaBus(url.removeprefix("kafka://").rstrip("/"))
    raise ValueError(
        f"Неизвестный адрес шины «{url}». Допустимы sqlite:///var/bus.db, kafka://узел:9092,узел:9092 и memory:."
    )
