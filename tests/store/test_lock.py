import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store import FolderLock, StoreError

HOLD = """
import sys, time
from pathlib import Path
from store import FolderLock
with FolderLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True) as first:
        try:
            assert first.stdout is not None
            assert first.stdout.readline() == "held\n"
            with pytest.raises(StoreError) as caught:
                FolderLock(folder).__enter__()
            assert str(caught.value) == (
                f"Папка данных {folder} занята: с ней уже работает otklik (процесс {first.pid}). "
                "Остановите его или укажите другую папку."
            )
            assert not caught.value.transient
        finally:
            first.send_signal(signal.SIGKILL)
    # A crash frees it, without anybody cleaning up.
    with FolderLock(folder):
        assert (folder / "otklik.lock").read_text() == f"{os.getpid()}\n"


def test_the_same_process_holds_it_once(tmp_path: Path) -> None:
    with FolderLock(tmp_path), pytest.raises(StoreError, match=rf"\(процесс {os.getpid()}\)"):
        FolderLock(tmp_path).__enter__()
    with FolderLock(tmp_path):
        pass


def test_a_program_started_meanwhile_does_not_inherit_it(tmp_path: Path) -> None:
    with FolderLock(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with FolderLock(tmp_path):
            pass
    finally:
        child.kill()
        child.wait()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("файл, а не папка")
    with pytest.raises(StoreError) as caught:
        FolderLock(tmp_path / "var").__enter__()
    assert str(caught.value) == (
        f"Папка данных {tmp_path}/var не создаётся (File exists). Создайте её или укажите другую."
    )
