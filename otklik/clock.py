"""The clocks of the program: the real one and a replay's."""

from collections.abc import Callable
from datetime import UTC, datetime


def now() -> datetime:
    """The clock of every command and role."""
    return datetime.now(UTC)


class EventClock:
    """The clock of a replay: the real one until something later was seen, so that no post lies in the future."""

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
