"""The JSON Lines sink: conformance, half lines, a full disk."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sinks import DeliveryFailed, Sink
from sinks.file import FileSettings, FileSink
from tests.disks import small_disk
from tests.sinks.conformance import SinkConformance, Target, by_incident
from tests.sinks.events import event, story


def read(path: Path) -> list[dict[str, Any]]:
    """Lines are split at line feeds only, as JSON Lines says."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] if path.is_file() else []


class FileTarget(Target):
    def __init__(self, folder: Path) -> None:
        self.path = folder / "out" / "incidents.jsonl"

    def open(self) -> Sink:
        return FileSink(FileSettings(path=str(self.path)), "test")

    def received(self) -> list[Mapping[str, Any]]:
        return list(read(self.path))

    @contextmanager
    def down(self) -> Iterator[Sink]:
        self.path.mkdir(parents=True)  # a folder where the file should be: not even root can write to it
        yield self.open()
        self.path.rmdir()


class TestConformance(SinkConformance):
    @pytest.fixture
    def target(self, tmp_path: Path) -> FileTarget:
        return FileTarget(tmp_path)


def test_half_a_line_left_by_a_crash_is_cut_off(tmp_path):
    path = tmp_path / "incidents.jsonl"
    sink = FileSink(FileSettings(path=str(path)), "test")
    sink.deliver([event(sequence=1)])
    with path.open("ab") as file:
        file.write(event(sequence=2).encode()[:100])
    sink.deliver([event(sequence=2)])
    assert by_incident(read(path)) == {1: [1, 2]}


def test_a_file_that_is_one_long_half_line_is_emptied(tmp_path):
    path = tmp_path / "incidents.jsonl"
    path.write_bytes(event(title="ж" * 200_000).encode()[:-1])
    FileSink(FileSettings(path=str(path)), "test").deliver([event()])
    assert by_incident(read(path)) == {1: [1]}
    assert path.stat().st_size < 10_000


@pytest.mark.parametrize("theirs", ["region: chelyabinsk", "строка\nsinks: []", "{", "x" * 200_000])
def test_what_somebody_else_wrote_is_not_cut(tmp_path, theirs):
    path = tmp_path / "incidents.jsonl"
    path.write_text(theirs)
    FileSink(FileSettings(path=str(path)), "test").deliver([event()])
    first, _, last = path.read_text().removesuffix("\n").rpartition("\n")
    assert first == (theirs if theirs != "{" else "")  # a brace alone may be ours
    assert json.loads(last)["id"] == "1.1"


def test_a_dated_folder_is_checked_where_it_will_be(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (tmp_path / "2026-03-10").write_text("файл, а не папка")
    sink = FileSink(FileSettings(path=str(tmp_path / "{date}" / "a.jsonl")), "test", now=lambda: event().time)
    assert sink.check() == (
        f"получатель «test»: не записать в файл {tmp_path}/2026-03-10/a.jsonl: File exists. "
        "Освободите место или исправьте права и путь; события дождутся."
    )


def test_the_date_in_a_path_is_the_events_own(tmp_path):
    first, second = event(1), event(2)
    second = second.model_copy(update={"time": second.time.replace(day=11)})
    FileSink(FileSettings(path=str(tmp_path / "{date}" / "incidents.jsonl")), "test").deliver([first, second])
    assert by_incident(read(tmp_path / "2026-03-10" / "incidents.jsonl")) == {1: [1]}
    assert by_incident(read(tmp_path / "2026-03-11" / "incidents.jsonl")) == {2: [1]}


def test_two_processes_worth_of_sinks_share_a_file_line_by_line(tmp_path):
    path = tmp_path / "incidents.jsonl"

    def write(number: int) -> None:
        sink = FileSink(FileSettings(path=str(path)), "test")
        for sequence in range(1, 21):
            sink.deliver([event(number, sequence)])

    threads = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert by_incident(read(path)) == {1: list(range(1, 21)), 2: list(range(1, 21))}


def test_an_unknown_place_in_the_path_is_a_mistake():
    with pytest.raises(ValidationError) as error:
        FileSettings(path="out/{day}.jsonl")
    assert error.value.errors()[0]["msg"] == (
        "Value error, «out/{day}.jsonl»: в пути к файлу подставляется только {date}"
    )


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "64k") as disk:
        yield disk


def test_a_full_disk_loses_nothing_and_leaves_no_half_line(disk):
    path, ballast = disk / "incidents.jsonl", disk / "ballast"
    sink = FileSink(FileSettings(path=str(path)), "test")
    sink.deliver([event(sequence=1)])
    ballast.write_bytes(b"x" * 56 * 1024)
    batch = story(1, 40)[1:]
    with pytest.raises(DeliveryFailed) as error:
        sink.deliver(batch)
    message = (
        f"получатель «test»: не записать в файл {path}: No space left on device. "
        "Освободите место или исправьте права и путь; события дождутся."
    )
    assert str(error.value) == message
    assert by_incident(read(path)) == {1: [1]}
    assert path.read_bytes().endswith(b"\n")
    ballast.unlink()
    sink.deliver(batch)
    assert by_incident(read(path)) == {1: list(range(1, 41))}
