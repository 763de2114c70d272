"""How a visit to a source ended."""

from enum import StrEnum
from typing import ClassVar

from schemas.base import Model, UtcDatetime


class Outcome(StrEnum):
    OK = "ok"
    EMPTY = "empty"
    """Visited, and there was nothing new."""
    QUOTA = "quota"
    """A limit of the other side was reached, theirs or the one we keep for them."""
    BLOCKED = "blocked"
    """A captcha, a 403, a login page, robots.txt."""
    GONE = "gone"
    """The page, wall or channel no longer exists."""
    CHANGED = "changed"
    """It answers, but not in the form that was expected."""
    BROKEN = "broken"
    """No usable answer: network, certificate, 5xx, our own error."""


class SourceHealth(Model):
    """One run of one source."""

    schema_name: ClassVar[str] = "source-health/1"

    source: str
    kind: str
    started: UtcDatetime
    finished: UtcDatetime
    outcome: Outcome
    reason: str
    """In Russian, for an operator."""
    action: str | None = None
    """In Russian: who must do what; None where nothing has to be done."""
    posts: int = 0
    next_due: UtcDatetime
