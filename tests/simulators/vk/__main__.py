"""`python -m tests.simulators.vk --port N`: the wall of wall.yaml until Ctrl-C."""

import argparse
import contextlib
import threading
from datetime import UTC, datetime

from tests.simulators.vk import VkSimulator, load
from tests.simulators.vk.server import TOKEN


def main() -> None:
    parser = argparse.ArgumentParser(description="VK's API on this machine: a wall, a board, and searches.")
    parser.add_argument("--port", type=int, default=0)
    community = load(datetime.now(UTC))
    with VkSimulator([community], port=parser.parse_args().port) as simulator, contextlib.suppress(KeyboardInterrupt):
        print(f"api_url: {simulator.url}  wall: {community.screen_name}  token: {TOKEN}", flush=True)
        threading.Event().wait()


main()
