"""The one table of urgency, `urgency.yaml`: read, checked, its words as lemmas."""

from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
from ruamel.yaml import YAML

from schemas import Urgency
from text import lemma, normal

WINTER = frozenset({11, 12, 1, 2, 3})
"""Months in which the mean temperature of the Urals is below zero: a house without heat freezes within a day."""
NEAR = 8
"""Words from the first telling word to the last, at most: of our own sentences none needs more than 7."""
NOT = "не "
"""Stands before the lemma of a word that is denied."""

_WRITTEN_NOT = "не_"


def _lemma(word: str) -> str:
    return f"{NOT}{_lemma(word.removeprefix(_WRITTEN_NOT))}" if word.startswith(_WRITTEN_NOT) else lemma(normal(word))


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Entry):
    """What the keys mean stands at the top of the file. `parts` as written; `lemmas` and `excluded` as compared."""

    id: str
    urgency: Urgency
    title: str
    parts: tuple[str, ...] = Field(min_length=1)
    unless: str = ""
    winter: bool = False
    near: int = NEAR
    denies: bool = True
    ends: bool = True
    _lemmas: tuple[frozenset[str], ...] = PrivateAttr()
    _excluded: frozenset[str] = PrivateAttr()

    def model_post_init(self, _: Any) -> None:
        self._lemmas = tuple(frozenset(map(_lemma, part.split())) for part in self.parts)
        self._excluded = frozenset(map(_lemma, self.unless.split()))

    @property
    def lemmas(self) -> tuple[frozenset[str], ...]:
        """Of each, one must be there."""
        return self._lemmas

    @property
    def excluded(self) -> frozenset[str]:
        """None of these may be there."""
        return self._excluded


class Table(_Entry):
    """`over`: past forms that say it is over; `still`: words before them that turn it; `talk`: what only sounds like a
    trouble (drills, films, advertisements), for every rule."""

    over: frozenset[str]
    still: frozenset[str]
    talk: frozenset[str]
    rules: tuple[Rule, ...]


@cache
def table() -> Table:
    """Read once in a process.

    Raises:
        pydantic.ValidationError, KeyError: the file is not what it should be (a bug, not an operator's mistake).
    """
    found = YAML(typ="safe").load(files("classifier").joinpath("urgency.yaml").read_text(encoding="utf-8"))
    words: dict[str, str] = found["words"]

    def written(text: str) -> str:
        return " ".join(words[word[1:]] if word.startswith("$") else word for word in text.split())

    rules = [
        rule | {"parts": [written(part) for part in rule["parts"]], "unless": written(rule.get("unless", ""))}
        for rule in found["rules"]
    ]
    return Table.model_validate(
        {
            "over": frozenset(normal(word) for word in words["over"].split()),
            "still": frozenset(normal(word) for word in words["still"].split()),
            "talk": frozenset(map(_lemma, words["talk"].split())),
            "rules": rules,
        }
    )
