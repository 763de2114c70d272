"""Thirty personal numbers and some flats are published by a site; not a byte of them may be written anywhere."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bus import open_bus
from schemas import topics
from tests.planted import FLATS, PLANTED

ALL = PLANTED + FLATS

TROUBLE = "В Миассе вторые сутки нет холодной воды, диспетчер не отвечает."

CONFIG = """
region: chelyabinsk
bus: {bus}
store: {store}
data: {folder}/data
crawler: {{pause: 0.1}}
sources:
  - id: planted
    news: {{feed: "http://127.0.0.1:{port}/rss", allow_private: true}}
    every: 10m
authorities:
  - {{id: admin, name: Администрация, default: true}}
deadlines:
  default: {{answer: 24h}}
sinks:
  - id: file
    file: {{path: {folder}/data/incidents.jsonl}}
console: {{listen: "127.0.0.1:0"}}
"""


class PlantedSite(BaseHTTPRequestHandler):
    """A feed with an article for each planted number; the number stands in its title, its text and its feed entry."""

    def do_GET(self) -> None:
        origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        if self.path == "/rss":
            body, kind = self._feed(origin), "application/rss+xml"
        elif self.path.startswith("/news/"):
            body, kind = self._article(ALL[int(self.path.rsplit("/", 1)[-1])]), "text/html"
        else:
            self.send_error(404)
            return
        payload = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def _feed(self, origin: str) -> str:
        when = format_datetime(datetime.now(UTC) - timedelta(hours=1))
        items = "".join(
            f"<item><title>Нет воды, {escape(n)}</title><link>{origin}/news/{i}</link><author>{escape(n)}</author>"
            f"<description>{escape(n)}</description><pubDate>{when}</pubDate></item>"
            for i, n in enumerate(ALL)
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>т</title>{items}</channel></rss>'

    def _article(self, number: str) -> str:
        text = "".join(f"<p>{TROUBLE} Жительница просит сообщать по адресу: {escape(number)}.</p>" for _ in range(3))
        return (
            f"<html><head><title>Нет воды</title></head><body><article><h1>Нет воды</h1>{text}</article></body></html>"
        )

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), PlantedSite)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def run_once(folder: Path, port: int, bus: str, store: str) -> str:
    """Everything the program printed."""
    config = folder / "region.yaml"
    config.write_text(CONFIG.format(bus=bus, store=store, folder=folder, port=port), encoding="utf-8")
    environment = os.environ | {"OTKLIK_AUTHOR_KEY": "0" * 64}
    for command in ("db", "upgrade"), ("run", "--once", "--watch", "--debug"):
        done = subprocess.run(
            [sys.executable, "-m", "otklik", *command, str(config)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def assert_nothing_of_them(what: str, content: bytes) -> None:
    for number in ALL:
        variants = {number, number.replace(" ", ""), "".join(c for c in number if c.isdigit())}
        for variant in (v for v in variants if len(v) >= 9 or v == number):  # six digits stand in any hash
            for encoding in ("utf-8", "utf-16-le", "cp1251"):
                assert variant.encode(encoding) not in content, f"{number!r} stands in {what}"


def test_no_byte_of_the_data_folder_holds_a_personal_number(tmp_path, site):
    data = tmp_path / "data"
    printed = run_once(tmp_path, site, f"sqlite:///{data}/bus.db", f"sqlite:///{data}/store.db")
    files = [path for path in data.rglob("*") if path.is_file()]
    assert TROUBLE.encode() in b"".join(path.read_bytes() for path in files), "nothing was collected"
    assert (data / "incidents.jsonl").stat().st_size > 0
    for path in files:
        assert_nothing_of_them(path.name, path.read_bytes())
    assert_nothing_of_them("the log", printed.encode())


@pytest.mark.kafka
@pytest.mark.postgres
def test_no_topic_and_no_table_holds_a_personal_number(tmp_path, site, kafka_server, postgres_db):
    printed = run_once(tmp_path, site, kafka_server.url, postgres_db)
    bus = open_bus(kafka_server.url)
    everything = b""
    for topic in (name for known in topics.MODELS for name in (known, topics.dead(known))):
        for received in bus.read(topic):
            record = received.record
            everything += record.key.encode() + record.value + repr(dict(record.headers)).encode()
    bus.close()
    dump = subprocess.run(["pg_dump", "--inserts", postgres_db], capture_output=True, check=True, timeout=60).stdout
    for what, content in ("the topics", everything), ("the tables", dump):
        assert TROUBLE.encode() in content, "nothing was collected"
        assert_nothing_of_them(what, content)
    assert_nothing_of_them("the log", printed.encode())
