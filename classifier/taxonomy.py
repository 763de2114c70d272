"""What people and programs need to know of groups and topics beside their spelling: `taxonomy.yaml`.

The spelling of the data is the key of every answer. Ids, names, urgency and kind of authority hang on it; an operator
changes them for a region (`classifier.changes`).
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from ruamel.yaml import YAML

from schemas import Urgency

STAR = "★ "
"""Marks the fast-track topics in the data."""

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$", max_length=40)]
AuthorityKind = Literal[
    "construction",
    "culture",
    "ecology",
    "education",
    "energy",
    "federal",
    "health",
    "housing",
    "labour",
    "municipal",
    "police",
    "regional",
    "roads",
    "social",
    "sport",
    "telecom",
    "transport",
    "utility",
    "waste",
]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(_Entry):
    """`topic` is the key; `name` what operators see."""

    topic: str
    id: Id
    name: str = ""
    english: str
    about: str
    urgency: Urgency
    authority: AuthorityKind
    enabled: bool = True

    @property
    def shown(self) -> str:
        """For people."""
        return self.name or self.topic.removeprefix(STAR)


class Group(_Entry):
    group: str
    id: Id
    name: str = ""
    english: str
    topics: tuple[Topic, ...]

    @property
    def shown(self) -> str:
        """For people."""
        return self.name or self.group


class Taxonomy(_Entry):
    groups: tuple[Group, ...]

    @model_validator(mode="after")
    def _no_doubles(self) -> "Taxonomy":
        for what, values in (
            ("topic", [topic.topic for topic in self.topics()]),
            ("group", [group.group for group in self.groups]),
            ("id of a topic", [topic.id for topic in self.topics()]),
            ("id of a group", [group.id for group in self.groups]),
            ("name of a topic", [topic.shown for topic in self.topics()]),
        ):
            doubles = {value for value in values if values.count(value) > 1}
            if doubles:
                raise ValueError(f"{what} occurs twice: {', '.join(sorted(doubles))}")
        return self

    def topics(self) -> Iterator[Topic]:
        """All of them, in the order of the file."""
        for group in self.groups:
            yield from group.topics


@cache
def shipped_taxonomy() -> Taxonomy:
    """The one that comes with the program.

    Raises:
        pydantic.ValidationError: the file is not what it should be (a bug, not an operator's mistake).
    """
    text = files("classifier").joinpath("taxonomy.yaml").read_text(encoding="utf-8")
    return Taxonomy.model_validate(YAML(typ="safe").load(text))
