"""How large a record and how long a step may be: the same on every bus, so that moving to another one changes
nothing."""

from collections.abc import Sequence
from datetime import timedelta

from bus.base import Record, RecordTooLarge

MAX_RECORD_BYTES = 1_000_000
"""Key and value. A Kafka broker takes batches of 1,048,588 bytes unless told otherwise; the rest is for headers and
framing. The longest post, 20,000 Cyrillic letters, is 40 KB."""
MAX_HEADER_BYTES = 32 * 1024
"""All names and values of one record's headers: dead letters add theirs to those of the record."""

MAX_STEP = timedelta(minutes=15)
"""A member that has not polled for this long hangs, and loses its partitions although its process lives."""


def check_sizes(records: Sequence[Record], limit: int) -> None:
    """Refuse the whole batch where one record is over the limit.

    Raises:
        RecordTooLarge: with the index of the first such record.
    """
    for index, record in enumerate(records):
        size = len(record.value) + len(record.key.encode())
        if size > limit:
            raise RecordTooLarge(f"Запись № {index + 1}: {size} байт при пределе {limit}. Её не принимает шина.", index)
        if record.headers:
            headers = sum(len(name.encode()) + len(value.encode()) for name, value in record.headers.items())
            if headers > MAX_HEADER_BYTES:
                text = f"Запись № {index + 1}: заголовки {headers} байт при пределе {MAX_HEADER_BYTES}."
                raise RecordTooLarge(text, index)
