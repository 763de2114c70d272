"""The demo, end to end: the news site's pages become exactly the incidents that were written down before them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from schemas import Incident, IncidentEvent, IncidentStatus
from tests.servers import free_port
from tests.simulators.news import Expected, NewsSite, expected
from tests.simulators.news.expected import not_incidents, post_ids

ROOT = Path(__file__).resolve().parent.parent
ALL_PAGES = 240
"""Seconds for 45 pages and four processes on a busy machine; it takes 25 on an idle one."""
PATIENCE = 180
"""Seconds after which a demo that shows or stops nothing counts as hanging. How long it takes is measured in
docs/tried.md: a test of time would fail on a busy machine."""
KEY = "0" * 64


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


def news_only(folder: Path) -> Path:
    """The demo's configuration with its news sources alone and everything it writes under `folder`."""
    table: dict[str, Any] = YAML(typ="safe").load((ROOT / "configs" / "demo.yaml").read_text())
    table["sources"] = [source for source in table["sources"] if "news" in source]
    table["bus"] = f"sqlite:///{folder}/bus.db"
    table["store"] = f"sqlite:///{folder}/store.db"
    table["sinks"] = [{"id": "incidents", "file": {"path": f"{folder}/incidents.jsonl"}}]
    path = folder / "demo.yaml"
    with path.open("w") as file:
        YAML().dump(table, file)
    return path


def incidents(path: Path) -> list[Incident]:
    """Every incident as it is after its last event, merged ones left out."""
    latest: dict[int, Incident] = {}
    for line in path.read_bytes().splitlines():
        incident = IncidentEvent.from_json(line).data.incident
        if incident.id not in latest or incident.sequence > latest[incident.id].sequence:
            latest[incident.id] = incident
    return [incident for incident in latest.values() if incident.status is not IncidentStatus.MERGED]


def named(found: frozenset[Expected], base: str) -> list[tuple[str, str, list[str]]]:
    """With slugs for post ids: what a person compares when the test fails."""
    slugs = {post: slug for slug, post in post_ids(base).items()}
    return sorted((one.municipality, one.group, sorted(slugs.get(p, p) for p in one.posts)) for one in found)


def test_the_pages_become_exactly_the_expected_incidents(site: NewsSite, tmp_path: Path) -> None:
    config = news_only(tmp_path)
    environment = os.environ | {
        "DEMO_NEWS": site.url,
        "DEMO_CONSOLE": f"127.0.0.1:{free_port()}",
        "OTKLIK_AUTHOR_KEY": KEY,
    }
    done = subprocess.run(
        [sys.executable, "-m", "otklik", "run", str(config), "--once"],
        cwd=ROOT,
        env=environment,
        timeout=ALL_PAGES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = incidents(tmp_path / "incidents.jsonl")
    assert named(
        frozenset(Expected(one.municipality or "none", one.group, frozenset(one.posts)) for one in found), site.url
    ) == named(expected(site.url), site.url)
    assert not_incidents(site.url).isdisjoint(post for one in found for post in one.posts)
    assert all(one.authority is not None and one.answer_due is not None for one in found)
    assert [path for path in site.asked() if path.startswith("/zakryto/")] == []


@pytest.fixture
def demo() -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"DEMO_PYTHON": sys.executable, "DEMO_PORT": str(free_port()), "DEMO_DRIP": "5"}
    process = subprocess.Popen(
        ["scripts/demo"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)  # its own session: this kills what it started, and nothing else
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_incident_shows_and_ctrl_c_stops_everything(demo: subprocess.Popen[str]) -> None:
    assert demo.stdout is not None
    lines: list[str] = []
    for line in demo.stdout:
        lines.append(line)
        if re.match(r"\d\d:\d\d:\d\d \+ №\d+ ", line):
            break
    else:
        pytest.fail("the demo ended without an incident:\n" + "".join(lines))
    assert any("/feeds/incidents.atom" in line for line in lines)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(PATIENCE) == 130
    end = time.monotonic() + PATIENCE
    while group_lives(demo.pid):  # what init has to bury may be seen for a moment
        assert time.monotonic() < end, "a process of the demo is left"
        time.sleep(0.1)


def test_a_second_demo_beside_the_first_is_refused(demo: subprocess.Popen[str]) -> None:
    assert demo.stdout is not None
    demo.stdout.readline()
    second = subprocess.run(
        ["scripts/demo", "--once"],
        cwd=ROOT,
        env=os.environ | {"DEMO_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr == f"demo: показ уже идёт (процесс {demo.pid}): остановите его через Ctrl-C\n"
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(PATIENCE) == 143


def test_an_unknown_option_is_named() -> None:
    done = subprocess.run(["scripts/demo", "--onse"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "demo: непонятный ключ «--onse»; есть --once и --help\n")


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "configs").glob("*.yaml")))
def test_ready_configurations_have_no_mistakes(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "otklik", "check", f"configs/{name}"],
        cwd=ROOT,
        env=os.environ | {"OTKLIK_AUTHOR_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_feeds_of_the_region_are_unique() -> None:
    table = YAML(typ="safe").load((ROOT / "configs" / "chelyabinsk.yaml").read_text())
    feeds = [source["news"]["feed"] for source in table["sources"]]
    assert len(feeds) == len(set(feeds)) >= 7
    assert json.dumps(feeds).count("https://") == len(feeds)
