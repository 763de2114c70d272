"""Column types that mean the same on SQLite and on PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import JSON, BigInteger, DateTime, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from schemas import utc


class UtcDatetime(TypeDecorator[datetime]):
    """An aware instant, given back in UTC.

    PostgreSQL keeps it as `timestamptz`; SQLite as text of a fixed width in UTC, which sorts as the instants do. Both
    keep microseconds. A naive datetime is a `ValueError`.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        # SQLite gives back what was written, without a zone; PostgreSQL gives the session's zone.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""Any JSON value; None is NULL. PostgreSQL does not keep the order of keys, nor the character NUL."""

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key that the database counts up by itself (SQLite does so for INTEGER only, which is 64 bits there)."""


def dump_json(value: Any) -> str:
    return orjson.dumps(value).decode()
