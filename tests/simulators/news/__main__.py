"""`python -m tests.simulators.news --port 8801 --drip 20`: the site until Ctrl-C or SIGTERM."""

import argparse
import signal
import sys
import threading
from datetime import timedelta

from tests.simulators.news.server import NewsSite


def main() -> int:
    """Serve; 1 where the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.news", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--drip", type=float, metavar="SECONDS", help="new articles come one by one, this far apart")
    options = parser.parse_args()
    try:
        site = NewsSite(options.port, drip=None if options.drip is None else timedelta(seconds=options.drip))
    except OSError as error:
        print(f"порт {options.port} на 127.0.0.1 не открыть: {error.strerror}", file=sys.stderr)
        return 1
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with site:
        print(site.url, flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
