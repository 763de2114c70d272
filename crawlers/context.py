"""What a collector's constructor gets: all that the sources of one crawler process share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from crawlers.net import Http, Slots
from store import Allowance, Resolved, Turn


class Quotas(Protocol):
    """Calls allowed per service, method and token; `store.Quotas` counts them for all processes and says more."""

    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        """A turn for one call, with whichever token is free first."""

    def block(self, service: str, token: str, until: datetime, reason: str, method: str = "") -> None:
        """Grant the token, or one method of it, nothing before `until`."""

    def slow(self, service: str, token: str, until: datetime) -> None:
        """Halve the token's pace until `until`."""

    def resolved(self, service: str, token: str, name: str) -> Resolved | None:
        """What the name was found to stand for."""

    def remember(self, service: str, token: str, name: str, found: Resolved, until: datetime) -> None:
        """Keep what the name stands for until `until`."""


class Uncounted:
    """Quotas that allow everything at once and write nothing: for trials of a handful of calls."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:  # noqa: ARG002
        """Always now, with the first token."""
        return Turn(allowances[0].token, self._now(), granted=True)

    def block(self, *_arguments: object) -> None:
        """Nobody would know."""

    def slow(self, *_arguments: object) -> None:
        """Nobody would know."""

    def resolved(self, *_arguments: object) -> None:
        """Nothing is kept."""

    def remember(self, *_arguments: object) -> None:
        """Nothing is kept."""


@dataclass(frozen=True, slots=True)
class Context:
    http: Http
    """Entered already; the runner leaves it."""
    user_agent: str
    """Names the program and a contact of the operator: `user_agent` makes one."""
    now: Callable[[], datetime]
    """UTC, aware."""
    slots: Slots
    quotas: Quotas


def user_agent(version: str, contact: str | None) -> str:
    """How we present ourselves: `Otklik/1.0 (+https://centre.example; help@centre.example)`."""
    return f"Otklik/{version} (+{contact})" if contact else f"Otklik/{version}"
