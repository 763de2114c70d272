"""Posts as JSON Lines: what `replay` reads, and what `tag` reads before it looks at the fields."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, BinaryIO, TypeVar
from zoneinfo import ZoneInfo

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from classifier.corrections import BadLine
from intake import Draft
from otklik.exits import Failed
from schemas import Geo, PostKind

BOM = b"\xef\xbb\xbf"
MAX_LINE = 4 * 1024 * 1024
"""Bytes. The longest text that is kept is 20,000 characters; a longer one is cut, and this is not a post any more."""

STRANGE = 10
"""Bad lines at the very beginning: a file of another kind, and not slips in this one."""
POSTS = 'файл JSON Lines: в каждой строке объект с полем text, например {"text": "Нет воды"}'
"""What `tag` and `places add` read."""
T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""No post is older than the first networks; one from the end of the calendar is a slip and leaves no time to count
deadlines in."""


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[str, BeforeValidator(_as_text), Field(min_length=1, max_length=200)]


class AddressLine(BaseModel):
    street: str
    house: Annotated[str, BeforeValidator(_as_text)] | None = None


def _joined(value: Any) -> Any:
    """As people write it: «Садовая, 5»."""
    if not isinstance(value, dict):
        return value
    parts = AddressLine.model_validate(value)
    return ", ".join(part for part in (parts.street, parts.house) if part)


def _possible(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError("no time of a post")
    return value


class ReplayLine(BaseModel):
    """Unknown keys are ignored: a line may come from anywhere."""

    model_config = ConfigDict(extra="ignore")

    id: Id
    text: str
    published: Annotated[datetime, AfterValidator(_possible)]
    kind: PostKind = PostKind.POST
    title: str | None = None
    context: str | None = None
    source: str | None = None
    author: Id | None = None
    source_municipality: str | None = None
    url: str | None = None
    parent: Id | None = None
    address: Annotated[str | None, BeforeValidator(_joined)] = None
    geo: Geo | None = None

    def draft(self, zone: ZoneInfo) -> Draft:
        """As a crawler would have given it. A time without a zone is in the region's."""
        published = self.published if self.published.tzinfo else self.published.replace(tzinfo=zone)
        return Draft(
            id=self.id,
            kind=self.kind,
            source=self.source or "replay",
            text=self.text,
            published=published,
            url=self.url,
            title=self.title,
            author=self.author,
            context=self.context,
            parent=self.parent,
            place_hint=self.source_municipality,
            address=self.address,
            geo=self.geo,
        )


_REASONS = {
    "missing": "нет поля {field}",
    "string_type": "поле {field} должно быть строкой",
    "too_short": "поле {field} пусто",
    "too_long": "поле {field} слишком длинное",
    "enum": "поле {field}: допустимо post, comment, article, appeal, call",
    "datetime_parsing": "поле {field} — не время; нужно так: 2026-03-05T14:00:00+05:00",
    "datetime_from_date_parsing": "поле {field} — не время; нужно так: 2026-03-05T14:00:00+05:00",
}


def _bounded(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of one that is too long no more than shows that it is."""
    while line := file.readline(MAX_LINE + 1):
        yield line
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE)


def parsed(file: BinaryIO) -> Iterator[tuple[int, Any]]:
    """Each line as JSON, or a BadLine, with its number from 1."""
    for number, line in enumerate(_bounded(file), start=1):
        if len(line) > MAX_LINE:
            yield number, BadLine(number, f"длиннее {MAX_LINE // 1024 // 1024} МБ")
            continue
        if number == 1:
            line = line.removeprefix(BOM)  # noqa: PLW2901
        try:
            yield number, orjson.loads(line)
        except orjson.JSONDecodeError:
            whole = _without_halves(line)
            yield number, BadLine(number, _why(line)) if whole is None else whole


def _without_halves(line: bytes) -> Any:
    """The line with «?» for halves of characters (`"\\ud83d"`), which a network cuts in two and strict JSON refuses."""
    if b"\\ud" not in line.lower():
        return None
    try:
        written = json.dumps(json.loads(line), ensure_ascii=False)
        return orjson.loads(written.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _why(line: bytes) -> str:
    """What is wrong with a line that is no JSON."""
    try:
        return "не JSON" if line.decode().strip() else "пустая строка"
    except UnicodeDecodeError:
        return "не UTF-8: сохраните файл в этой кодировке"


def replay_lines(file: BinaryIO) -> Iterator[ReplayLine | BadLine]:
    """Each line, or what is wrong with it."""
    for number, value in parsed(file):
        if isinstance(value, BadLine):
            yield value
        elif not isinstance(value, dict):
            yield BadLine(number, "строка должна быть объектом JSON с полями id, text и published")
        else:
            try:
                yield ReplayLine.model_validate(value)
            except ValidationError as error:
                yield BadLine(number, "; ".join(dict.fromkeys(_reason(item) for item in error.errors())))


def recognised(lines: Iterable[T | BadLine], name: str, needed: str) -> Iterator[T | BadLine]:
    """The lines, unless it shows at once that the file is of another kind.

    Raises:
        Failed: none of the first `STRANGE` lines is good. `name` is the file's, `needed` what a line has to be.
    """
    rest = iter(lines)
    begun: list[T | BadLine] = []
    for line in rest:
        begun.append(line)
        if not isinstance(line, BadLine):
            break
        if len(begun) == STRANGE:
            raise Failed(f"{name}: {begun[0]}, и среди первых {STRANGE} строк ни одной годной. Нужен {needed}.")
    yield from begun
    yield from rest


def _reason(item: Any) -> str:
    field = str(item["loc"][0])
    return _REASONS.get(item["type"], "поле {field} не понято").format(field=field)
