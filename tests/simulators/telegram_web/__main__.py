"""`python -m tests.simulators.telegram_web --port N [--drip SECONDS]`: the channel of channel.yaml until Ctrl-C."""

import argparse
import contextlib
import threading
from datetime import UTC, datetime

from tests.simulators.dripping import dripping, later
from tests.simulators.telegram_web import TelegramWeb, load


def main() -> None:
    parser = argparse.ArgumentParser(description="Telegram's public channel page on this machine.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--drip", type=float, metavar="SECONDS", help="new posts come one by one, this far apart")
    arguments = parser.parse_args()
    channel = load(datetime.now(UTC))
    with (
        TelegramWeb([channel], port=arguments.port) as simulator,
        dripping(later("telegram_web"), arguments.drip, lambda text: channel.add(text, datetime.now(UTC))),
        contextlib.suppress(KeyboardInterrupt),
    ):
        print(f"base_url: {simulator.url}  channel: {channel.name}", flush=True)
        threading.Event().wait()


main()
