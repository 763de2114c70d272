"""Topics between the roles: Kafka, or SQLite on one machine, or memory in tests."""

from bus.base import (
    Bus,
    BusError,
    Consumer,
    Positions,
    Received,
    Record,
    RecordTooLarge,
    TopicPartition,
)

__all__ = [
    "Bus",
    "BusError",
    "Consumer",
    "Positions",
    "Received",
    "Record",
    "RecordTooLarge",
    "TopicPartition",
]
