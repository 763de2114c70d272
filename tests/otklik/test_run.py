"""`otklik run` on an invented news site, with every role as a process of its own."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psutil
import pytest

from bus import Record, open_bus
from otklik.roles.common import ensure_topics, sink_group
from otklik.running import not_due
from schemas import topics
from tests.simulators.news.server import NewsSite

ROLES = {"crawl", "classify", "incidents", "deliver", "console"}


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


def configure(otklik, site: NewsSite, more: str = "") -> None:
    otklik.config(
        f'sources:\n  - id: vesti\n    news: {{feed: "{site.url}/vesti/rss.xml", allow_private: true}}\n    every: 1h\n'
        "crawler: {pause: 0}\n"
        "authorities:\n  - {id: omsu, name: Местная власть, default: true}\n"
        "sinks:\n  - id: out\n    file: {path: out.jsonl}\n" + more
    )


def roles(supervisor: subprocess.Popen[str]) -> dict[str, int]:
    """Pids by role. Extraction processes of the crawler and the like are children of children."""
    found = {}
    for child in psutil.Process(supervisor.pid).children():
        try:
            words = child.cmdline()
        except psutil.Error:
            continue
        if len(words) > 3 and words[3] in ROLES:
            found[words[3]] = child.pid
    return found


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)


def events(otklik) -> list[dict]:
    file = otklik.folder / "out.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def end(supervisor: subprocess.Popen[str]) -> int:
    supervisor.send_signal(signal.SIGTERM)
    return supervisor.wait(90)


@pytest.mark.timeout(400)
def test_once_visits_everything_delivers_everything_and_ends(otklik, site):
    configure(otklik, site)
    done = otklik("run", "region.yaml", "--once", "--watch", timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "Отклик остановлен."
    delivered = events(otklik)
    opened = [event["data"]["incident"] for event in delivered if event["type"] == "incident.opened"]
    assert opened
    for incident in opened:
        assert re.search(rf"^\d\d:\d\d:\d\d \+ №{incident['id']} ", done.stdout, re.MULTILINE)
    status = json.loads(otklik("status", "region.yaml", "--json").stdout)
    (source,) = status["sources"]
    assert (source["id"], source["kind"], source["outcome"]) == ("vesti", "news", "ok")
    assert source["posts_total"] == len([path for path in set(site.asked("/vesti/")) if path.endswith(".html")])
    lags = {one["topic"]: (one["lag"], one["dead_letters"]) for one in status["topics"]}
    assert lags["posts"] == ({"classify": 0}, 0)
    assert lags["tagged"] == ({"incidents": 0}, 0)
    assert lags["incidents"] == ({"sink-out": 0}, 0)
    assert status["outbox"] == 0
    table = otklik("status", "region.yaml")
    assert table.returncode == 0
    assert re.search(r"^vesti +ok +", table.stdout, re.MULTILINE)
    again = otklik("deliver", "region.yaml", "--sink", "out", "--from", "2020-01-01")
    assert again.stdout == f"Получателю out отдано ещё раз событий: {len(delivered)}.\n"
    assert sorted(event["id"] for event in events(otklik)) == sorted([event["id"] for event in delivered] * 2)
    dry = otklik("crawl", "region.yaml", "--source", "vesti", "--dry-run", "--limit", "2")
    assert dry.returncode == 0, dry.stderr
    assert dry.stdout.splitlines()[-1] == "vesti: пришли бы публикации: 2. Ничего не сохранено."


@pytest.mark.timeout(400)
def test_once_does_not_wait_for_the_moment_of_a_schedule(otklik, site):
    leap_day = "{path: table.csv, schedule: 0 0 29 2 *}"
    configure(otklik, site, f"  - id: table\n    report: {leap_day}\n")
    done = otklik("run", "region.yaml", "--once", timeout=300)
    assert done.returncode == 0, done.stderr
    assert len(events(otklik)) > 1
    assert not (otklik.folder / "table.csv").exists()
    (incidents,) = [
        one
        for one in json.loads(otklik("status", "region.yaml", "--json").stdout)["topics"]
        if one["topic"] == "incidents"
    ]
    assert incidents["lag"] == {"sink-out": 0, "sink-table": len(events(otklik))}


MORNING = datetime(2026, 3, 11, 6, 0, tzinfo=UTC)


def test_of_what_is_gathered_only_that_before_the_last_moment_is_waited_for(tmp_path):
    every_morning = ("0 8 * * *", ZoneInfo("Asia/Yekaterinburg"))
    with closing(open_bus(f"sqlite:///{tmp_path}/bus.db", now=lambda: MORNING)) as bus:
        ensure_topics(bus)
        at_eight = MORNING.replace(hour=3)  # in Chelyabinsk
        times = [at_eight + timedelta(minutes=minutes) for minutes in (-2, -1, 0, 1, 2)]
        bus.publish(topics.INCIDENTS, [Record("k", b"{}", time) for time in times])
        lag = bus.group_lag(topics.INCIDENTS, sink_group("table"))
        assert not_due(bus, lag, *every_morning, MORNING) == 3
        assert not_due(bus, lag, *every_morning, at_eight - timedelta(seconds=1)) == 5


@pytest.mark.timeout(400)
def test_a_day_of_an_operator(otklik, site):
    configure(otklik, site)
    running = otklik.start("run", "region.yaml")
    try:
        until(lambda: bool(events(otklik)))
        # A second one on the same folder is refused.
        second = otklik("run", "region.yaml")
        assert second.returncode == 4
        assert second.stderr == (
            f"Папка данных . занята: с ней уже работает otklik (процесс {running.pid}). "
            "Остановите его или укажите другую папку.\n"
        )
        # A killed role comes back, the others stay.
        before = roles(running)
        assert set(before) == ROLES
        os.kill(before["classify"], signal.SIGKILL)
        until(lambda: roles(running).get("classify", before["classify"]) != before["classify"])
        after = roles(running)
        assert {name for name in ROLES if after[name] != before[name]} == {"classify"}
        assert "Роль classify остановилась (сигнал SIGKILL). Запущу снова через 1 с.\n" in otklik.stderr
        # A broken file changes nothing.
        configure(otklik, site, "konsole: {}\n")
        running.send_signal(signal.SIGHUP)
        until(lambda: "Файл region.yaml с ошибками (1): работа идёт по прежнему файлу.\n" in otklik.stderr)
        assert roles(running) == after
        # Not even for a role that starts again while it lies there.
        os.kill(after["console"], signal.SIGKILL)
        until(lambda: roles(running).get("console", after["console"]) != after["console"])
        until(lambda: psutil.Process(roles(running)["console"]).net_connections() != [])
        after = roles(running)
        assert set(after) == ROLES
        # What can't change while it runs doesn't.
        otklik.config(bus="sqlite:///other.db")
        running.send_signal(signal.SIGHUP)
        until(lambda: "В файле region.yaml изменилось: bus. На ходу это не меняют" in otklik.stderr)
        assert roles(running) == after
        # A good one is taken over.
        configure(otklik, site, "log: info\n")
        running.send_signal(signal.SIGHUP)
        until(lambda: "Файл region.yaml перечитан. Роли перезапускаются.\n" in otklik.stderr)
        until(lambda: set(roles(running)) == ROLES and not set(roles(running).values()) & set(after.values()))
    finally:
        last = [psutil.Process(pid) for pid in roles(running).values()]
        code = end(running)
    assert code == 0
    assert psutil.wait_procs(last, timeout=30)[1] == []
    assert otklik.stderr.endswith("Отклик остановлен.\n")
    assert len(events(otklik)) == len({event["id"] for event in events(otklik)})


def test_postgres_without_tables_is_refused(otklik, postgres_db):
    otklik.config(store=postgres_db)
    done = otklik("run", "region.yaml")
    assert done.returncode == 3
    assert re.fullmatch(
        r"(Заметка: .*\n(  .*\n)+)*В базе postgresql://.* ещё нет таблиц Отклика. "
        r"Создайте их: otklik db upgrade ФАЙЛ \(базу SQLite создаёт и otklik run\).\n",
        done.stderr,
    )
