from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from crawlers.telegram.session import SessionFile
from crawlers.telegram.settings import VARIABLE
from tests.crawlers.harness import world
from tests.crawlers.telegram.site import Site
from tests.simulators.telegram import TelegramSimulator, load


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    key = Fernet.generate_key().decode()
    monkeypatch.setenv(VARIABLE, key)
    with world(tmp_path) as here, TelegramSimulator(load(datetime.now(UTC))) as simulator:
        file = tmp_path / "reader.session"
        SessionFile(file, key).save(simulator.session())
        yield Site(simulator, here, file)
