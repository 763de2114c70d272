"""Topics between the roles: Kafka, or SQLite on one machine, or memory in tests."""

from bus.base import (
    Bus,
    BusError,
    Consumer,
    NoSpace,
    Positions,
    Received,
    Record,
    RecordTooLarge,
    TopicPartition,
    UnknownTopic,
)
from bus.open import is_kafka, open_bus

__all__ = [
    "Bus",
    "BusError",
    "Consumer",
    "NoSpace",
    "Positions",
    "Received",
    "Record",
    "RecordTooLarge",
    "TopicPartition",
    "UnknownTopic",
    "is_kafka",
    "open_bus",
]
