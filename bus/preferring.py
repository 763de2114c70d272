"""Topics in order of preference: what waits in a later one is taken only while the earlier ones are empty."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bus.base import Bus, Consumer, Positions, Received, TopicPartition

SLICE = 0.1
"""Seconds for which an idle consumer waits for one topic before it looks at the next."""


def consume(
    bus: Bus, topics: Sequence[str], group: str, on_revoked: Callable[[frozenset[TopicPartition]], None]
) -> Consumer:
    """A consumer of these topics, the most urgent first."""
    if len(topics) == 1:
        return bus.consume(topics, group, on_revoked=on_revoked)
    members: list[Consumer] = []
    try:
        for topic in topics:
            members.append(bus.consume([topic], group, on_revoked=on_revoked))
    except BaseException:
        _close(members)
        raise
    return _Preferring(topics, members)


class _Preferring:
    """A member of the group for each topic, polled in turn: one consumer of all would be given records of any."""

    def __init__(self, topics: Sequence[str], members: Sequence[Consumer]) -> None:
        self._topics = topics
        self._members = members

    def poll(self, max_records: int, timeout: float) -> list[Received]:
        deadline, wait = time.monotonic() + timeout, 0.0
        while True:
            found: list[Received] = []
            for member in self._members:  # each is polled, were it for nothing: else it would lose its membership
                found += member.poll(0, 0) if found else member.poll(max_records, wait)
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            wait = min(left, SLICE)

    def commit(self, positions: Positions) -> None:
        for topic, member in zip(self._topics, self._members, strict=True):
            mine = {at: offset for at, offset in positions.items() if at.topic == topic}
            if mine:
                member.commit(mine)

    def lag(self) -> dict[TopicPartition, int]:
        return {at: records for member in self._members for at, records in member.lag().items()}

    def close(self) -> None:
        _close(self._members)


def _close(members: Sequence[Consumer]) -> None:
    with ExitStack() as stack:  # each of them, whatever happens to the others
        for member in members:
            stack.callback(member.close)
