"""Real file systems that are small, to fill up, or not as they should be."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def _as_root(*arguments: str) -> list[str]:
    return [*([] if os.geteuid() == 0 else ["sudo", "-n"]), *arguments]


def _mount(*arguments: str) -> None:
    subprocess.run(_as_root(*arguments), check=True)


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


def without_shared_memory(command: Sequence[str], state: str) -> list[str]:
    """The command where `/dev/shm` can't be used, for it alone: `state` is `ro`, or `size=4k` of which nothing is free.

    Needs root, or sudo that asks for nothing.
    """
    spoil = f"mount -t tmpfs -o {state} tmpfs /dev/shm; head -c 4096 /dev/zero 2>/dev/null >/dev/shm/full"
    return _as_root("unshare", "--mount", "sh", "-c", f'({spoil}) 2>/dev/null; exec "$@"', "sh", *command)
