"""The base of every model that crosses the bus, and its encoding."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


def utc(value: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        ValueError: the datetime is naive.
    """
    if value.tzinfo is None:
        raise ValueError(f"naive datetime: {value!r}")
    return value.astimezone(UTC)


UtcDatetime = Annotated[AwareDatetime, AfterValidator(utc)]
"""An aware instant, kept in UTC; a naive one is refused."""


class Model(BaseModel):
    """A frozen model. Readers ignore unknown fields, so a newer writer does not stop an older reader."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_name: ClassVar[str] = ""
    """Name and major version in the record header, `post/1`; empty for parts of other models."""

    def encode(self) -> bytes:
        """The JSON of a record's value, UTF-8."""
        return self.model_dump_json().encode()

    @classmethod
    def from_json(cls, value: bytes | str) -> Self:
        """The inverse of `encode`.

        Raises:
            pydantic.ValidationError: the bytes are not JSON of this model.
        """
        return cls.model_validate_json(value)


M = TypeVar("M", bound=Model)


class UnknownSchema(ValueError):
    """A record's header names another schema than its reader expects."""


def headers(model: Model | type[Model]) -> dict[str, str]:
    """The headers that every record with this model carries."""
    return {"schema": model.schema_name, "content-type": "application/json"}


def decode(model: type[M], value: bytes, record_headers: Mapping[str, str]) -> M:
    """Read a record's value as `model`, refusing a record of another kind or major version.

    Raises:
        UnknownSchema: the header `schema` differs from the model's.
        pydantic.ValidationError: the value does not fit the model.
    """
    found = record_headers.get("schema")
    if found != model.schema_name:
        raise UnknownSchema(f"record has schema {found!r}, this reader understands {model.schema_name!r}")
    return model.from_json(value)
