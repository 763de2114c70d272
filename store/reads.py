"""Writes down who looked at what, in batches: reading must not wait for it."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from store.audit import Audit, Look
from store.engine import Store
from store.errors import StoreError
from store.types import dump_json

log = structlog.get_logger()

PAUSE = 1.0
"""Seconds that looks wait for others. A process that is killed loses these and no more."""
SAME = timedelta(minutes=10)
"""The same person at the same thing again within it is one entry: a receiver that asks every second would write a
hundred million a year."""
MOST = 10_000
"""Looks that wait where the database takes none (a full disk); then nobody looks at anything until it does."""
REMEMBERED = 10_000
"""Looks compared with; some MB. When there are more, some are written down twice."""

FULL = "Журнал просмотров не пишется, поэтому и читать нельзя. Проверьте место на диске и права на базу {name}."


class ReadLog:
    """Threads may share it. `close` writes what waits; so does the end of the process, unless it is killed."""

    def __init__(self, store: Store, pause: float = PAUSE) -> None:
        self._store = store
        self._audit = Audit(store)
        self._pause = pause
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._waiting: list[Look] = []
        self._last: dict[str, datetime] = {}
        self._writer: threading.Thread | None = None
        self._closing = threading.Event()

    def note(self, actor: str, action: str, object_: str, details: Mapping[str, Any] | None = None) -> None:
        """Write it down soon. `details` never hold a post's text.

        Raises:
            StoreError: too much waits already.
        """
        look = Look(
            at=self._store.now(), actor=actor, action=action, object=object_, details=dict(details) if details else None
        )
        key = dump_json([actor, action, object_, look.details])
        with self._lock:
            if len(self._waiting) >= MOST:
                raise StoreError(FULL.format(name=self._store.name))
            last = self._last.get(key)
            if last is not None and last <= look.at < last + SAME:
                return
            if len(self._last) >= REMEMBERED:
                self._last.clear()
            self._last[key] = look.at
            self._waiting.append(look)
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_until_empty, name="read-log")
                self._writer.start()

    def close(self) -> None:
        """Write what waits. May be called twice, and more may be noted afterwards.

        Raises:
            StoreError: the database does not take it.
        """
        self._closing.set()
        with self._lock:
            writer = self._writer
        if writer is not None:
            writer.join()
        self._closing.clear()
        self._flush()

    def _write_until_empty(self) -> None:
        while True:
            # Without `close`, the last chance is when the interpreter ends and waits for this thread.
            closing = self._closing.wait(self._pause) or not threading.main_thread().is_alive()
            try:
                self._flush()
            except StoreError as error:
                log.warning("reads_not_written", reason=str(error))
            with self._lock:
                if closing or not self._waiting:
                    self._writer = None
                    return

    def _flush(self) -> None:
        with self._flushing:  # `close` and a writer may come together: each would take the other's looks away unwritten
            with self._lock:
                batch = self._waiting[:]
            if not batch:
                return
            self._audit.add_all(batch)
            with self._lock:
                del self._waiting[: len(batch)]
