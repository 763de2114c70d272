"""`python -m tests.simulators.vk --port N [--drip SECONDS]`: the wall of wall.yaml until Ctrl-C."""

import argparse
import contextlib
import threading
from datetime import UTC, datetime

from tests.simulators.dripping import dripping, later
from tests.simulators.vk import VkSimulator, load
from tests.simulators.vk.server import TOKEN


def main() -> None:
    parser = argparse.ArgumentParser(description="VK's API on this machine: a wall, a board, and searches.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--drip", type=float, metavar="SECONDS", help="new posts come one by one, this far apart")
    arguments = parser.parse_args()
    community = load(datetime.now(UTC))
    with (
        VkSimulator([community], port=arguments.port) as simulator,
        dripping(later("vk"), arguments.drip, lambda text: community.add(text, datetime.now(UTC), author=777)),
        contextlib.suppress(KeyboardInterrupt),
    ):
        print(f"api_url: {simulator.url}  wall: {community.screen_name}  token: {TOKEN}", flush=True)
        threading.Event().wait()


main()
