"""The wait for a turn of the ledger of quotas, the same for callers in threads and for those in a loop."""

from collections.abc import Callable
from datetime import datetime, timedelta

from store import Turn
from store.pace import LATE

SHORT = timedelta(seconds=30)
"""A wait that a call sits out; for a longer one the visit ends and the source comes again."""


class Spent(Exception):
    """No turn within `SHORT`; `turn` says why, and when it makes sense to ask again."""

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn.why.value)
        self.turn = turn


class Waiting:
    """One call's wait. The caller sleeps, since only it knows how: `ask`, sleep that long, `come`, until a turn comes.

    In a thread::

        while True:
            sleep(waiting.ask())
            if (turn := waiting.come()) is not None:
                return turn
    """

    def __init__(self, take: Callable[[Turn | None], Turn], now: Callable[[], datetime]) -> None:
        """`take` asks the ledger, and gives back the turn that it gets."""
        self._take = take
        self._now = now
        self._turn: Turn | None = None

    def ask(self) -> float:
        """Seconds to sleep before `come`. Asks the database.

        Raises:
            Spent: they would be more than `SHORT`.
        """
        unused = self._turn if self._turn is not None and self._turn.granted else None
        self._turn = self._take(unused)
        wait = self._turn.at - self._now()
        if not self._turn.granted and wait > SHORT:
            raise Spent(self._turn)
        return max(wait.total_seconds(), 0.0)

    def come(self) -> Turn | None:
        """The turn, to be used at once; None: ask again. One that was slept through is given back then: used late,
        it could meet those after it."""
        turn = self._turn
        return turn if turn is not None and turn.granted and self._now() <= turn.at + LATE else None
