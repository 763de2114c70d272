"""`otklik crawl --since` as an operator runs it."""

import json
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from bus import open_bus
from schemas import Post, decode, topics
from tests.crawlers.past import SINCE, UNTIL, paper, wall

FEED = 'sources:\n  - id: news-1obl\n    news: {feed: "https://news.example/rss"}\n    every: 5m\n'
SPAN = ("--since", SINCE.isoformat(), "--until", UNTIL.isoformat())


def source(one, every="5m"):
    settings = json.dumps(one.settings, ensure_ascii=False)
    return f"sources:\n  - id: city-news\n    {one.kind}: {settings}\n    every: {every}\ncrawler: {{pause: 0}}\n"


def collected(folder):
    bus = open_bus(f"sqlite:///{folder}/bus.db")
    try:
        found = [decode(Post, r.record.value, r.record.headers) for r in bus.read(topics.HISTORY)]
    finally:
        bus.close()
    return sorted(post.id for post in found)


TOMORROW = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "2026-01-01"], "--since: нужен --source: чьё прошлое собирать"),
        (["--until", "2026-01-01"], "--until: нужен --since: с какого дня собирать прошлое"),
        (["--again"], "--again: нужен --since: с какого дня собирать прошлое"),
        (
            ["--source", "news-1obl", "--since", "вчера"],
            "--since: «вчера» — не время; нужно так: 2026-03-05T14:00 или 2026-03-05",
        ),
        (
            ["--source", "news-1obl", "--since", "2026-03-01", "--until", "2026-01-01"],
            "--since: «2026-03-01» не раньше, чем --until «2026-01-01»",
        ),
        (
            ["--source", "news-1obl", "--since", TOMORROW],
            f"--since: «{TOMORROW}» ещё не наступило; прошлое кончается этой минутой",
        ),
        (
            ["--source", "news-1obl", "--since", "2026-01-01", "--until", TOMORROW],
            f"--until: «{TOMORROW}» ещё не наступило; прошлое кончается этой минутой",
        ),
        (
            ["--source", "news-1obl", "--since", "2026-01-01", "--once"],
            "--since: прошлое собирают без --dry-run и --once",
        ),
    ],
)
def test_mistakes_in_the_command(otklik, arguments, said):
    otklik.config(FEED)
    done = otklik("crawl", "region.yaml", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Ошибка: Неверное значение {said}\nСправка: otklik crawl --help\n"


def test_a_source_that_is_not_there_and_one_that_has_no_past(otklik):
    otklik.config(FEED)
    done = otklik("crawl", "region.yaml", "--source", "news-1ob", "--since", "2026-01-01")
    assert done.returncode == 2
    assert done.stderr == ("В файле region.yaml нет источника «news-1ob». Есть: news-1obl. Может быть, «news-1obl»?\n")
    done = otklik("crawl", "region.yaml", "--source", "news-1obl", "--since", "2026-01-01")
    assert done.returncode == 2
    assert done.stderr == (
        "Прошлое источника news-1obl собрать нельзя: он читается через feed, а в ленте только последние публикации. "
        "Прошлое сайта собирается по карте сайта: добавьте источник с news: {sitemap: адрес} (адрес обычно назван в "
        "robots.txt сайта) и соберите его прошлое.\n"
    )


def test_a_past_is_collected_once_and_again_on_request(otklik):
    with paper(20) as one:
        otklik.config(source(one))
        assert otklik("db", "upgrade", "region.yaml").returncode == 0
        command = ("crawl", "region.yaml", "--source", "city-news", *SPAN)
        done = otklik(*command)
        count = len(one.ids())
        assert (done.returncode, done.stdout) == (0, f"city-news: прошлое собрано, публикаций: {count}.\n"), done.stderr
        assert collected(otklik.folder) == sorted(one.ids())
        assert "city-news: " in done.stderr
        assert f"публикаций: {count}" in done.stderr or " %, " in done.stderr
        done = otklik(*command)
        assert done.returncode == 0
        assert done.stdout.endswith(f"публикаций: {count}. Чтобы собрать ещё раз, добавьте --again.\n")
        done = otklik(*command, "--json")
        assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "already")
        one.site.pages["/n/10"] = one.site.pages["/missing"] = one.site.pages.pop("/n/9")
        done = otklik(*command, "--again", "--json")
        found = json.loads(done.stdout)
        assert (done.returncode, found["outcome"], found["skipped"]) == (1, "ok", 1)
        assert otklik("status", "region.yaml", "--json").returncode in (0, 1)


def test_one_interrupted_shows_in_status_and_goes_on(otklik):
    with wall(200) as one:
        one.simulator.slow = 0.1
        otklik.env["VK_TOKEN"] = one.simulator.token
        one.settings["token"] = "${VK_TOKEN}"
        otklik.config(source(one))
        assert otklik("db", "upgrade", "region.yaml").returncode == 0
        command = ("crawl", "region.yaml", "--source", "city-news", *SPAN)
        process = otklik.start(*command)
        deadline = time.monotonic() + 60
        while one.simulator.called("wall.getComments") < 5:
            assert time.monotonic() < deadline, otklik.stderr
            time.sleep(0.05)
        one.simulator.slow = 2.0  # so that it is still at work when the others have started
        busy = otklik(*command)
        assert busy.returncode == 4
        assert busy.stderr.startswith("Это прошлое источника city-news уже собирает backfill@")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        status = otklik("status", "region.yaml")
        assert "Прошлое city-news, " in status.stdout
        assert "не дособрано, продолжит та же команда crawl --since" in status.stdout
        (past,) = json.loads(otklik("status", "region.yaml", "--json").stdout)["backfills"]
        assert (past["source"], past["running"]) == ("city-news", False)
        one.simulator.slow = 0.0
        done = otklik(*command, "--json")
        found = json.loads(done.stdout)
        assert (done.returncode, found["outcome"], found["posts"]) == (0, "ok", len(one.ids())), done.stderr
        assert collected(otklik.folder) == sorted(one.ids())
        assert json.loads(otklik("status", "region.yaml", "--json").stdout)["backfills"] == []
