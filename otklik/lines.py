"""Posts as JSON Lines: what `replay` reads, and what `tag` reads before it looks at the fields."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from intake import Draft
from schemas import Geo, PostKind

BOM = b"\xef\xbb\xbf"
MAX_LINE = 4 * 1024 * 1024
"""Bytes. The longest text that is kept is 20,000 characters; a longer one is cut, and this is not a post any more."""


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[str, BeforeValidator(_as_text), Field(min_length=1, max_length=200)]


class AddressLine(BaseModel):
    street: str
    house: Annotated[str, BeforeValidator(_as_text)] | None = None


class ReplayLine(BaseModel):
    """Unknown keys are ignored: a line may come from anywhere."""

    model_config = ConfigDict(extra="ignore")

    id: Id
    text: str
    published: datetime
    kind: PostKind = PostKind.POST
    title: str | None = None
    context: str | None = None
    source: str | None = None
    author: Id | None = None
    source_municipality: str | None = None
    url: str | None = None
    parent: Id | None = None
    address: str | AddressLine | None = None
    geo: Geo | None = None

    def draft(self, zone: ZoneInfo) -> Draft:
        """As a crawler would have given it. A time without a zone is in the region's."""
        published = self.published if self.published.tzinfo else self.published.replace(tzinfo=zone)
        return Draft(
            id=self.id,
            kind=self.kind,
            source=self.source or "replay",
            text=self._text(),
            published=published,
            url=self.url,
            title=self.title,
            author=self.author,
            context=self.context,
            parent=self.parent,
            place_hint=self.source_municipality,
            geo=self.geo,
        )

    def _text(self) -> str:
        """An address in a field of its own is where the trouble is, so it belongs to what is read."""
        if self.address is None:
            return self.text
        if isinstance(self.address, str):
            address = self.address
        else:
            address = f"{self.address.street}, {self.address.house}" if self.address.house else self.address.street
        return self.text if address in self.text else f"{self.text}\n{address}"


@dataclass(frozen=True, slots=True)
class BadLine:
    """`reason` is for the operator, in Russian; it never holds the text of the line."""

    number: int
    reason: str

    def __str__(self) -> str:
        return f"строка {self.number}: {self.reason}"


_REASONS = {
    "missing": "нет поля {field}",
    "string_type": "поле {field} должно быть строкой",
    "string_too_short": "поле {field} пусто",
    "string_too_long": "поле {field} слишком длинное",
    "enum": "поле {field}: допустимо post, comment, article, appeal, call",
    "datetime_parsing": "поле {field} — не время; нужно так: 2026-03-05T14:00:00+05:00",
    "datetime_from_date_parsing": "поле {field} — не время; нужно так: 2026-03-05T14:00:00+05:00",
}


def parsed(lines: Iterable[bytes]) -> Iterator[tuple[int, Any]]:
    """Each line as JSON, or a BadLine, with its number from 1."""
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            yield number, BadLine(number, f"длиннее {MAX_LINE // 1024 // 1024} МБ")
            continue
        try:
            yield number, orjson.loads(line.removeprefix(BOM) if number == 1 else line)
        except orjson.JSONDecodeError:
            yield number, BadLine(number, "не JSON" if line.strip() else "пустая строка")


def replay_lines(lines: Iterable[bytes]) -> Iterator[ReplayLine | BadLine]:
    """Each line, or what is wrong with it."""
    for number, value in parsed(lines):
        if isinstance(value, BadLine):
            yield value
        elif not isinstance(value, dict):
            yield BadLine(number, "строка должна быть объектом JSON с полями id, text и published")
        else:
            try:
                yield ReplayLine.model_validate(value)
            except ValidationError as error:
                yield BadLine(number, "; ".join(dict.fromkeys(_reason(item) for item in error.errors())))


def _reason(item: Any) -> str:
    field = str(item["loc"][0])
    return _REASONS.get(item["type"], "поле {field} не понято").format(field=field)
