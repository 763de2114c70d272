"""New posts one by one while somebody watches: what `--drip SECONDS` of the simulators does."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.simulators.loopback import data

LATER = Path(__file__).with_name("later.yaml")


def later(name: str) -> list[str]:
    """The texts that a simulator has in store."""
    found: list[str] = data(LATER.read_text(encoding="utf-8"))[name]
    return found


@contextmanager
def dripping(texts: list[str], seconds: float | None, write: Callable[[str], object]) -> Iterator[None]:
    """Inside, `write` each text, so far apart, until there are none left; nothing where `seconds` is None."""
    stop = threading.Event()

    def run() -> None:
        for text in texts if seconds is not None else ():
            if stop.wait(seconds):
                return
            write(text)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
