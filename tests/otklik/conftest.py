"""The program as an operator runs it: a process of its own."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


class Program:
    """`otklik` in a folder of its own, with an author key and nothing else of ours in the environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "OTKLIK_AUTHOR_KEY": "k" * 64,
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
        }
        self.command = [sys.executable, "-m", "otklik"]

    def __call__(self, *arguments: str, stdin: str = "", timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *arguments],
            check=False,
            input=stdin,
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def on_a_terminal(self, answer: str, *arguments: str) -> tuple[int, str]:
        """The exit code, and what stands on the screen once a question is answered."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*self.command, *arguments], cwd=self.folder, env=self.env, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        screen, asked = b"", False
        with suppress(OSError):  # Linux says EIO at the end of a terminal
            while part := os.read(ours, 65_536):
                screen += part
                if not asked and screen.endswith(b"]: "):
                    asked = True
                    os.write(ours, f"{answer}\n".encode())
        os.close(ours)
        return process.wait(60), screen.decode()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        with (self.folder / "stderr").open("a") as errors:
            return subprocess.Popen(
                [*self.command, *arguments],
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                text=True,
            )

    @property
    def stderr(self) -> str:
        return (self.folder / "stderr").read_text()

    def write(self, name: str, *lines: Any) -> None:
        """JSON Lines."""
        text = "".join(
            json.dumps(line, ensure_ascii=False) + "\n" if not isinstance(line, str) else line for line in lines
        )
        (self.folder / name).write_text(text, encoding="utf-8")

    def config(self, text: str = "", *, bus: str = "sqlite:///bus.db", store: str = "sqlite:///store.db") -> None:
        head = f'region: chelyabinsk\nbus: {bus}\nstore: "{store}"\nconsole: {{listen: "127.0.0.1:0"}}\n'
        (self.folder / "region.yaml").write_text(head + text, encoding="utf-8")


@pytest.fixture
def otklik(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Where the file of a region is written, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Path("region.yaml")
