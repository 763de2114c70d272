"""Pauses between requests to one host."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol


class Slots(Protocol):
    """`store.Sources` keeps them for all processes; `LocalSlots` for one."""

    def reserve_slot(self, slot: str, delay: timedelta) -> datetime:
        """When the caller may send its next request to `slot`; the one after comes `delay` later at the earliest."""


class LocalSlots:
    """Slots in memory: for a dry run, which must leave nothing behind."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._next_free: dict[str, datetime] = {}

    def reserve_slot(self, slot: str, delay: timedelta) -> datetime:
        """See `Slots`."""
        now = self._now()
        turn = max(now, self._next_free.get(slot, now))
        self._next_free[slot] = turn + delay
        return turn
