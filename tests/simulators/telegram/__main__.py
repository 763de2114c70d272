"""`python -m tests.simulators.telegram --port N [--session FILE]`: the chats of chats.yaml until Ctrl-C."""

import argparse
import contextlib
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

from crawlers.telegram.session import SessionFile
from crawlers.telegram.settings import VARIABLE
from tests.simulators.telegram import TelegramSimulator, load


def main() -> None:
    parser = argparse.ArgumentParser(description="Telegram's API on this machine.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--session", type=Path, help=f"write a session that is logged in, encrypted with {VARIABLE}")
    arguments = parser.parse_args()
    chats = load(datetime.now(UTC))
    with TelegramSimulator(chats, port=arguments.port) as simulator, contextlib.suppress(KeyboardInterrupt):
        if arguments.session:
            SessionFile(arguments.session, os.environ.get(VARIABLE)).save(simulator.session())
        print(f"127.0.0.1:{simulator.port}  channels: {', '.join(sorted(simulator.methods.named()))}", flush=True)
        threading.Event().wait()


main()
