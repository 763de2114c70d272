"""The soak itself: writers, trouble and crawlers that are killed, then quiet, then the comparison."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from bus import open_bus
from crawlers.telegram.session import VARIABLE, SessionFile
from schemas import Post, decode, topics
from tests.simulators.telegram import Chat, TelegramSimulator
from tests.simulators.vk import Community, VkSimulator
from tests.soak.trouble import Trouble
from tests.soak.writers import Writers

ACTS_PER_SECOND = 2.0
TROUBLE_EVERY = 3.0
"""Seconds, on average."""
LIFE = (4.0, 25.0)
"""Seconds that a crawler lives before it is killed: from less than its first visits take to many visits."""
LATER = 26.0
"""Hours by which the last visits are ahead: past every re-reading of comments, within the three days of watching."""
LAST_VISITS = 8
"""At most, until two in a row bring nothing."""


@dataclass(frozen=True)
class Result:
    """What happened, and what differs at the end. Differences are ids."""

    acts: Counter[str]
    trouble: Counter[str]
    kills: int
    standing: int
    deletions: int
    """Seen by a crawler before they were deleted."""
    edits: int
    """Records that replaced an earlier one."""
    repeated: int
    """Records that came twice with the same revision and the same contents: readers take them once."""
    missing: list[str]
    stale: list[str]
    """With another text than the one that stands there."""
    undead: list[str]
    """Deleted there and not here."""
    invented: list[str]
    """Here and never there."""
    twice: list[str]
    """One revision with two contents: readers would disagree."""
    last: str
    """How the last visits ended."""

    @property
    def exact(self) -> bool:
        return not (self.missing or self.stale or self.undead or self.invented or self.twice)


def soak(folder: Path, seconds: float, seed: int, say: Callable[[str], None]) -> Result:
    """Run it in `folder`, which is empty."""
    chance = random.Random(seed)
    walls = [Community(7400074 + n, f"soak_wall_{n}", "Стена") for n in range(2)]
    groups = [Chat(f"soak_talk_{n}", "Обсуждение", 2_000_001 + n, broadcast=False) for n in range(2)]
    channels = [Chat(f"soak_channel_{n}", "Канал", 1_000_001 + n, linked=group) for n, group in enumerate(groups)]
    for chat in (*channels, *groups):
        chat.add("", service=True)
        chat.joined = True
    writers = Writers(walls, channels, chance)
    key = Fernet.generate_key().decode()
    with VkSimulator(walls, per_second=5) as vk, TelegramSimulator([*channels, *groups]) as telegram:
        SessionFile(folder / "reader.session", key).save(telegram.session())
        _write_sources(folder, vk, walls, channels)
        crawlers = _Crawlers(folder, {**os.environ, VARIABLE: key})
        trouble = Trouble(vk, telegram, random.Random(seed + 1))
        _live(writers, trouble, crawlers, random.Random(seed + 2), seconds, say)
        trouble.end()
        last = crawlers.to_the_end(say)
        return _compare(folder, writers, trouble, crawlers.kills, last)


def _write_sources(folder: Path, vk: VkSimulator, walls: list[Community], channels: list[Chat]) -> None:
    sources = [
        {
            "id": f"vk-{n}",
            "kind": "vk",
            "settings": {"wall": wall.screen_name, "token": vk.token, "api_url": vk.url},
        }
        for n, wall in enumerate(walls)
    ]
    account = {"api_id": 1, "api_hash": "simulated", "session": str(folder / "reader.session")}
    sources += [
        {"id": f"tg-{n}", "kind": "telegram", "settings": {"channel": channel.name, **account}}
        for n, channel in enumerate(channels)
    ]
    (folder / "sources.json").write_text(json.dumps(sources))


class _Crawlers:
    """One crawler process after another."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._command = [sys.executable, "-m", "tests.soak.crawler", str(folder)]
        self._env = env
        self._log = folder / "crawlers.log"
        self._sources = [item["id"] for item in json.loads((folder / "sources.json").read_text())]
        self._running: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = subprocess.Popen([*self._command, "0"], env=self._env, stdout=log, stderr=log)

    def kill(self) -> None:
        """SIGKILL, wherever it is."""
        if self._running is not None:
            assert self._running.poll() is None, f"the crawler ended by itself, see {self._log}"
            self._running.send_signal(signal.SIGKILL)
            self._running.wait()
            self.kills += 1
            self._running = None

    def to_the_end(self, say: Callable[[str], None]) -> str:
        """Visit each source, undisturbed and hours later, until two rounds bring nothing; how the last one went."""
        quiet, told = 0, ""
        for number in range(LAST_VISITS):
            command = [*self._command, str(LATER + number), "--once"]
            with self._log.open("ab") as log:
                ended = subprocess.run(
                    command, env=self._env, stdout=subprocess.PIPE, stderr=log, timeout=300, check=True
                )
            told = ended.stdout.decode().strip()
            say(f"last visits: {told}")
            health = json.loads(told)
            every = all(one in health for one in self._sources)  # a killed crawler's session is free after a term
            quiet = quiet + 1 if every and not any(posts for _, posts, _ in health.values()) else 0
            if quiet == 2:
                break
        return told


