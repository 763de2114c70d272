"""`python -m tests.simulators.telegram_web --port N`: the channel of channel.yaml until Ctrl-C."""

import argparse
import contextlib
import threading
from datetime import UTC, datetime

from tests.simulators.telegram_web import TelegramWeb, load


def main() -> None:
    parser = argparse.ArgumentParser(description="Telegram's public channel page on this machine.")
    parser.add_argument("--port", type=int, default=0)
    channel = load(datetime.now(UTC))
    with TelegramWeb([channel], port=parser.parse_args().port) as simulator, contextlib.suppress(KeyboardInterrupt):
        print(f"base_url: {simulator.url}  channel: {channel.name}", flush=True)
        threading.Event().wait()


main()
