"""What a worker has in hand, kept where it survives the worker: so that a record that kills processes is found."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson
import structlog

from bus.base import Received, TopicPartition

log = structlog.get_logger()

Place = tuple[TopicPartition, int]
DEATHS_TO_SET_ASIDE = 2
"""One death may be the machine's fault (memory, a restart); the second at the same offset is the record's."""


class Journal:
    """One small file per worker process, rewritten by a single `write` before and after each batch.

    Without fsync: it has to survive SIGKILL, not a power cut, after which nothing is suspected. 8 µs a write. An
    unreadable journal is an empty one. Without a path nothing is kept and nobody suspected.
    """

    def __init__(self, path: Path | None) -> None:
        self._file: int | None = None
        self._suspects: dict[TopicPartition, tuple[int, int]] = {}
        self._deaths: dict[Place, int] = {}
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        self._read(os.pread(self._file, os.fstat(self._file).st_size, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _read(self, content: bytes) -> None:
        if not content:
            return
        try:
            state = orjson.loads(content)
            work = {TopicPartition(t, p): (first, last) for t, p, first, last in state["work"]}
            self._deaths = {(TopicPartition(t, p), offset): n for t, p, offset, n in state["deaths"]}
        except (ValueError, KeyError, TypeError):
            log.warning("journal_unreadable")
            return
        self._suspects = work
        if len(work) == 1:
            at, (first, last) = next(iter(work.items()))
            if first == last:  # it was alone: this is the one
                self._deaths[at, first] = self._deaths.get((at, first), 0) + 1
        if work:
            log.warning("unclean_restart", suspects=sum(last - first + 1 for first, last in work.values()))

    def begin(self, records: Sequence[Received]) -> None:
        """These are in work from now on."""
        work: dict[TopicPartition, tuple[int, int]] = {}
        for received in records:
            first, _ = work.get(received.at, (received.offset, 0))
            work[received.at] = (first, received.offset)
        self._write(work)

    def end(self) -> None:
        """Nothing is in work."""
        self._write({})

    @property
    def suspicious(self) -> bool:
        return bool(self._suspects or self._deaths)

    def is_suspect(self, received: Received) -> bool:
        """Was it in work when the process died? Then it has to go alone."""
        first, last = self._suspects.get(received.at, (1, 0))
        return first <= received.offset <= last or (received.at, received.offset) in self._deaths

    def is_killer(self, received: Received) -> bool:
        """Has it, alone in work, killed the process twice?"""
        return self._deaths.get((received.at, received.offset), 0) >= DEATHS_TO_SET_ASIDE

    def clear(self, received: Received) -> None:
        """It is done with, one way or the other."""
        if not self.suspicious:
            return
        self._deaths.pop((received.at, received.offset), None)
        first, last = self._suspects.get(received.at, (1, 0))
        if received.offset >= last >= first:
            del self._suspects[received.at]

    def _write(self, work: Mapping[TopicPartition, tuple[int, int]]) -> None:
        if self._file is None:
            return
        state = {
            "work": [[at.topic, at.partition, first, last] for at, (first, last) in work.items()],
            "deaths": [[at.topic, at.partition, offset, n] for (at, offset), n in self._deaths.items()],
        }
        # Spaces after JSON are allowed: one write replaces what was there, however long it was.
        size = os.fstat(self._file).st_size
        os.pwrite(self._file, orjson.dumps(state).ljust(size), 0)
