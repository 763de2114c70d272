"""What a collector's constructor gets: all that the sources of one crawler process share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from crawlers.net import Http, Slots


class Quotas(Protocol):
    """Calls allowed per service, method and token; `store.Quotas` counts them for all processes."""

    def take(
        self, service: str, method: str, token_hash: str, per_second: float, per_day: int | None
    ) -> datetime | None:
        """When the call may be made; it is counted. None: today's are used up."""


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
