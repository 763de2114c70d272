"""The wheel alone, in an empty environment outside the checkout: what an operator installs must be whole."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

CONFIG = """
region: chelyabinsk
bus: sqlite:///{folder}/bus.db
store: sqlite:///{folder}/store.db
sources:
  - id: news
    news: {{feed: "https://news.example/rss"}}
    every: 5m
    municipality: Миасс
authorities:
  - {{id: admin, name: Администрация, default: true}}
sinks:
  - id: file
    file: {{path: "{folder}/incidents.jsonl"}}
"""

POSTS = [
    {"id": "1", "text": "В Копейске вторые сутки нет холодной воды", "published": "2026-03-01T08:00:00+05:00"},
    {"id": "2", "text": "Копейск, третий день без воды, когда дадут?", "published": "2026-03-01T12:00:00+05:00"},
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (wheel,) = (folder / "dist").glob("otklik-*.whl")
    venv.create(folder / "env", with_pip=True)
    pip = [str(folder / "env/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True, timeout=900)
    return folder


def otklik(installed: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "OTKLIK_AUTHOR_KEY": "0" * 64, "HOME": str(installed)}
    command = [str(installed / "env/bin/otklik"), *arguments]
    return subprocess.run(
        command, check=False, input=stdin, cwd=installed, env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.mark.timeout(1500)
def test_the_wheel_checks_tags_and_replays(installed):
    config = installed / "region.yaml"
    config.write_text(CONFIG.format(folder=installed), encoding="utf-8")
    posts = "".join(json.dumps(post, ensure_ascii=False) + "\n" for post in POSTS)
    (installed / "posts.jsonl").write_text(posts, encoding="utf-8")

    checked = otklik(installed, "check", str(config))
    assert checked.returncode == 0, checked.stdout + checked.stderr

    tagged = otklik(installed, "tag", "--config", str(config), stdin=posts)
    assert tagged.returncode == 0, tagged.stderr
    tags = [json.loads(line) for line in tagged.stdout.splitlines()]
    assert [(t["id"], t["municipality"]["oktmo"]) for t in tags] == [("1", "75728000"), ("2", "75728000")]

    out = installed / "incidents.jsonl"
    arguments = ("replay", "posts.jsonl", "--config", str(config), "--out", str(out), "--all")
    replayed = otklik(installed, *arguments)
    assert replayed.returncode == 0, replayed.stderr
    incidents = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert sorted(post for incident in incidents for post in incident["posts"]) == ["1", "2"]
