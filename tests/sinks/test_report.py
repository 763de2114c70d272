"""Tables for people: files that spreadsheets open."""

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from pydantic import ValidationError

from sinks import DeliveryFailed, Sink
from sinks.message import line
from sinks.report import COLUMNS, ReportSettings, ReportSink
from tests.disks import small_disk
from tests.sinks.conformance import ScheduledConformance, Target
from tests.sinks.events import MORNING, digest, event, story

ZONE = ZoneInfo("Asia/Yekaterinburg")
NOW = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)


def open_sink(path: Path | str, **settings: Any) -> ReportSink:
    return ReportSink(ReportSettings.model_validate({"path": str(path), **settings}), "test", ZONE, now=lambda: NOW)


def read_csv(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def read_xlsx(path: Path) -> list[dict[str, Any]]:
    sheet = load_workbook(path).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    return [dict(zip(map(str, rows[0]), row, strict=True)) for row in rows[1:]]


class ReportTarget(Target):
    whole = False

    def __init__(self, folder: Path, suffix: str, read: Callable[[Path], list[dict[str, Any]]]) -> None:
        self.folder = folder / "out"
        self.path = self.folder / f"{{date}}{suffix}"
        self.read = read

    def open(self) -> Sink:
        return open_sink(self.path)

    def received(self) -> list[Mapping[str, Any]]:
        files = (
            sorted(self.folder.iterdir(), key=lambda path: (len(path.name), path.name)) if self.folder.is_dir() else []
        )
        return [
            {
                "id": f"{row['номер']}.{row['изменение']}",
                "data": {
                    "incident": {
                        "id": int(row["номер"]),
                        "sequence": int(row["изменение"]),
                        "title": row["что и где"],
                    }
                },
            }
            for file in files
            for row in self.read(file)
        ]

    def shown(self, title: str) -> str:
        return line(title)

    @contextmanager
    def down(self) -> Iterator[Sink]:
        self.folder.write_bytes(b"")  # a file where the folder should be: not even root can write into it
        yield self.open()
        self.folder.unlink()


class TestCsv(ScheduledConformance):
    @pytest.fixture
    def target(self, tmp_path: Path) -> ReportTarget:
        return ReportTarget(tmp_path, ".csv", read_csv)


class TestXlsx(ScheduledConformance):
    @pytest.fixture
    def target(self, tmp_path: Path) -> ReportTarget:
        return ReportTarget(tmp_path, ".xlsx", read_xlsx)


def test_a_row_says_all_that_a_table_needs(tmp_path):
    open_sink(tmp_path / "{date}-{time}.csv").deliver(
        [
            event(7, 1),
            event(
                7, 2, "incident.assigned", authority_name="Администрация Касли", answer_due=MORNING, status="assigned"
            ),
        ]
    )
    [path] = tmp_path.iterdir()
    assert path.name == "2026-03-11-0800.csv"
    [row] = read_csv(path)
    assert tuple(row) == COLUMNS
    assert list(row.values()) == [
        "7", "передан", "В Касли на улице Лобашова не горят фонари", "Каслинский муниципальный округ", "75526000",
        "Благоустройство", "★ Неисправные фонари освещения", "обычная", "0", "Администрация Касли", "2026-03-10 11:30",
        "2026-03-10 11:30", "", "", "", "1", "", "", "2", "Открыт, передан",
    ]  # fmt: skip


def test_times_of_a_workbook_are_times(tmp_path):
    open_sink(tmp_path / "a.xlsx").deliver([event(1, 1, answer_due=MORNING)])
    [row] = read_xlsx(tmp_path / "a.xlsx")
    assert row["ответить до"] == datetime(2026, 3, 10, 11, 30)


@pytest.mark.parametrize("title", ["=1+1", "+7", "-1", "@сумма", "=HYPERLINK(1)"])
def test_nothing_becomes_a_formula(tmp_path, title: str):
    for suffix in (".csv", ".xlsx"):
        open_sink(tmp_path / f"a{suffix}").deliver([event(1, 1, title=title)])
    assert [row["что и где"] for row in read_csv(tmp_path / "a.csv")] == [f"'{title}"]
    sheet = load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    cell = sheet.cell(row=2, column=COLUMNS.index("что и где") + 1)
    assert (cell.value, cell.data_type) == (title, "s")


def test_digests_alone_make_no_file(tmp_path):
    open_sink(tmp_path / "a.csv").deliver([digest(1)])
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_written_over(tmp_path):
    sink = open_sink(tmp_path / "a.csv")
    sink.deliver([event(1)])
    sink.deliver([event(2)])
    sink.deliver([event(3)])
    found = {path.name: [row["номер"] for row in read_csv(path)] for path in tmp_path.iterdir()}
    assert found == {"a.csv": ["1"], "a-2.csv": ["2"], "a-3.csv": ["3"]}


def test_a_full_disk_leaves_no_half_table(tmp_path):
    with small_disk(tmp_path / "disk", "256k") as folder:
        sink = open_sink(folder / "a.csv")
        events = [event(number, title="ж" * 5000) for number in range(1, 200)]
        with pytest.raises(DeliveryFailed) as error:
            sink.deliver(events)
        assert str(error.value) == (
            f"получатель «test»: не записать таблицу {folder / 'a.csv'}: No space left on device. "
            "Освободите место или исправьте права и путь; события дождутся."
        )
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("a.txt", "имя файла кончается на .csv или .xlsx"),
        ("{day}.csv", "в пути подставляются только {date} и {time}"),
        ("{date.csv", "в пути подставляются только {date} и {time}"),
    ],
)
def test_paths_that_cannot_be(path: str, says: str):
    with pytest.raises(ValidationError, match=says):
        ReportSettings.model_validate({"path": path})


def test_no_incident_no_file(tmp_path):
    open_sink(tmp_path / "a.csv").deliver([])
    assert list(tmp_path.iterdir()) == []
    open_sink(tmp_path / "a.csv").deliver(story(1, 1))
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
