"""The suite catches sinks that break the rules: each deliberately broken one fails at least one of its tests."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from schemas import IncidentEvent
from sinks import DeliveryFailed, Sink
from sinks.file import FileSettings, FileSink
from tests.sinks.conformance import SinkConformance
from tests.sinks.events import event
from tests.sinks.test_file import FileTarget


class Drops(FileSink):
    def deliver(self, events: Sequence[IncidentEvent]) -> None:
        super().deliver(events[:-1] if len(events) > 3 else events)


class Repeats(FileSink):
    def deliver(self, events: Sequence[IncidentEvent]) -> None:
        super().deliver([*events, *events[-1:]])


class Reorders(FileSink):
    def deliver(self, events: Sequence[IncidentEvent]) -> None:
        super().deliver(events[::-1])


class Swallows(FileSink):
    def deliver(self, events: Sequence[IncidentEvent]) -> None:
        with suppress(DeliveryFailed):
            super().deliver(events)


class Buffers(FileSink):
    """Delivers when closed."""

    def deliver(self, events: Sequence[IncidentEvent]) -> None:
        self._held = [*getattr(self, "_held", []), *events]

    def close(self) -> None:
        super().deliver(getattr(self, "_held", []))
        self._held = []


class Renames(FileSink):
    """New ids at every attempt."""

    count = 0

    def deliver(self, events: Sequence[IncidentEvent]) -> None:
        Renames.count += 1
        super().deliver([item.model_copy(update={"id": f"{item.id}-{Renames.count}"}) for item in events])


class Overwrites(FileSink):
    def deliver(self, events: Sequence[IncidentEvent]) -> None:
        with suppress(IsADirectoryError):
            Path(self._template).unlink(missing_ok=True)
        super().deliver(events)


class ChecksWithAnEvent(FileSink):
    def check(self) -> str | None:
        super().deliver([event()])
        return None


class AlwaysWell(FileSink):
    def check(self) -> str | None:
        return None


class ClosesOnce(FileSink):
    closed = False

    def close(self) -> None:
        if self.closed:
            raise RuntimeError("closed already")
        self.closed = True


class KeepsACopy(FileSink):
    def deliver(self, events: Sequence[IncidentEvent]) -> None:
        super().deliver(events)
        Path("copy.jsonl").write_bytes(b"".join(item.encode() for item in events))


BROKEN = [Drops, Repeats, Reorders, Swallows, Buffers, Renames, Overwrites, ChecksWithAnEvent, AlwaysWell]
BROKEN += [ClosesOnce, KeepsACopy]


class BrokenTarget(FileTarget):
    def __init__(self, folder: Path, kind: Callable[[FileSettings, str], Sink]) -> None:
        super().__init__(folder)
        self.kind = kind

    def open(self) -> Sink:
        return self.kind(FileSettings(path=str(self.path)), "test")

    @contextmanager
    def down(self) -> Iterator[Sink]:
        self.path.mkdir(parents=True)
        try:
            yield self.open()
        finally:
            self.path.rmdir()


def failures(
    kind: Callable[[FileSettings, str], Sink], factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Names of the suite's tests that this sink does not pass."""
    suite, failed = SinkConformance(), []
    for name, test in inspect.getmembers(suite, inspect.ismethod):
        if not name.startswith("test_"):
            continue
        given = {"target": BrokenTarget(factory.mktemp("broken"), kind)}
        if "monkeypatch" in inspect.signature(test).parameters:
            given |= {"tmp_path_factory": factory, "monkeypatch": monkeypatch}
        try:
            test(**given)
        except (AssertionError, pytest.fail.Exception, RuntimeError, DeliveryFailed):
            failed.append(name)
    return failed


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_sink_is_caught(kind, tmp_path_factory, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert failures(kind, tmp_path_factory, monkeypatch) != []


def test_the_sound_one_is_not(tmp_path_factory, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert failures(FileSink, tmp_path_factory, monkeypatch) == []
