"""Real small file systems, to fill up."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _mount(*arguments: str) -> None:
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*rights, *arguments], check=True)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A tmpfs of `size` (`64k`, `1m`) on the new folder `folder`. Needs root, or sudo that asks for nothing."""
    folder.mkdir()
    _mount("mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        _mount("umount", "-l", str(folder))


def enlarge(disk: Path, size: str) -> None:
    _mount("mount", "-o", f"remount,size={size}", str(disk))
