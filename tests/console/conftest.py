"""A console over real sockets, on a store that incidents were really put into."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from bus import open_bus
from bus.base import Bus
from console.app import create_app
from console.query import Names
from console.server import Server
from console.settings import ConsoleSettings
from incidents.config import Grouping
from incidents.desk import Desk
from schemas import topics
from store import Store, StoreError
from store.reads import ReadLog
from tests.incidents.bench import AUTHORITIES, DEADLINES, Bench
from tests.incidents.make import CHELYABINSK, KOPEYSK, NO_WATER, SNOW
from tests.store.kit import Clock

HOME: Any = {"title": "Челябинская область", "zone": ZoneInfo("Asia/Yekaterinburg")}
NAMES = Names(
    municipalities={CHELYABINSK: "Челябинский", KOPEYSK: "Копейский"},
    groups=["ЖКХ", "Дороги"],
    topics=[NO_WATER, SNOW],
    authorities=["vodokanal", "roads", "duty"],
)


def desk_of(store: Store) -> Desk:
    """With the authorities and the terms of the bench."""
    return Desk(
        store, "chelyabinsk", authorities=AUTHORITIES, deadlines=DEADLINES, windows=Grouping(), now=store.now
    )  # fmt: skip


@dataclass
class Running:
    url: str
    port: int
    http: httpx.Client
    reads: ReadLog


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/store.db", Clock())
    store.upgrade()
    yield store
    store.close()


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    bus = open_bus(f"sqlite:///{tmp_path}/bus.db")
    bus.ensure_topics({topics.INCIDENTS: 1})
    yield bus
    bus.close()


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)


@pytest.fixture
def serve(store: Store, bus: Bus) -> Iterator[Callable[..., Running]]:
    stops: list[Callable[[], None]] = []

    defaults = {"store": store, "bus": bus, "settings": ConsoleSettings()}

    def start(settings: ConsoleSettings | None = None, **more: Any) -> Running:
        given = {**defaults, **more, **({"settings": settings} if settings else {})}
        app = create_app(
            **given,
            region="chelyabinsk",
            names=NAMES,
            desk=desk_of(given["store"]),
            **HOME,
        )
        server = Server(app, "127.0.0.1", 0)
        thread = threading.Thread(target=server.run)
        thread.start()
        url = f"http://127.0.0.1:{server.port}"
        client = httpx.Client(base_url=url, trust_env=False)

        def stop() -> None:
            client.close()
            server.stop()
            thread.join(timeout=20)
            assert not thread.is_alive()
            with suppress(StoreError):  # a test may have given it a database that does not answer
                app.state.reads.close()

        stops.append(stop)
        return Running(url, server.port, client, app.state.reads)

    yield start
    for stop in stops:
        stop()


@pytest.fixture
def console(serve: Callable[..., Running]) -> Running:
    return serve()
