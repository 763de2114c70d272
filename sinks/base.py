"""What a sink is: its settings and one method that delivers a batch of incident events.

Rules every sink keeps (`tests/sinks/conformance.py` checks them):
1. `deliver` returns only when the receiver has taken every event of the batch; otherwise it raises.
2. Events of one incident are delivered in order of their sequence.
3. `check` does what `deliver` would do, without leaving an event behind, and says in Russian what is wrong.
4. Nothing is written anywhere but to the receiver.
"""

from collections.abc import Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from schemas import IncidentEvent


class SinkSettings(BaseModel):
    """Settings of one sink as the operator wrote them: unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DeliveryFailed(Exception):
    """The receiver did not take the batch now; it is tried again. The message is in Russian."""


class EventRefused(Exception):
    """The receiver will never take this event (a 4xx, say): it goes to the sink's dead letters."""

    def __init__(self, reason: str, event_id: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.event_id = event_id


class Sink(Protocol):
    def deliver(self, events: Sequence[IncidentEvent]) -> None:
        """Hand over the events, in this order.

        Raises:
            DeliveryFailed: try the whole batch again.
            EventRefused: this one event is hopeless; those before it in the batch were taken.
        """

    def check(self) -> str | None:
        """None where a delivery would work now, else what is wrong, in Russian."""

    def close(self) -> None:
        """Release connections and files."""
