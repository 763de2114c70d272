"""Sources in trouble, as an operator meets them: in `status`, and in a digest from the role `deliver`."""

import json
import re
import signal
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from otklik.commands.status import stalled_since
from store import SourceRow, Sources, Store
from tests.crawlers.net.site import Answer, Site
from tests.otklik.region_file import GOOD, only, read, said

DIGEST = 'sinks:\n  - id: duty\n    file: {path: "out.jsonl"}\n    when: {events: ["source.*"]}\n'


@pytest.fixture
def failing(otklik):
    """A region with two sources, one of which is gone; each was visited twice."""
    with Site({"/rss": Answer('<rss version="2.0"><channel/></rss>', type="application/rss+xml")}) as site:
        feeds = "".join(
            f'  - id: {name}\n    news: {{feed: "{site.url}/{path}", allow_private: true}}\n    every: 5m\n'
            for name, path in (("alive", "rss"), ("dead", "nothing"))
        )
        otklik.config(f"sources:\n{feeds}crawler: {{pause: 0}}\n{DIGEST}")
        assert otklik("db", "upgrade", "region.yaml").returncode == 0
        for _ in range(2):
            assert otklik("crawl", "region.yaml", "--once").returncode == 1
        yield site


def test_status_shows_failing_sources_first_since_when_why_and_what_to_do(otklik, failing):
    done = otklik("status", "region.yaml")
    assert done.returncode == 1
    rows = [line for line in done.stdout.splitlines() if re.match(r"(alive|dead) ", line)]
    assert [row.split()[0] for row in rows] == ["dead", "alive"]
    assert re.match(r"dead +не работает: gone +\d\d:\d\d:\d\d ", rows[0])
    assert re.match(r"alive +empty +— ", rows[1])
    assert "Найдите на сайте новый адрес и укажите его в настройках источника" in " ".join(done.stdout.split())
    dead, alive = json.loads(otklik("status", "region.yaml", "--json").stdout)["sources"]
    assert (dead["health"], dead["outcome"], dead["reason"]) == (
        "failing", "gone", f"страницы {failing.url}/nothing больше нет (HTTP 404)",
    )  # fmt: skip
    assert dead["since"] < dead["last_run"]
    assert (alive["health"], alive["since"]) == ("healthy", None)


def test_status_tells_that_nobody_visits(otklik):
    otklik.config('sources: [{id: lonely, news: {feed: "https://news.example/rss"}, every: 5m}]\n')
    assert otklik("db", "upgrade", "region.yaml").returncode == 0
    long_ago = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
    with closing(Store(f"sqlite:///{otklik.folder}/store.db", lambda: long_ago)) as store:
        Sources(store).sync([SourceRow("lonely", "news", "news.example", 300, "1")])
    done = otklik("status", "region.yaml")
    assert done.returncode == 1
    assert (
        "Обходы стоят с 05.01 13:30: источникам пора, а никто к ним не идёт. Проверьте, работает ли otklik run (или "
        "otklik crawl), и запустите его; накопившееся он соберёт сам." in " ".join(done.stdout.split())
    )
    assert json.loads(otklik("status", "region.yaml", "--json").stdout)["stalled_since"].startswith("2026-01-05T08:30")


def test_crawlers_at_work_and_visits_not_due_are_no_stall(tmp_path):
    clock = [datetime(2026, 1, 5, 8, 30, tzinfo=UTC)]
    with closing(Store(f"sqlite:///{tmp_path}/store.db", lambda: clock[0])) as store:
        store.upgrade()
        sources = Sources(store)

        def stalled() -> datetime | None:
            return stalled_since(sources.list(), clock[0])

        assert stalled() is None  # no sources at all
        sources.sync([SourceRow("one", "news", "news.example", 300, "1")])
        clock[0] = due = sources.list()[0].next_due
        assert stalled() is None
        clock[0] += timedelta(minutes=3)
        assert stalled() == due
        assert sources.lease("crawler", ["news"], 1, timedelta(minutes=1))
        assert stalled() is None
        clock[0] += timedelta(minutes=4)  # the crawler was killed in the middle of the visit
        assert stalled() == due


def test_the_role_deliver_hands_over_the_digest_once(otklik, failing):
    out = otklik.folder / "out.jsonl"
    role = otklik.start("deliver", "region.yaml")
    try:
        deadline = time.monotonic() + 60
        while not (out.exists() and out.read_text()):
            assert time.monotonic() < deadline, otklik.stderr
            time.sleep(0.1)
    finally:
        role.send_signal(signal.SIGTERM)
        assert role.wait(60) == 0
    (event,) = [json.loads(line) for line in out.read_text().splitlines()]
    assert (event["type"], event["id"], event["source"]) == ("source.digest", "duty.1", "/otklik/chelyabinsk")
    assert event["data"]["summary"] == "Не работают источники: dead."
    (changed,) = event["data"]["changed"]
    assert (changed["source"], changed["health"], changed["outcome"]) == ("dead", "failing", "gone")


def test_a_sink_asks_for_digests_in_when_and_says_how_often(file):
    (sink,) = read(file, GOOD + "    when: {events: source.*}\n").file.sinks
    assert (sink.when.wants_sources, sink.digest.total_seconds()) == (True, 3600)
    (sink,) = read(file, GOOD + "    digest: 30m\n    when: {events: [opened, source.*]}\n").file.sinks
    assert sink.digest.total_seconds() == 1800


def test_a_term_of_digests_that_is_none(file):
    assert only(file, GOOD + "    digest: часто\n") == said(
        "region.yaml:11:13  sinks[0].digest",
        "Непонятный срок «часто»: нужно число и m (минуты), h (часы) или d (дни), например 24h.",
        "Записано: «часто»",
        "Подробнее: docs/configuration.md#sinks",
    )
