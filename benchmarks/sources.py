"""A thousand sources in one crawler process: `python -m benchmarks.sources`.

`otklik crawl` visits news feeds, each a site of its own, pages of t.me/s and VK walls, all on simulators over real
sockets. First it collects what there is; then, when nothing is new, requests are counted at the simulators and compared
with the visits that ended meanwhile. Memory is the resident set: of the process that crawls, and of its children, which
extract articles. Load and page sizes are those of the simulators; no figure speaks of the Internet's speed.
"""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from store import Sources, Store
from tests.simulators import loopback
from tests.simulators.news.server import NewsSite
from tests.simulators.telegram_web import TelegramWeb
from tests.simulators.telegram_web import load as load_channel
from tests.simulators.vk import VkSimulator
from tests.simulators.vk import load as load_wall
from tests.simulators.vk.server import TOKEN

ARTICLES = 3  # of each news site
EVERY = 120  # seconds between two visits to a source: 1,000 sources are 8.3 visits a second, as 5 minutes are to 2,500
WARM_UP = 150.0
WINDOW = 60.0
MAX_MB = 500
KINDS = {"news": 0.4, "telegram": 0.3, "vk": 0.3}


class Simulators:
    """Entered as a context; `count` is what has arrived so far."""

    def __init__(self, sources: int) -> None:
        now = datetime.now(UTC)
        share = {kind: round(sources * part) for kind, part in KINDS.items()}
        self.sites = [NewsSite() for _ in range(share["news"])]
        for site in self.sites:
            site.articles = [one for one in site.articles if one.section.id == "vesti"][:ARTICLES]
        channels, walls = [], []
        for number in range(share["telegram"]):
            channel = load_channel(now)
            channel.name = f"channel_{number}"
            channels.append(channel)
        for number in range(share["vk"]):
            wall = load_wall(now)
            wall.id, wall.screen_name = 1000 + number, f"wall_{number}"
            walls.append(wall)
        self.telegram = TelegramWeb(channels)
        self.vk = VkSimulator(walls)
        self._stack = ExitStack()

    def __enter__(self) -> "Simulators":
        for one in (*self.sites, self.telegram, self.vk):
            self._stack.enter_context(one)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def count(self) -> Counter[str]:
        """Requests by kind; those for robots.txt apart."""
        asked = Counter[str](
            "robots" if request.path == "/robots.txt" else "news" for site in self.sites for request in site.requests
        )
        return asked + Counter({"telegram": len(self.telegram.requests), "vk": len(self.vk.calls)})

    def config(self) -> str:
        """The file of the region."""
        every = f"every: {EVERY}s"
        lines = ["region: chelyabinsk", "bus: sqlite:///bus.db", 'store: "sqlite:///store.db"', "sources:"]
        for number, site in enumerate(self.sites):
            url = f"{site.url}/vesti/rss.xml"
            lines.append(f'  - {{id: news-{number}, {every}, news: {{feed: "{url}", allow_private: true}}}}')
        for channel in self.telegram.channels:
            settings = f'channel: {channel.name}, base_url: "{self.telegram.url}", allow_private: true'
            lines.append(f"  - {{id: tg-{channel.name.replace('_', '-')}, {every}, telegram: {{{settings}}}}}")
        for wall in self.vk.communities:
            settings = f'wall: "-{wall.id}", token: "${{VK_TOKEN}}", api_url: "{self.vk.url}", comments: false'
            lines.append(f"  - {{id: vk-{wall.id}, {every}, vk: {{{settings}}}}}")
        return "\n".join([*lines, "crawler: {pause: 0}", "log: error", ""])


@contextmanager
def crawler(folder: Path) -> Iterator[psutil.Process]:
    """The role in a process of its own, on a fresh store."""
    root = Path(__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": str(root), "OTKLIK_AUTHOR_KEY": secrets.token_hex(32), "VK_TOKEN": TOKEN}
    command = [sys.executable, "-m", "otklik"]
    subprocess.run(
        [*command, "db", "upgrade", "region.yaml"], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL
    )
    process = subprocess.Popen([*command, "crawl", "region.yaml"], cwd=folder, env=env)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


class Memory:
    """The highest resident sets seen, in MB."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.crawler = 0.0
        self.children = 0.0

    def watch(self, seconds: float) -> None:
        """Look every half second."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.crawler = max(self.crawler, self._process.memory_info().rss / 2**20)
            self.children = max(self.children, sum(map(_rss, self._process.children(recursive=True))))
            time.sleep(0.5)


def _rss(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


def visits(store: Store, since: datetime, until: datetime) -> tuple[Counter[str], Counter[str]]:
    """Visits that began in the window, by kind, and by outcome."""
    sources = Sources(store)
    found = [run for one in sources.list() for run in sources.runs(one.id, 20) if since <= run.started < until]
    return Counter(run.kind for run in found), Counter(run.outcome.value for run in found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--warm-up", type=float, default=WARM_UP)
    parser.add_argument("--window", type=float, default=WINDOW)
    arguments = parser.parse_args()
    loopback.POLL = 0.5  # hundreds of servers
    with tempfile.TemporaryDirectory() as name, Simulators(arguments.sources) as simulators:
        folder = Path(name)
        (folder / "region.yaml").write_text(simulators.config())
        with crawler(folder) as process:
            memory = Memory(process)
            memory.watch(arguments.warm_up)
            collected, started, cpu = simulators.count(), datetime.now(UTC), process.cpu_times()
            memory.watch(arguments.window)
            asked, ended, used = simulators.count() - collected, datetime.now(UTC), process.cpu_times()
            threads = process.num_threads()
        store = Store(f"sqlite:///{folder}/store.db")
        before, _ = visits(store, started - timedelta(days=1), started)
        made, outcomes = visits(store, started, ended)
        posts = sum(one.posts_total for one in Sources(store).list())
        store.close()
    seconds = (ended - started).total_seconds()
    busy = (used.user + used.system - cpu.user - cpu.system) / seconds
    print(
        f"{arguments.sources} sources, one visit in {EVERY} s each; first {sum(before.values())} visits, {posts} posts"
    )
    print(f"idle window of {seconds:.0f} s: {sum(made.values())} visits began, outcomes {dict(outcomes)}")
    for kind in KINDS:
        print(f"  {kind:8} {made[kind]:4} visits, {asked[kind]:4} requests")
    print(f"  robots.txt read {asked['robots']} times; {busy:.0%} of a core, {threads} threads")
    print(f"resident: crawler {memory.crawler:.0f} MB, its children {memory.children:.0f} MB at most")
    due = arguments.sources * seconds / EVERY
    extra = sum(asked.values()) - sum(made.values())
    # A visit that began before the window may send its request within it, and the other way round.
    missed = [memory.crawler > MAX_MB, extra > 0.02 * due, sum(made.values()) < 0.95 * due]
    targets = (
        f"crawler <= {MAX_MB} MB",
        f"requests beyond one per visit: {extra} <= 2 %",
        f"visits made {sum(made.values())} of {due:.0f} due >= 95 %",
    )
    for text, failed in zip(targets, missed, strict=True):
        print(f"target {text}: {'MISSED' if failed else 'reached'}")
    return sum(missed)


if __name__ == "__main__":
    sys.exit(main())
