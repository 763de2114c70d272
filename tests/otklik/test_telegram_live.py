"""Trials beside a crawler at work: its session is not touched."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from crawlers.telegram.session import SessionFile
from tests.otklik.conftest import Program
from tests.simulators.telegram import TelegramSimulator, load

SOURCES = """
sources:
  - id: tg
    telegram: {channel: zavodskoy_ryadom, api_id: 1, api_hash: "${HASH}", session: reader.session}
    every: 1h
"""


@pytest.fixture
def simulator(otklik: Program) -> Iterator[TelegramSimulator]:
    key = Fernet.generate_key().decode()
    otklik.env |= {"OTKLIK_SESSION_KEY": key, "HASH": "simulated"}
    otklik.config(SOURCES)
    with TelegramSimulator(load(datetime.now(UTC))) as running:
        SessionFile(otklik.folder / "reader.session", key).save(running.session())
        yield running


def checked(otklik: Program) -> dict[str, object]:
    done = otklik("check", "region.yaml", "--live", "--json")
    found: dict[str, object] = next(one for one in json.loads(done.stdout)["live"] if one["what"] == "источник tg")
    return found


def test_a_trial_uses_the_session_only_while_nobody_else_does(otklik: Program, simulator: TelegramSimulator) -> None:
    free = {"what": "источник tg", "ok": True, "message": "ok: источник отвечает, публикации читаются"}
    assert checked(otklik) == free
    assert otklik("db", "upgrade", "region.yaml").returncode == 0
    assert checked(otklik) == free
    crawler = otklik.start("crawl", "region.yaml")
    try:
        end = time.monotonic() + 60
        while simulator.called("GetHistory") < 3:
            assert time.monotonic() < end, otklik.stderr
            time.sleep(0.1)
        found = checked(otklik)
        assert found["ok"]
        assert str(found["message"]).startswith("сессию Telegram сейчас держит обходчик crawl@")
        shown = otklik("crawl", "region.yaml", "--source", "tg", "--dry-run")
        assert (shown.returncode, shown.stdout) == (4, "")
        assert shown.stderr.startswith("tg: сессию Telegram сейчас держит обходчик crawl@")
    finally:
        crawler.terminate()
        crawler.wait(60)
    simulator.fail("ResolveUsername", "CHANNEL_PRIVATE")
    assert otklik("crawl", "region.yaml", "--source", "tg", "--dry-run").returncode == 1
    assert otklik("crawl", "region.yaml", "--source", "tg", "--dry-run").returncode == 0  # its session was given back
    assert (simulator.together, simulator.duplicated) == (1, set())
