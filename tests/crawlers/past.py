"""Pasts to collect, each in a simulator, and a process that collects one: `python -m tests.crawlers.past …`."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from cryptography.fernet import Fernet

import crawlers
from bus import crashpoints, open_bus
from crawlers import backfill
from crawlers.backfill import TERM, Behind, Ground, Progress, Result, Run
from crawlers.base import Page
from crawlers.context import Context
from crawlers.context import Quotas as Ledger
from crawlers.plan import Planned, source_rows
from crawlers.schedule import Every
from crawlers.telegram.backfill import Turns
from crawlers.telegram.session import SessionFile
from crawlers.visit import Visit
from store import Backfill, BackfillLease, Backfills, Holds, Store
from tests.crawlers.harness import NAMES, Clock, World, source
from tests.crawlers.net.site import Site
from tests.crawlers.news.paper import article, id_of, sitemap
from tests.simulators import telegram, telegram_web
from tests.simulators.telegram_web import TelegramWeb
from tests.simulators.vk import Community, VkSimulator

START = datetime.now(UTC).replace(microsecond=0)
SINCE = START - timedelta(days=40)
UNTIL = START - timedelta(days=10)
TURNS = Turns(timedelta(seconds=0.3), timedelta(seconds=0.2), 0.05, timedelta(seconds=2))
"""With the crawlers of `tests.crawlers.telegram.crawling`."""


class Past(Protocol):
    """A running simulator with things from 50 days ago until now, several pages of them inside of the span."""

    kind: str
    settings: dict[str, Any]

    def ids(self) -> set[str]:
        """What a back-fill from `SINCE` to `UNTIL` has to bring."""


def days(count: int) -> list[datetime]:
    """So many moments over the last 50 days, none of them on an edge of the span but for one on each."""
    step = timedelta(days=50) / count
    moments = [(START - timedelta(days=50) + step * number).replace(microsecond=0) for number in range(count)]
    return sorted({*moments, SINCE, SINCE - timedelta(seconds=1), UNTIL, UNTIL - timedelta(seconds=1)})


def inside(moment: datetime) -> bool:
    return SINCE <= moment < UNTIL


class Wall:
    kind = "vk"

    def __init__(self, simulator: VkSimulator, community: Community) -> None:
        self.simulator = simulator
        self.community = community
        self.settings = {"wall": community.screen_name, "token": simulator.token, "api_url": simulator.url}

    def ids(self) -> set[str]:
        found = set()
        for post in self.community.posts.values():
            if inside(datetime.fromtimestamp(post.date, UTC)):
                found.add(f"vk:{self.community.owner}_{post.id}")
                comments = [c for top in post.comments for c in (top, *top.replies)]
                found |= {f"vk:{self.community.owner}_c{comment.id}" for comment in comments}
        return found


@contextmanager
def wall(count: int = 300) -> Iterator[Wall]:
    """With comments under every eighth post, a long thread under one, and a pinned post of the span."""
    community = Community(7400074, "podslushano_chel74", "Подслушано")
    for number, at in enumerate(days(count)):
        post = community.add(f"Двор {number}: не вывозят мусор", at, pinned=number == count // 2)
        if number % 8 == 0:
            top = community.comment(post, "У нас тоже не вывозят", at + timedelta(days=1))
            for reply in range(25 if number % 80 == 0 else 2):
                community.comment(post, f"Ответ {reply}", at + timedelta(days=2), under=top)
    with VkSimulator([community]) as simulator:
        yield Wall(simulator, community)


class Channel:
    kind = "telegram"

    def __init__(self, simulator: telegram.TelegramSimulator, channel: telegram.Chat, file: Path) -> None:
        self.simulator = simulator
        self.channel = channel
        self.settings = {"channel": channel.name, "api_id": 1, "api_hash": "simulated", "session": str(file)}

    def ids(self) -> set[str]:
        posts = [post for post in self.channel.units() if inside(post.at)]
        assert self.channel.linked is not None
        place = self.channel.linked.name
        return {f"telegram:{self.channel.name}/{post.id}" for post in posts} | {
            f"telegram:{place}/{comment.id}" for post in posts for comment in self.channel.comments(post.id)
        }


@contextmanager
def channel(folder: Path, key: str, count: int = 260) -> Iterator[Channel]:
    """With an album, and a discussion under every tenth post; one is of several pages."""
    talk = telegram.Chat("ryadom_talk", "Разговоры", 2_000_002, broadcast=False)
    one = telegram.Chat("ryadom", "Рядом", 2_000_001, linked=talk)
    one.posts[1] = telegram.Post(1, START - timedelta(days=60), "", service=True)
    for number, at in enumerate(days(count)):
        album = {"album": 77, "photo": True} if number in range(92, 97) else {}
        post = one.add(f"Во дворе {number} нет света", at, **album)
        if number % 10 == 0:
            for reply in range(120 if number == 100 else 2):
                one.comment(post.id, f"И у нас нет света, {reply}", at=at + timedelta(days=1))
    with telegram.TelegramSimulator([one, talk]) as simulator:
        file = folder / "reader.session"
        SessionFile(file, key).save(simulator.session())
        yield Channel(simulator, one, file)


class WebChannel:
    kind = "telegram"

    def __init__(self, simulator: TelegramWeb, channel: telegram_web.Channel) -> None:
        self.channel = channel
        self.settings = {"channel": channel.name, "base_url": simulator.url, "allow_private": True}

    def ids(self) -> set[str]:
        return {f"telegram:{self.channel.name}/{m.id}" for m in self.channel.messages.values() if inside(m.at)}


@contextmanager
def web_channel(count: int = 130) -> Iterator[WebChannel]:
    one = telegram_web.Channel("ryadom", "Рядом", 900)
    for number, at in enumerate(days(count)):
        one.add(f"Во дворе {number} нет света", at)
    with TelegramWeb([one]) as simulator:
        yield WebChannel(simulator, one)


class Paper:
    kind = "news"

    def __init__(self, site: Site, moments: list[datetime]) -> None:
        self.site = site
        self.moments = moments
        self.settings = {"sitemap": f"{site.url}/sitemap.xml", "allow_private": True}
        for number, at in enumerate(moments):
            site.pages[f"/n/{number}"] = article(number, published=at)
        self.write()

    def ids(self) -> set[str]:
        return {id_of(self.site, number) for number, at in enumerate(self.moments) if inside(at)}

    def write(self, edited: int | None = None) -> None:
        """The index of sitemaps, one per ten days; an `edited` article is dated now."""
        files: dict[str, str] = {}
        for part in range(0, len(self.moments), 10):
            dated = {number: self.moments[number] for number in range(part, min(part + 10, len(self.moments)))}
            if edited in dated:
                dated[edited] = START
            links = {f"{self.site.url}/n/{number}": at.isoformat() for number, at in dated.items()}
            self.site.pages[f"/sitemap-{part:03}.xml"] = sitemap(links)
            files[f"{self.site.url}/sitemap-{part:03}.xml"] = max(dated.values()).isoformat()
        self.site.pages["/sitemap.xml"] = sitemap(files, "sitemapindex")


@contextmanager
def paper(count: int = 60) -> Iterator[Paper]:
    with Site({}) as site:
        yield Paper(site, days(count))


@contextmanager
def past(name: str, folder: Path, key: str) -> Iterator[Past]:
    """By name: vk, api, web, news."""
    made: dict[str, Callable[[], Any]] = {
        "vk": wall,
        "api": lambda: channel(folder, key),
        "web": web_channel,
        "news": paper,
    }
    with made[name]() as one:
        yield one


def new_key() -> str:
    return Fernet.generate_key().decode()


def planned(kind: str, settings: dict[str, Any], name: str = "tested") -> Planned:
    of = source(crawlers.KINDS[kind].settings.model_validate(settings), name, "Миасс")
    return Planned(of, kind, Every(timedelta(minutes=5)))


@dataclass
class Collecting:
    """A back-fill as a process of its own does it."""

    here: World
    plan: Planned
    owner: str = "backfill-1"
    term: timedelta = TERM
    told: Callable[[Progress], None] = lambda _: None
    visit_type: type[Visit] = Visit
    since: datetime = SINCE
    until: datetime | None = UNTIL
    turns: Turns = TURNS

    def begin(self, again: bool = False) -> BackfillLease | Backfill:
        id_ = self.plan.source.id
        return Backfills(self.here.store).begin(id_, self.since, self.until, self.owner, self.term, again=again)

    async def run(
        self,
        ledger: Ledger | None = None,
        again: bool = False,
        ready: Callable[[Run], None] = lambda _: None,
        beside: Callable[[Context, asyncio.Event], Coroutine[Any, Any, None]] | None = None,
    ) -> Result:
        """`beside` goes on until the event: a process has one HTTP stack, and this one's is shared with it."""
        lease = self.begin(again)
        assert isinstance(lease, BackfillLease), lease
        async with self.here.context(None if ledger is None else Behind(ledger)) as context:
            collectors = {self.plan.kind: crawlers.KINDS[self.plan.kind].make(context)}
            if not self.here.sources.list():
                self.here.sources.sync(source_rows([self.plan], collectors))
            made = backfill.make(self.plan.kind, Ground(context, self.here.sources, Holds(self.here.store), self.owner))
            for name, value in {"retry_pause": 0.01, "pause": 0.0, "turns": self.turns, "stretch": 0.0}.items():
                if hasattr(made, name):
                    setattr(made, name, value)
            run = Run(
                self.plan,
                made,
                lease,
                backfills=Backfills(self.here.store),
                intake=self.here.intake,
                now=self.here.clock,
                tell=self.told,
                term=self.term,
                pause=timedelta(seconds=0.1),
                shortest_wait=timedelta(minutes=15),
            )
            run.visit_type = self.visit_type
            ready(run)
            over = asyncio.Event()
            other = asyncio.create_task(beside(context, over)) if beside is not None else None
            try:
                return await run.run()
            finally:
                over.set()
                if other is not None:
                    await other
                await made.close()
                await collectors[self.plan.kind].close()


class Swapped(Visit):
    """The mistake that the tests must notice."""

    async def _take(self, page: Page[Any]) -> None:
        await self.save(page)
        crashpoints.reach("crawl.after_cursor")
        self._posts += await self.publish(page)


async def main(
    bus_url: str, store_url: str, kind: str, settings: str, since: str, until: str, order: str, free_for: str = "0.2"
) -> None:
    clock = Clock()
    store = Store(store_url, now=clock)
    store.upgrade()
    bus = open_bus(bus_url)
    bus.ensure_topics(NAMES)
    collecting = Collecting(
        World(store, bus, clock),
        planned(kind, json.loads(settings)),
        owner=f"backfill-{Path('/proc/self').resolve().name}",
        term=timedelta(seconds=1),  # a restart waits for the lease of the process that was killed
        visit_type=Swapped if order == "swapped" else Visit,
        since=datetime.fromisoformat(since),
        until=datetime.fromisoformat(until),
        turns=replace(TURNS, free_for=timedelta(seconds=float(free_for))),
    )
    while isinstance(found := collecting.begin(), Backfill):
        assert found.finished is None
        await asyncio.sleep(0.1)
    Backfills(store).release(found)
    result = await collecting.run()
    assert result.finished, result
    bus.close()
    store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
