"""How fast a history comes in and how soon a pushed post is on the bus: `python -m benchmarks.telegram`.

The simulator is a process of its own and speaks MTProto over TCP. Beside our crawler (account, ledger, masking, SQLite
store and bus) stands a bare TelegramClient with `iter_messages(wait_time=0)`, which keeps nothing. Nobody asks Telegram
that fast for long: the ledger allows 20 calls a second, so it is also measured with each bare call behind a turn.
"""

import argparse
import asyncio
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.fernet import Fernet
from telethon import TelegramClient
from telethon.sessions import StringSession
from telethon.tl.functions.messages import GetHistoryRequest

from benchmarks.common import ROUNDS, alternate, table
from bus import open_bus
from crawlers.telegram.session import SessionFile
from crawlers.telegram.settings import PER_SECOND, VARIABLE, TelegramSettings
from schemas import Post, decode, topics
from store import Allowance, Quotas, Store
from tests.crawlers.harness import NAMES, Clock, World
from tests.crawlers.telegram.crawling import crawler, crawling
from tests.simulators.telegram import Chat, TelegramSimulator

MESSAGES = 4000
PUSHES = 30
MIN_RATIO = 0.8
MAX_MEDIAN, MAX_EVER = 0.1, 1.0  # seconds
NAME = "bench_channel"
TEXT = "На улице Труда, {} второй день нет горячей воды, в подъезде холодно, диспетчер трубку не берёт. Когда дадут?"


def serve(pipe: Connection, messages: int) -> None:
    """The simulator; each word that comes through the pipe publishes a post, and its number and time go back."""
    chat = Chat(NAME, "Канал", 1_000_001, joined=True)
    for number in range(messages):
        chat.add(TEXT.format(number), datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=number))
    with TelegramSimulator([chat]) as simulator:
        pipe.send(simulator.session())
        while pipe.recv() is not None:
            began = time.monotonic()  # one clock for all processes of a machine
            pipe.send((chat.add(TEXT.format("новая")).id, began))


@contextmanager
def simulator(messages: int) -> Iterator[tuple[Connection, str]]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, messages))
    process.start()
    try:
        yield ours, ours.recv()
    finally:
        ours.send(None)
        process.join()


class Noting:
    """A bus that notes when a post is on it."""

    def __init__(self, bus: Any) -> None:
        self._bus = bus
        self.at: dict[str, float] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    def publish(self, topic: str, records: Any) -> None:
        self._bus.publish(topic, records)
        if topic == topics.POSTS:
            for record in records:
                self.at.setdefault(decode(Post, record.value, record.headers).id, time.monotonic())


@contextmanager
def world(folder: Path) -> Iterator[tuple[World, Noting]]:
    clock = Clock()
    store = Store(f"sqlite:///{folder}/store.db", now=clock)
    store.upgrade()
    bus = open_bus(f"sqlite:///{folder}/bus.db")
    bus.ensure_topics(NAMES)
    noting = Noting(bus)
    yield World(store, noting, clock), noting  # type: ignore[arg-type]
    bus.close()
    store.close()


def settings(file: Path, depth: int) -> TelegramSettings:
    return TelegramSettings.model_validate(
        {"channel": NAME, "api_id": 1, "api_hash": "simulated", "session": str(file), "comments": False, "depth": depth}
    )


def ours(file: Path, messages: int) -> float:
    """Messages a second, from the start of the visit to its end."""

    async def run(here: World) -> float:
        async with crawler(here, [("tg", settings(file, messages))]) as runner:
            health = (await runner.once())["tg"]
        assert health.posts == messages, health
        return messages / (health.finished - health.started).total_seconds()

    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as (here, _):
        return asyncio.run(run(here))


def bare(session: str, messages: int) -> float:
    """The client alone."""

    async def run() -> float:
        began = time.monotonic()
        async with TelegramClient(StringSession(session), 1, "hash", receive_updates=False) as client:
            found = [message.text async for message in client.iter_messages(NAME, reverse=True, wait_time=0)]
        assert len(found) == messages
        return messages / (time.monotonic() - began)

    return asyncio.run(run())


def paced(session: str, messages: int) -> float:
    """The client alone, a turn of the ledger before each call."""

    async def run(ledger: Quotas) -> float:
        began, found, offset = time.monotonic(), 0, 0
        async with TelegramClient(StringSession(session), 1, "hash", receive_updates=False) as client:
            peer = await client.get_input_entity(NAME)
            while True:
                turn = await asyncio.to_thread(
                    ledger.take, "bench", "GetHistory", [Allowance("account", PER_SECOND)], None
                )
                await asyncio.sleep(max((turn.at - datetime.now(UTC)).total_seconds(), 0))
                answer = await client(GetHistoryRequest(peer, offset, None, 0, 100, 0, 0, 0))
                found += len(answer.messages)
                if len(answer.messages) < 100:
                    break
                offset = answer.messages[-1].id
        assert found == messages
        return messages / (time.monotonic() - began)

    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as (here, _):
        return asyncio.run(run(Quotas(here.store)))


def latencies(file: Path, pipe: Connection, pushes: int, pause: tuple[float, float]) -> list[float]:
    """Seconds from the push to the bus, for posts so far apart."""

    async def run(here: World, noting: Noting) -> list[float]:
        sent: dict[str, float] = {}
        async with crawling(here, [("tg", settings(file, 100))]):
            while not here.sources.runs("tg"):
                await asyncio.sleep(0.05)
            await asyncio.sleep(1)
            for _ in range(pushes):
                pipe.send("post")
                number, at = await asyncio.to_thread(pipe.recv)
                sent[f"telegram:{NAME}/{number}"] = at
                await asyncio.sleep(random.uniform(*pause))
            while not sent.keys() <= noting.at.keys():
                await asyncio.sleep(0.05)
        return [noting.at[id_] - at for id_, at in sent.items()]

    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as (here, noting):
        return asyncio.run(run(here, noting))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--pushes", type=int, default=PUSHES)
    arguments = parser.parse_args()
    key = os.environ[VARIABLE] = Fernet.generate_key().decode()
    messages = arguments.messages
    with tempfile.TemporaryDirectory() as folder, simulator(messages) as (pipe, session):
        file = Path(folder) / "reader.session"
        SessionFile(file, key).save(session)
        figures = alternate(
            {
                "bare client, a turn of the ledger per call": lambda: paced(session, messages),
                "ours": lambda: ours(file, messages),
                "bare client, iter_messages(wait_time=0)": lambda: bare(session, messages),
            },
            arguments.rounds,
        )
        print(table(f"a history of {messages} messages", "messages/s", figures))
        print(f"  the ledger's {PER_SECOND} calls/s of 100 messages allow {PER_SECOND * 100 / 1.08:,.0f} messages/s")
        rate = median(figures["ours"])
        for name in list(figures)[::2]:
            print(f"  ours / {name}: {rate / median(figures[name]):.2f}, wanted ≥ {MIN_RATIO}")
        for what, pause in (("apart by 1 to 2 s", (1.0, 2.0)), ("apart by up to 0.1 s", (0.0, 0.1))):
            found = latencies(file, pipe, arguments.pushes, pause)
            middle, most = median(found) * 1000, max(found) * 1000
            print(f"push to bus, {what}: median {middle:.0f} ms, longest {most:.0f} ms of {len(found)}")
        wanted = f"median < {MAX_MEDIAN * 1000:.0f} ms, longest < {MAX_EVER * 1000:.0f} ms"
        print(f"  wanted, for posts that come one by one: {wanted}")


if __name__ == "__main__":
    main()
