"""What a section of the evaluation is, and which there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classifier.model import Model

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Given:
    """What sections measure with. `earlier` are the section's figures of the last evaluation on the same data: rivals
    do not change with our model, and are trained again only if `rivals` says so."""

    folder: Path
    model: Model
    told: Told
    earlier: Mapping[str, Any] = field(default_factory=dict)
    rivals: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """`measure` gives figures as JSON can hold them; `show` turns them into Markdown. Floors are in floors.toml under
    `name`: a dotted path into the figures, with the least or the most that is allowed."""

    name: str
    title: str
    measure: Callable[[Given], dict[str, Any]]
    show: Callable[[Mapping[str, Any]], str]


def sections() -> list[Section]:
    """All sections in the order of the report. A new head adds its own here."""
    from classifier.evaluation import addresses, heads, relevance, speed, topics  # noqa: PLC0415  they need this module

    return [topics.SECTION, heads.SECTION, relevance.SECTION, addresses.SECTION, speed.SECTION]


def rows(header: tuple[str, ...], body: list[tuple[object, ...]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "| " + " | ".join("---" for _ in header) + " |"]
    lines += ["| " + " | ".join(str(cell) for cell in line) + " |" for line in body]
    return "\n".join(lines)
