"""What tests of collectors and of the runner share: a clock, a world with a store and a bus, one visit."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bus import Bus, open_bus
from crawlers.base import Collector, Page, Source
from crawlers.context import Context, Quotas, Uncounted
from crawlers.net import Http, LocalSlots
from crawlers.settings import Cursor
from intake import Draft, Intake
from schemas import Post, decode, topics
from store import Forgotten, Sources, Store, Versions
from text import AuthorHasher

HASHER = AuthorHasher(b"a key of thirty-two bytes, tests")
NAMES = {topics.POSTS: 2, topics.HISTORY: 1, topics.REACH: 1, topics.SOURCES: 1}


@dataclass
class Clock:
    """The real clock, shifted; or one that stands still between the shifts."""

    shift: timedelta = field(default_factory=timedelta)
    stopped: datetime | None = None

    def __call__(self) -> datetime:
        return (self.stopped or datetime.now(UTC)) + self.shift

    def stop(self) -> None:
        """For tests of fractions of a second: a slow machine must not use them up."""
        self.stopped = datetime.now(UTC)

    def forward(self, **by: float) -> None:
        self.shift += timedelta(**by)


@dataclass
class World:
    """A store, a bus and the door between collectors and bus."""

    store: Store
    bus: Bus
    clock: Clock

    def __post_init__(self) -> None:
        self.sources = Sources(self.store)
        self.intake = Intake(self.bus, Versions(self.store), Forgotten(self.store), HASHER, self.clock)

    def posts(self, topic: str = topics.POSTS) -> list[Post]:
        """Everything on the topic of posts, or on another one."""
        return [decode(Post, r.record.value, r.record.headers) for r in self.bus.read(topic)]

    @asynccontextmanager
    async def context(self, quotas: Quotas | None = None) -> AsyncIterator[Context]:
        """What a crawler process gives to its collectors, without pauses between requests."""
        async with Http(user_agent="Otklik/test", now=self.clock, pause=timedelta()) as http:
            yield Context(
                http=http,
                user_agent="Otklik/test",
                now=self.clock,
                slots=LocalSlots(self.clock),
                quotas=quotas or Uncounted(self.clock),
            )

    @asynccontextmanager
    async def collector(self, kind: type[Any], quotas: Quotas | None = None) -> AsyncIterator[Collector[Any, Any]]:
        """A collector as a crawler process makes it, without pauses between requests and after failed ones."""
        async with self.context(quotas) as context:
            made: Collector[Any, Any] = kind(context)
            if hasattr(made, "retry_pause"):
                made.retry_pause = 0.01
            try:
                yield made
            finally:
                await made.close()


@cache
def _migrated() -> bytes:
    """A database as `upgrade` leaves it, which takes longer than many a test. Migrations have tests of their own."""
    with TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/store.db")
        store.upgrade()
        store.close()
        return (Path(folder) / "store.db").read_bytes()


@contextmanager
def world(folder: Path, url: str = "memory:") -> Iterator[World]:
    clock = Clock()
    (folder / "store.db").write_bytes(_migrated())
    store = Store(f"sqlite:///{folder}/store.db", now=clock)
    store.open()
    bus = open_bus(url)
    bus.ensure_topics(NAMES)
    try:
        yield World(store, bus, clock)
    finally:
        bus.close()
        store.close()


def source(settings: Any, id_: str = "tested", place_hint: str | None = None) -> Source[Any]:
    return Source(id_, settings, place_hint, "Asia/Yekaterinburg")


async def pages(collector: Collector[Any, Any], of: Source[Any], cursor: Cursor | None = None) -> list[Page[Any]]:
    """All pages of one visit."""
    return [page async for page in collector.collect(of, cursor or collector.cursor_type())]


def drafts(found: list[Page[Any]]) -> list[Draft]:
    return [draft for page in found for draft in page.drafts]
