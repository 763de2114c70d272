"""What every role's process does around its work: logs, signals, the end of its parent."""

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

import structlog

SUPERVISED = "OTKLIK_SUPERVISED"
"""Set by the supervisor for its roles: standard input is a pipe that closes when it dies."""
ACCEPTED = "OTKLIK_ACCEPTED"
"""Set with it: the copy of the region's file that the supervisor accepted. The file itself may be half edited."""


class _StandardError:
    """Where log lines go. One that can't be written (a full disk, a closed pipe) must not stop the work it tells of."""

    def __init__(self, *_: object) -> None: ...

    def msg(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            print(line, file=sys.stderr, flush=True)

    debug = info = warning = error = critical = exception = msg


def set_up_logs(level: str) -> None:
    """structlog and the standard library's loggers to standard error: coloured on a terminal, JSON elsewhere."""
    number = logging.getLevelNamesMapping()[level.upper()]
    terminal = sys.stderr.isatty()
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_StandardError,
        cache_logger_on_first_use=False,
    )
    # Libraries speak up only about what an operator may want to know; at debug they say all.
    logging.basicConfig(
        level=number if number <= logging.DEBUG else max(number, logging.WARNING),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    # These tell each attempt as an error; what matters comes to us as an exception, and we tell it.
    for library in ("kafka", "telethon"):
        logging.getLogger(library).setLevel(logging.CRITICAL if number > logging.INFO else logging.NOTSET)


def on_stop(stop: Callable[[], None]) -> None:
    """Call `stop` at SIGTERM, SIGINT, and when a supervising parent is gone. A second signal changes nothing.

    From the main thread only. `stop` runs in the main thread between two instructions: it may set a flag.
    """

    def handler(_number: int, _frame: FrameType | None) -> None:
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal; the supervisor restarts roles to reload them
    stop_with_parent()


def stop_with_parent() -> None:
    """Where a supervisor started this process: send itself SIGTERM when the supervisor is gone."""
    if os.environ.get(SUPERVISED) != "1":
        return

    def watch() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(0, 1024):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
