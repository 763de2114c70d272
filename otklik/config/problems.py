"""A mistake in the configuration: what is wrong, where, what is allowed. Shown to an operator, in Russian."""

from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Where in the file: `("sources", 2, "news", "feed")`."""

DOCS = "docs/configuration.md"

MAX_SHOWN = 60
"""Characters of a value: enough to recognise it, and the message stays on its line."""


@dataclass(frozen=True, slots=True)
class Position:
    """Both count from 1, as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    file: str
    message: str
    path: Path = ()
    at: Position | None = None
    seen: str | None = None
    """The value as written in the file, never one that came from the environment."""
    allowed: str | None = None
    hint: str | None = None
    docs: str | None = None

    @property
    def breadcrumb(self) -> str:
        """`sources[2].news.feed`."""
        return breadcrumb(self.path)

    def __str__(self) -> str:
        place = self.file if self.at is None else f"{self.file}:{self.at.line}:{self.at.column}"
        lines = [f"{place}  {self.breadcrumb}".rstrip(), f"  {self.message}"]
        if self.seen is not None:
            lines.append(f"  Записано: {self.seen}")
        if self.allowed is not None:
            lines.append(f"  Можно: {self.allowed}")
        if self.hint is not None:
            lines.append(f"  {self.hint}")
        if self.docs is not None:
            lines.append(f"  Подробнее: {self.docs}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """For `check --json`."""
        return {
            "file": self.file,
            "line": self.at and self.at.line,
            "column": self.at and self.at.column,
            "path": self.breadcrumb,
            "message": self.message,
            "seen": self.seen,
            "allowed": self.allowed,
            "hint": self.hint,
            "docs": self.docs,
        }


class ConfigErrors(Exception):
    """Everything that is wrong with the file, in order of place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda p: (p.file, (p.at.line, p.at.column) if p.at else (0, 0)))
        super().__init__("\n\n".join(map(str, self.problems)))


def breadcrumb(path: Path) -> str:
    """`sources[2].news.feed`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown(value: object) -> str:
    """A value as an operator would recognise it."""
    if isinstance(value, dict):
        return "раздел с ключами " + ", ".join(map(str, value)) if value else "пустой раздел"
    if isinstance(value, list):
        return f"список ({len(value)})"
    if value is None:
        return "пусто"
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return f"«{text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + '…'}»"
