"""What a sink is: its settings and one method that delivers a batch of events: of incidents, digests of sources.

Rules every sink keeps (`tests/sinks/conformance.py` checks them):
1. `deliver` returns only when the receiver has taken every event of the batch; otherwise it raises.
2. Events of one subject (an incident) are delivered in the order given.
3. `check` does what `deliver` would do, without leaving an event behind, and says in Russian what is wrong.
4. Nothing is written anywhere but to the receiver.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from schemas import CloudEvent


class SinkSettings(BaseModel):
    """Settings of one sink as the operator wrote them: unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DeliveryFailed(Exception):
    """The receiver did not take the batch now; what is left of it is tried again. The message is in Russian.

    `taken`: how many events from the batch's beginning it did take. `retry_after`: seconds it asked us to wait.
    """

    def __init__(self, message: str, *, taken: int = 0, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.taken = taken
        self.retry_after = retry_after


class EventRefused(Exception):
    """The receiver will never take this event (a 4xx, say): it goes to the dead letters. `reason` is in Russian.

    `taken`: how many events from the batch's beginning were taken: the refused one is the next after them.
    """

    def __init__(self, reason: str, event_id: str, *, taken: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.event_id = event_id
        self.taken = taken


class Sink(Protocol):
    def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Hand over the events, in this order.

        Raises:
            DeliveryFailed: try again all but the first `taken`.
            EventRefused: this one event is hopeless; those before it in the batch were taken, those after not yet sent.
        """

    def check(self) -> str | None:
        """None where a delivery would work now, else what is wrong, in Russian."""

    def close(self) -> None:
        """Release connections and files. May be called twice."""


class Home(NamedTuple):
    """The region as its people name it, and its clock."""

    name: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class SinkKind:
    """What the key of a sink in the YAML file (`file`, `webhook`, `kafka`) stands for."""

    settings: type[SinkSettings]
    open: Callable[[Any, str, Home], Sink]
    """From settings of that type, the sink's id and the region."""
    scheduled: bool = False
    """It gets events in one batch at each moment of its settings' `schedule`, instead of as they come."""
