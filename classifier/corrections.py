"""Corrections by operators: JSON Lines, read by the classifier, obeyed at once.

A line says what is right of a text, or of the post with an id:

    {"text": "…", "topic": "Отсутствие холодной воды", "relevant": true, "municipality": "Копейск",
     "by": "Иванова", "at": "2026-03-05T09:00:00Z"}

A text is the same where its words are, in any form: case, punctuation, emoji and links do not matter. The last line
about a text counts.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from classifier.item import SHORT_COMMENT
from text import clean, lemmas, mask

MAX_LINE = 256 * 1024
"""Bytes: 20,000 characters of text and the rest, all escaped."""
MAX_NAME = 100
"""Characters of a wrong name in a message."""

Text = Annotated[str, Field(min_length=1)]


class Correction(BaseModel):
    """`group` follows from the topic; alone, it says that the topic is still open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Text | None = None
    id: Text | None = None
    topic: Text | None = None
    group: Text | None = None
    relevant: bool | None = None
    municipality: Text | None = None
    by: Text
    at: AwareDatetime

    @model_validator(mode="after")
    def _says_something(self) -> "Correction":
        if self.text is None and self.id is None:
            raise ValueError("нет ни text, ни id: о какой публикации речь?")
        if self.topic is None and self.group is None and self.relevant is None and self.municipality is None:
            raise ValueError("ничего не исправлено: нужен topic, group, relevant или municipality")
        return self


@dataclass(frozen=True, slots=True)
class BadLine:
    """`reason` is for operators, in Russian, without the text of the line."""

    number: int
    reason: str

    def __str__(self) -> str:
        return f"строка {self.number}: {self.reason}"


_WHAT = {"topic": "нет такой темы", "group": "нет такой группы", "municipality": "нет такого муниципалитета"}
_NO_TIME = "поле {field} — не время; нужно так: 2026-03-05T14:00:00+05:00"
_REASONS = {
    "missing": "нет поля {field}",
    "extra_forbidden": "лишнее поле {field}",
    "string_type": "поле {field} должно быть строкой",
    "string_too_short": "поле {field} пусто",
    "bool_type": "поле {field} должно быть true или false",
    "bool_parsing": "поле {field} должно быть true или false",
    "timezone_aware": "в поле {field} нет часового пояса: нужно так: 2026-03-05T14:00:00+05:00",
    "datetime_parsing": _NO_TIME,
    "datetime_from_date_parsing": _NO_TIME,
    "datetime_type": _NO_TIME,
}


def parsed(file: Path, known: Callable[[str, str], bool] = lambda _what, _name: True) -> Iterator[Correction | BadLine]:
    """Each line of a file, or what is wrong with it. `known(what, name)` says whether there is such a topic, group or
    municipality.

    Raises:
        OSError: the file can't be read.
    """
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            if len(line) > MAX_LINE:
                yield BadLine(number, f"длиннее {MAX_LINE // 1024} КБ")
                continue
            try:
                value = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
            except (ValueError, RecursionError):
                yield BadLine(number, "не JSON")
                continue
            yield _checked(number, value, known)


def _checked(number: int, value: object, known: Callable[[str, str], bool]) -> Correction | BadLine:
    if not isinstance(value, dict):
        return BadLine(number, "строка должна быть объектом JSON")
    try:
        found = Correction.model_validate(value)
    except ValidationError as error:
        return BadLine(number, "; ".join(dict.fromkeys(_reason(item) for item in error.errors())))
    for what, wrong in _WHAT.items():
        name = getattr(found, what)
        if name is not None and not known(what, name):
            return BadLine(number, f"{wrong}: «{name[:MAX_NAME]}»")
    return found


def _reason(item: Mapping[str, object]) -> str:
    location = item["loc"]
    if item["type"] == "value_error":
        return str(item["msg"]).partition(", ")[2]
    name = str(location[0]) if isinstance(location, tuple) and location else ""
    return _REASONS.get(str(item["type"]), "поле {field} не понято").format(field=name)


def key(words: Sequence[str]) -> str:
    """Of a text, by its lemmas; empty where there are none."""
    return " ".join(words)


@dataclass
class Corrections:
    """A file of corrections, read again when it has changed. A file that is not there holds none."""

    file: Path
    known: Callable[[str, str], bool] = lambda _what, _name: True
    report: Callable[[BadLine], None] = lambda _line: None
    """Told of each bad line, every time the file is read."""
    _by_text: dict[str, Correction] = field(default_factory=dict, init=False)
    _by_id: dict[str, Correction] = field(default_factory=dict, init=False)
    _seen: tuple[int, int, int] | None = field(default=None, init=False)

    def refresh(self) -> None:
        """Read the file if it is another than the last time. One that can't be read just now changes nothing."""
        try:
            found = self.file.stat()
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
            if seen == self._seen:
                return
            lines = list(parsed(self.file, self.known))
        except FileNotFoundError:
            seen, lines = (0, 0, 0), []
        except OSError:
            return
        self._by_text, self._by_id, self._seen = {}, {}, seen
        for line in lines:
            if isinstance(line, BadLine):
                self.report(line)
                continue
            if line.id is not None:
                self._by_id[line.id] = line
            if line.text is not None and (said := key(lemmas(line.text))):
                self._by_text[said] = line

    def __len__(self) -> int:
        return len(self._by_text) + len(self._by_id)

    def find(self, id_: str | None, words: Sequence[str], *, answers: bool) -> Correction | None:
        """What was said of the post with this id, or of its text with these lemmas. `answers`: it is a comment on
        another post, which alone may say what it means."""
        if not self._by_text and not self._by_id:
            return None
        if id_ is not None and (found := self._by_id.get(id_)) is not None:
            return found
        if answers and len(words) < SHORT_COMMENT:  # only its id tells it
            return None
        return self._by_text.get(key(words))


def append(file: Path, correction: Correction) -> None:
    """Add a line; it is on the disk when this returns, and whole, however many write at once.

    The text is cleaned and masked: the file holds no personal numbers.

    Raises:
        OSError: it could not be written.
    """
    if correction.text is not None:
        correction = correction.model_copy(update={"text": mask(clean(correction.text))})
    line = correction.model_dump_json(exclude_none=True).encode() + b"\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        end = out.seek(0, os.SEEK_END)
        if end:
            out.seek(end - 1)
            if out.read(1) != b"\n":  # the last line of an editor without its end
                line = b"\n" + line
        out.write(line)
        out.flush()
        os.fsync(out.fileno())


def last(lines: Iterable[Correction]) -> list[Correction]:
    """Of several about one text only the last."""
    found: dict[str, Correction] = {}
    for line in lines:
        found[key(lemmas(line.text)) if line.text else f"\0{line.id}"] = line
    return list(found.values())
