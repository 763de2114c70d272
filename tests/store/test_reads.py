"""Who looked at what is written down soon, once, and before the end."""

import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from store import Audit, StoreError
from store.reads import MOST, SAME, ReadLog
from tests.store.kit import Kit


def seen(kit: Kit) -> list[tuple[str, str, str]]:
    return [(one.actor, one.action, one.object) for one in Audit(kit.open()).list(100_000)][::-1]


def test_looks_are_written_without_asking(kit: Kit) -> None:
    log = ReadLog(kit.open(), pause=0.05)
    log.note("ivanova", "read", "incident:1", {"through": "console"})
    log.note("petrov", "read", "incident:1")
    until = time.monotonic() + 20
    while len(seen(kit)) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert seen(kit) == [("ivanova", "read", "incident:1"), ("petrov", "read", "incident:1")]
    log.note("petrov", "read", "incident:2")
    log.close()
    log.close()
    assert seen(kit)[2:] == [("petrov", "read", "incident:2")]


def test_the_same_look_again_is_one_entry_for_a_while(kit: Kit) -> None:
    log = ReadLog(kit.open())
    for minutes, details in ((0, None), (1, None), (1, {"filter": "x"}), (9, None), (10, None), (11, None)):
        kit.clock.move(timedelta(minutes=minutes) - (kit.clock() - Kit("").clock()))
        log.note("ivanova", "read", "incident:1", details)
    log.close()
    assert [(one.at - Kit("").clock(), one.details) for one in Audit(kit.open()).list()][::-1] == [
        (timedelta(0), None),
        (timedelta(minutes=1), {"filter": "x"}),
        (SAME, None),
    ]


def test_threads_lose_nothing(kit: Kit) -> None:
    log = ReadLog(kit.open(), pause=0.01)

    def look(name: str) -> None:
        for n in range(200):
            log.note(name, "read", f"incident:{n}")

    threads = [threading.Thread(target=look, args=(f"p{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert len(seen(kit)) == len(set(seen(kit))) == 800


def test_when_too_much_waits_nobody_looks(kit: Kit) -> None:
    store = kit.open()
    log = ReadLog(store, pause=3600)
    for n in range(MOST):
        log.note("ivanova", "read", f"incident:{n}")
    with pytest.raises(StoreError) as caught:
        log.note("ivanova", "read", "incident:10000")
    assert str(caught.value) == (
        f"Журнал просмотров не пишется, поэтому и читать нельзя. Проверьте место на диске и права на базу {store.name}."
    )
    log.close()
    assert len(seen(kit)) == MOST


PROCESS = """
import sys
from store import Store
from store.reads import ReadLog
log = ReadLog(Store(sys.argv[1]))
for n in range(50):
    log.note("ivanova", "read", f"incident:{n}")
"""


def test_the_end_of_the_process_waits_for_them(kit: Kit) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, kit.url],
        check=False, cwd=Path(__file__).parents[2], timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert len(seen(kit)) == 50


def test_closing_while_others_look_writes_each_look_once(kit: Kit) -> None:
    log = ReadLog(kit.open(), pause=0.0)
    looks = [f"incident:{number}" for number in range(300)]
    stop = threading.Event()

    def close() -> None:
        while not stop.is_set():
            log.close()

    closers = [threading.Thread(target=close) for _ in range(3)]
    for one in closers:
        one.start()
    for look in looks:
        log.note("ivanova", "read", look)
        time.sleep(0.001)
    stop.set()
    for one in closers:
        one.join()
    log.close()
    assert sorted(object_ for *_, object_ in seen(kit)) == sorted(looks)