def _live(
    writers: Writers,
    trouble: Trouble,
    crawlers: _Crawlers,
    chance: random.Random,
    seconds: float,
    say: Callable[[str], None],
) -> None:
    """Write and strike by the clock; start and kill crawlers."""
    started = time.monotonic()
    end = started + seconds
    crawlers.start()
    struck, death = started, started + chance.uniform(*LIFE)
    told = started
    while (now := time.monotonic()) < end:
        writers.act()
        if now >= struck:
            trouble.strike()
            struck = now + chance.expovariate(1 / TROUBLE_EVERY)
        if now >= death:
            crawlers.kill()
            crawlers.start()
            death = now + chance.uniform(*LIFE)
        if now - told >= 30:
            told = now
            counted = f"{writers.done.total()} acts, {trouble.done.total()} faults, {crawlers.kills} kills"
            say(f"{now - started:.0f} s: {counted}")
        time.sleep(chance.expovariate(ACTS_PER_SECOND))
    crawlers.kill()


def _compare(folder: Path, writers: Writers, trouble: Trouble, kills: int, last: str) -> Result:
    bus = open_bus(f"sqlite:///{folder}/bus.db")
    try:
        records = [decode(Post, r.record.value, r.record.headers) for r in bus.read(topics.POSTS)]
    finally:
        bus.close()
    latest: dict[str, Post] = {}
    contents: dict[tuple[str, int], set[tuple[str, bool]]] = {}
    repeated = edits = 0
    for post in records:
        known = contents.setdefault((post.id, post.revision), set())
        repeated += (post.text, post.deleted) in known
        known.add((post.text, post.deleted))
        before = latest.get(post.id)
        if before is None or (post.revision, post.collected) >= (before.revision, before.collected):
            edits += before is not None and post.revision > before.revision and not post.deleted
            latest[post.id] = post
    standing = writers.standing()
    alive = {id_: post.text for id_, post in latest.items() if not post.deleted}
    return Result(
        acts=writers.done,
        trouble=trouble.done,
        kills=kills,
        standing=len(standing),
        deletions=sum(post.deleted for post in latest.values()),
        edits=edits,
        repeated=repeated,
        missing=sorted(standing.keys() - alive.keys()),
        stale=sorted(id_ for id_ in standing.keys() & alive.keys() if alive[id_] != standing[id_]),
        undead=sorted(alive.keys() & writers.deleted - standing.keys()),
        invented=sorted(latest.keys() - standing.keys() - writers.deleted),
        twice=sorted(id_ for (id_, _), found in contents.items() if len(found) > 1),
        last=last,
    )
