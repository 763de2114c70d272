"""The same posts through every stage on SQLite, and on Kafka with PostgreSQL: the same incidents."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.invented import posts

CONFIG = """
region: chelyabinsk
bus: {bus}
store: {store}
data: {data}
sources: []
authorities:
  - {{id: utilities, name: Министерство ЖКХ, groups: [ЖКХ, Электроснабжение]}}
  - {{id: other, name: Администрация, default: true}}
deadlines:
  default: {{answer: 24h}}
"""


def replay(folder: Path, name: str, bus: str, store: str, *flags: str) -> tuple[list[dict], str]:
    config = folder / f"{name}.yaml"
    config.write_text(CONFIG.format(bus=bus, store=store, data=folder / name), encoding="utf-8")
    out = folder / f"{name}.jsonl"
    command = [sys.executable, "-m", "otklik", "replay", str(folder / "posts.jsonl"), "--config", str(config)]
    environment = os.environ | {"OTKLIK_AUTHOR_KEY": "0" * 64}
    done = subprocess.run(
        [*command, "--out", str(out), *flags], env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()], done.stderr


def essence(incidents: list[dict]) -> set[tuple]:
    """What makes two sets of incidents the same: posts, place, topic and authority; not the ids."""
    return {(frozenset(i["posts"]), i["municipality"], i["topic"], i["authority"]) for i in incidents}


@pytest.fixture
def folder(tmp_path):
    lines = "".join(json.dumps(post, ensure_ascii=False) + "\n" for post in posts(400))
    (tmp_path / "posts.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


@pytest.mark.kafka
@pytest.mark.postgres
def test_both_kinds_of_bus_and_store_give_the_same_incidents(folder, kafka_server, postgres_db):
    small, told = replay(folder, "sqlite", f"sqlite:///{folder}/bus.db", f"sqlite:///{folder}/store.db")
    large, told_again = replay(folder, "kafka", f"kafka://{kafka_server.bootstrap}", postgres_db)
    assert told.splitlines()[-1] == told_again.splitlines()[-1]
    assert essence(small) == essence(large)
    placed = [i for i in small if i["municipality"]]
    assert any(len(i["posts"]) > 3 for i in placed)
    assert all(len(i["posts"]) == 1 for i in small if not i["municipality"])
    assert not (folder / "bus.db").exists()
    assert not (folder / "store.db").exists()


def test_every_relevant_post_is_in_exactly_one_incident(folder):
    incidents, _ = replay(folder, "all", f"sqlite:///{folder}/bus.db", f"sqlite:///{folder}/store.db", "--all")
    ids = [post for incident in incidents for post in incident["posts"]]
    assert len(ids) == len(set(ids)) == 400
    filtered, told = replay(folder, "some", f"sqlite:///{folder}/bus.db", f"sqlite:///{folder}/store.db")
    kept = sum(len(incident["posts"]) for incident in filtered)
    assert f"публикаций: 400, о беде: {kept}," in told
    assert 200 < kept < 390
