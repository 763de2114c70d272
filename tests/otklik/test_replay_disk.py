"""`replay` on a disk that is really full."""

import json
from pathlib import Path

import pytest

from tests.disks import small_disk
from tests.invented import posts
from tests.otklik.conftest import Program

FULL = (
    "На диске кончилось место: временные файлы лежат в {disk}. Освободите место или укажите папку на другом диске "
    "(TMPDIR=/папка otklik replay …) и повторите. Инциденты не записаны."
)
REPLAY = ("replay", "posts.jsonl", "--config", "region.yaml", "--out")


@pytest.fixture
def otklik(otklik: Program) -> Program:
    otklik.config("authorities:\n  - {id: a, name: А, default: true}\n")
    otklik.write("posts.jsonl", *posts(400))
    return otklik


# By what is being written when the disk is full: the file beside the database, the database, the posts, the tags (two
# sizes: the bus itself, the group's positions), the incidents.
@pytest.mark.parametrize("size", ["8k", "64k", "300k", "700k", "1400k", "2500k"])
def test_a_full_disk_ends_it_and_leaves_the_result_of_before(otklik: Program, size: str) -> None:
    (otklik.folder / "out.jsonl").write_text("the result of before\n")
    with small_disk(otklik.folder / "disk", size) as disk:
        otklik.env["TMPDIR"] = str(disk)
        done = otklik(*REPLAY, "out.jsonl", timeout=60)
        assert done.stderr.splitlines()[-1] == FULL.format(disk=disk)
        assert (done.returncode, done.stdout) == (3, "")
        assert list(disk.iterdir()) == []
    assert (otklik.folder / "out.jsonl").read_text() == "the result of before\n"
    assert not (otklik.folder / "out.jsonl.part").exists()


def test_a_result_that_does_not_fit_is_not_there(otklik: Program) -> None:
    with small_disk(otklik.folder / "disk", "64k") as disk:
        done = otklik(*REPLAY, "disk/out.jsonl")
        assert (done.returncode, done.stderr) == (3, "Файл disk/out.jsonl не записан: на диске нет места.\n")
        assert list(disk.iterdir()) == []


def test_a_disk_that_is_large_enough(otklik: Program) -> None:
    with small_disk(otklik.folder / "disk", "8m") as disk:
        otklik.env["TMPDIR"] = str(disk)
        done = otklik(*REPLAY, "out.jsonl")
        assert done.returncode == 0, done.stderr
        assert list(disk.iterdir()) == []
    found = [json.loads(line) for line in Path(otklik.folder / "out.jsonl").read_text().splitlines()]
    assert len(found) > 100
