from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

from crawlers.telegram.collector import TelegramCollector
from tests.crawlers.conformance import CollectorConformance
from tests.simulators.telegram_web import Channel, TelegramWeb, load
from tests.simulators.telegram_web.server import Answer


class TelegramSite:
    def __init__(self, simulator: TelegramWeb, channel: Channel) -> None:
        self._simulator = simulator
        self._channel = channel

    @property
    def settings(self) -> dict[str, Any]:
        return {"channel": self._channel.name, "base_url": self._simulator.url, "allow_private": True}

    def ids(self) -> set[str]:
        return self._channel.ids()

    def publish(self) -> str:
        message = self._channel.add("На Труда снова нет воды", datetime.now(UTC))
        return f"telegram:{self._channel.name}/{message.id}"

    def fail(self) -> None:
        self._simulator.instead = Answer(500)


class TestTelegram(CollectorConformance):
    collector = TelegramCollector
    dead: ClassVar = {"channel": "nowhere", "base_url": "http://127.0.0.1:9", "allow_private": True}

    @contextmanager
    def site(self) -> Iterator[TelegramSite]:
        channel = load(datetime.now(UTC))
        with TelegramWeb([channel]) as simulator:
            yield TelegramSite(simulator, channel)
