"""JSON Lines: an event a line, appended to a file."""

import fcntl
import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from schemas import CloudEvent
from sinks.base import DeliveryFailed, SinkSettings

OURS = b'{"specversion"'
"""How each of our lines begins."""
TAIL = 64 * 1024
"""Bytes read at a time when looking back for the end of the last whole line; an event is a few kilobytes."""


def _path(value: str) -> str:
    try:
        value.format(date="2026-01-01")
    except (KeyError, IndexError, ValueError, AttributeError):
        raise ValueError(f"«{value}»: в пути к файлу подставляется только {{date}}") from None
    return value


class FileSettings(SinkSettings):
    path: Annotated[str, AfterValidator(_path)]
    """`{date}` stands for the event's date in UTC, so an event sent again lands in the same file."""


class FileSink:
    """Each batch is one write and one fsync under an exclusive lock, so several processes may share the file.

    The file is opened anew for each batch: a tool that rotates it needs to tell us nothing.
    """

    def __init__(
        self, settings: FileSettings, id: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._template = settings.path
        self._id = id
        self._now = now

    def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Append the events; all of a file's part of the batch or none of it.

        Raises:
            DeliveryFailed: the disk is full, the folder can't be written to.
        """
        taken = 0
        for path, group in groupby(events, key=lambda event: self._path(event.time)):
            lines = [event.encode() + b"\n" for event in group]
            try:
                _append(path, b"".join(lines))
            except OSError as error:
                raise DeliveryFailed(self._explain(path, error), taken=taken) from error
            taken += len(lines)

    def check(self) -> str | None:
        """Writes and removes a file beside the one for today, which it opens without changing it."""
        path = self._path(self._now())
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".otklik-check-") as probe:
                probe.write(b"\n")
                probe.flush()
                os.fsync(probe.fileno())
            if path.exists():
                path.open("ab").close()
        except OSError as error:
            return self._explain(path, error)
        return None

    def close(self) -> None:
        """Nothing is kept open."""

    def _path(self, moment: datetime) -> Path:
        return Path(self._template.format(date=f"{moment:%Y-%m-%d}"))

    def _explain(self, path: Path, error: OSError) -> str:
        return (
            f"получатель «{self._id}»: не записать в файл {path}: {error.strerror}. "
            "Освободите место или исправьте права и путь; события дождутся."
        )


def _append(path: Path, data: bytes) -> None:
    """Durable when it returns; a file it could not append to whole is left as it was.

    Raises:
        OSError: it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    created = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        whole = _whole_lines(lambda start, count: os.pread(descriptor, count, start), size)
        if OURS.startswith(os.pread(descriptor, len(OURS), whole)):
            os.ftruncate(descriptor, whole)  # a crash left half a line: its event was not acknowledged and comes again
        else:
            whole, data = size, b"\n" + data  # somebody else's: not ours to cut
        try:
            written = 0
            while written < len(data):
                written += os.write(descriptor, data[written:])
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, whole)
            raise
    finally:
        os.close(descriptor)
    if created:
        _sync_folder(path.parent)


def _whole_lines(read: Callable[[int, int], bytes], size: int) -> int:
    """How many of a file's `size` bytes are whole lines. `read` takes a start and a count of bytes."""
    end = size
    while end > 0:
        start = max(0, end - TAIL)
        found = read(start, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _sync_folder(folder: Path) -> None:
    """Without this a new file's name may be lost with the power although its bytes are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
