"""Locks between processes of one machine, held by files: the kernel frees them when their process dies."""

import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from store.errors import StoreError

FOLDER_LOCK = "otklik.lock"


class FileLock:
    """An advisory lock (flock) on `path`, which is created and holds the pid of its owner.

    A child made by fork alone shares the lock; one that starts another program does not. Not for network file systems.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def acquire(self) -> bool:
        """False: somebody else holds it.

        Raises:
            StoreError: the file cannot be written.
        """
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(
                f"Файл {self.path} не открывается для записи ({error.strerror}). Проверьте, что папка существует "
                "и пользователь, от которого запущен otklik, может в неё писать."
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            raise
        self._file = file
        return True

    def release(self) -> None:
        """May be called twice. The file stays: removing it would let two processes hold locks on two files."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class FolderLock:
    """Keeps a second `otklik run` away from a data folder. A context manager.

    Raises:
        StoreError: the folder is another process's (not transient), or cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = FileLock(folder / FOLDER_LOCK)

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"Папка данных {self.folder} не создаётся ({error.strerror}). Создайте её или укажите другую."
            ) from error
        if not self._lock.acquire():
            raise StoreError(
                f"Папка данных {self.folder} занята: с ней уже работает otklik (процесс {self._owner()}). "
                "Остановите его или укажите другую папку.",
                transient=False,
            )
        self._write_pid()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def _write_pid(self) -> None:
        self._lock.path.write_text(f"{os.getpid()}\n")

    def _owner(self) -> str:
        return self._lock.path.read_text().strip() or "неизвестен"
