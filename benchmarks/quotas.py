"""How much of a token's rate the ledger lets us use, and what it costs: `python -m benchmarks.quotas`.

The simulator answers every call after 150 ms and counts arrivals. The arithmetic optimum is the rate itself, 5 or 3
calls in every second. Beside ours stands vk_api with its own delay, one object in one thread, as it is meant to be
used. No sliding second at the simulator may hold one call more than the rate.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import vk_api
from jconfig.memory import MemoryConfig

from crawlers.vk.client import API_VERSION, VkClient
from crawlers.vk.settings import VkSettings
from crawlers.vk.transport import session
from store import Allowance, Quotas, Store
from tests.simulators.vk import Community, VkSimulator

ANSWER = 0.15
SECONDS = 20
MIN_RATIO = 0.9  # of the rate


def utc_now() -> datetime:
    return datetime.now(UTC)


def busiest(arrivals: list[float]) -> int:
    """The most calls within a second."""
    return max(sum(start <= at < start + 1 for at in arrivals) for start in arrivals)


def rate(arrivals: list[float], burst: int) -> float:
    """Calls per second from the first call to the first of the last `burst`, which alone has no wait after it."""
    ordered = sorted(arrivals)
    return (len(ordered) - burst) / (ordered[-burst] - ordered[0])


def ours(simulator: VkSimulator, store: Store, kind: str, per_second: int, seconds: float) -> None:
    """As many calls as would fit, asked for by eight sources at once."""

    async def run() -> None:
        settings = VkSettings.model_validate(
            {"wall": "-1", "token": simulator.token, "token_kind": kind, "api_url": simulator.url}
        )
        client = VkClient(settings, Quotas(store), utc_now, 1.0)
        left = iter(range(int(per_second * seconds)))

        async def source() -> None:
            for _ in left:
                await client.call("wall.get", owner_id=-1)

        try:
            await asyncio.gather(*(source() for _ in range(8)))
        finally:
            await client.close()

    asyncio.run(run())


def plain(simulator: VkSimulator, seconds: float) -> None:
    """vk_api alone."""
    api = vk_api.VkApi(
        token=simulator.token, api_version=API_VERSION, config=MemoryConfig, session=session(simulator.url)
    )
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        api.method("wall.get", {"owner_id": -1})


def cost(store: Store, threads: int, calls: int) -> float:
    """Milliseconds per turn, where so many threads ask at once."""
    quotas = Quotas(store)

    def ask() -> None:
        for _ in range(calls):
            quotas.take("bench", "get", [Allowance("token", 1_000_000, 1_000_000)])

    running = [threading.Thread(target=ask) for _ in range(threads)]
    start = time.perf_counter()
    for one in running:
        one.start()
    for one in running:
        one.join()
    return (time.perf_counter() - start) / (threads * calls) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        for kind, per_second in (("service", 5), ("user", 3)):
            for name in ("vk_api", "ours"):
                store = Store(f"sqlite:///{Path(folder)}/{kind}-{name}.db")
                store.upgrade()
                with VkSimulator([Community(1, "wall", "Стена")], slow=ANSWER) as simulator:
                    if name == "ours":
                        ours(simulator, store, kind, per_second, seconds)
                    else:
                        plain(simulator, seconds)
                    arrivals = simulator.arrivals[simulator.token]
                store.close()
                used = rate(arrivals, per_second) / per_second
                print(
                    f"{kind:8} {name:7} {rate(arrivals, per_second):5.2f} calls/s of {per_second} ({used:.1%}), "
                    f"busiest second {busiest(arrivals)}" + (f", wanted ≥ {MIN_RATIO:.0%}" if name == "ours" else "")
                )
        store = Store(f"sqlite:///{Path(folder)}/cost.db")
        store.upgrade()
        for threads in (1, 4):
            figures = [cost(store, threads, 200) for _ in range(3)]
            raw = ", ".join(f"{one:.2f}" for one in figures)
            print(f"a turn on SQLite, {threads} thread(s): {median(figures):.2f} ms [{raw}]")
        store.close()


if __name__ == "__main__":
    main()
