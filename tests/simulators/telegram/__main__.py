"""`python -m tests.simulators.telegram --port N [--session FILE] [--drip SECONDS]`: chats.yaml until Ctrl-C."""

import argparse
import contextlib
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

from crawlers.telegram.session import SessionFile
from crawlers.telegram.settings import VARIABLE
from tests.simulators.dripping import dripping, later
from tests.simulators.telegram import TelegramSimulator, load
from tests.simulators.telegram.login import Person

READER = Person(phone="79990000001", code="12345")
"""Who may log in: no number of a real person, because there is no area code 999 0."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Telegram's API on this machine.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--session", type=Path, help=f"write a session that is logged in, encrypted with {VARIABLE}")
    parser.add_argument("--drip", type=float, metavar="SECONDS", help="new posts come one by one, this far apart")
    arguments = parser.parse_args()
    chats = load(datetime.now(UTC))
    with (
        TelegramSimulator(chats, port=arguments.port, people=[READER]) as simulator,
        dripping(later("telegram"), arguments.drip, chats[0].add),
        contextlib.suppress(KeyboardInterrupt),
    ):
        if arguments.session:
            SessionFile(arguments.session, os.environ.get(VARIABLE)).save(simulator.session())
        channels = ", ".join(sorted(simulator.methods.named()))
        login = f"phone: +{READER.phone}  code: {READER.code}"
        print(f"127.0.0.1:{simulator.port}  channels: {channels}  {login}", flush=True)
        threading.Event().wait()


main()
