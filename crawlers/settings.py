"""What the settings and the cursor of every kind of source have in common.

Apart from the rest, like each kind's own `settings` module: the file of a region is read in a moment, and what visits
sources takes seconds to load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class Account:
    """A token or account, as the ledger of quotas knows it."""

    service: str
    token: str
    """A hash."""
    kind: str
    """In Russian, for operators."""
    per_second: int
    per_day: Mapping[str, int]
    """By method; methods that are missing have no limit that is known."""
    whose: str = "этого токена"
    """In the genitive, for messages about one of them."""
    more: str = "добавьте токенов (tokens)"
    """What an operator does who needs more calls than these, in Russian."""


class Settings(BaseModel):
    """Settings of one source as the operator wrote them: unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def may_be_empty(self) -> bool:
        """Whether a first visit may well bring nothing: then nobody has to look whether the address is right."""
        return False

    def accounts(self) -> Sequence[Account]:
        """The tokens that the source is asked with, any of which will do."""
        return ()

    def calls_per_day(self, visits: float) -> Mapping[str, float]:  # noqa: ARG002
        """About how many calls of each limited method a source costs at so many visits a day; fewer at fewer."""
        return {}


class Cursor(BaseModel):
    """Where a source was left; kept in the store as JSON. Unknown fields of an older version are ignored."""

    model_config = ConfigDict(extra="ignore")
