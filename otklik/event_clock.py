"""The clock of a replay: as late as the latest post, so that no post of the file lies in the future."""

from collections.abc import Callable
from datetime import datetime


class EventClock:
    """`now` of the real clock until something later was seen."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._latest: datetime | None = None

    def seen(self, published: datetime) -> None:
        """An aware time."""
        if self._latest is None or published > self._latest:
            self._latest = published

    def __call__(self) -> datetime:
        real = self._now()
        return real if self._latest is None else max(real, self._latest)
