from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from crawlers.telegram.collector import TelegramCollector
from crawlers.telegram.session import SessionFile
from crawlers.telegram.settings import VARIABLE
from tests.crawlers.conformance import CollectorConformance
from tests.simulators.telegram import Chat, RpcFailure, TelegramSimulator, load


class ApiSite:
    def __init__(self, simulator: TelegramSimulator, channel: Chat, settings: dict[str, Any]) -> None:
        self._simulator = simulator
        self._channel = channel
        self.settings = settings

    def ids(self) -> set[str]:
        return self._channel.ids()

    def publish(self) -> str:
        return f"telegram:{self._channel.name}/{self._channel.add('На Труда снова нет воды').id}"

    def fail(self) -> None:
        self._simulator.always = RpcFailure(400, "CHANNEL_PRIVATE")


class TestTelegramByApi(CollectorConformance):
    collector = TelegramCollector

    @pytest.fixture(autouse=True)
    def _key(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.key = Fernet.generate_key().decode()
        self.folder = tmp_path
        monkeypatch.setenv(VARIABLE, self.key)

    @property
    def dead(self) -> dict[str, Any]:  # type: ignore[override]
        simulator = TelegramSimulator([], port=9)
        return self.account(simulator) | {"channel": "nowhere"}

    @contextmanager
    def site(self) -> Iterator[ApiSite]:
        channel, *others = load(datetime.now(UTC))
        with TelegramSimulator([channel, *others]) as simulator:
            yield ApiSite(simulator, channel, self.account(simulator) | {"channel": channel.name})

    def account(self, simulator: TelegramSimulator) -> dict[str, Any]:
        file = self.folder / "reader.session"
        SessionFile(file, self.key).save(simulator.session())
        return {"api_id": 1, "api_hash": "simulated", "session": str(file)}
