"""`otklik check --live` and `crawl --dry-run` against real servers on this machine: every kind of source at once."""

import json
from datetime import UTC, datetime

import pytest

from tests.simulators import telegram_web, vk
from tests.simulators.news.server import NewsSite
from tests.sinks.receiver import SECRET, Receiver


@pytest.fixture
def world():
    now = datetime.now(UTC)
    channel, community = telegram_web.load(now), vk.load(now)
    with (
        NewsSite() as news,
        telegram_web.TelegramWeb([channel]) as telegram,
        vk.VkSimulator([community]) as api,
        Receiver() as receiver,
    ):
        yield news, telegram, channel.name, api, community.screen_name, receiver


def test_every_source_sink_and_store_is_asked(otklik, world):
    news, telegram, channel, api, community, receiver = world
    otklik.env |= {"VK_TOKEN": api.token, "SECRET": SECRET}
    otklik.config(f"""
crawler: {{pause: 0}}
sources:
  - {{id: news, news: {{feed: "{news.url}/vesti/rss.xml", allow_private: true}}}}
  - {{id: gone, news: {{feed: "{news.url}/no/such/feed.xml", allow_private: true}}}}
  - {{id: tg, telegram: {{channel: {channel}, base_url: "{telegram.url}", allow_private: true}}}}
  - {{id: vk, vk: {{wall: {community}, token: "${{VK_TOKEN}}", api_url: "{api.url}"}}}}
sinks:
  - {{id: out, file: {{path: out.jsonl}}}}
  - {{id: hook, webhook: {{url: "{receiver.url}", secret: "${{SECRET}}", allow_private: true}}}}
  - {{id: lost, webhook: {{url: "http://127.0.0.1:1/", secret: "${{SECRET}}", allow_private: true}}}}
""")
    done = otklik("check", "region.yaml", "--live", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert (told["ok"], told["problems"]) == (False, [])
    asked = {one["what"]: one for one in told["live"]}
    assert {what for what, one in asked.items() if not one["ok"]} == {"источник gone", "получатель lost"}
    assert asked["источник gone"]["message"].startswith("gone: ")
    assert {asked[f"источник {id_}"]["message"] for id_ in ("news", "tg", "vk")} == {
        "ok: источник отвечает, публикации читаются"
    }
    assert {what: one["message"] for what, one in asked.items() if "источник" not in what and one["ok"]} == {
        "база": "sqlite:///store.db: файл, будет создан при запуске",
        "шина": "sqlite:///bus.db: файл, будет создан при запуске",
        "модель": "читается",
        "получатель out": "принимает",
        "получатель hook": "принимает",
    }
    assert sorted(path.name for path in otklik.folder.iterdir()) == ["region.yaml"]
    assert receiver.taken == []
    for source in ("tg", "vk"):
        shown = json.loads(otklik("crawl", "region.yaml", "--source", source, "--dry-run", "--json").stdout)
        assert (shown["outcome"], len(shown["posts"])) == ("ok", 5)
        assert {post["source"] for post in shown["posts"]} == {source}


def test_files_that_cannot_be_made_are_told_before_the_start(otklik):
    (otklik.folder / "var").write_text("")  # a file where a folder is wanted: root may write anywhere else
    otklik.config(bus="sqlite:///var/bus.db", store="sqlite:///var/store.db")
    words = otklik("check", "region.yaml", "--live")
    bad, of = words.stdout.count("\nНЕТ  ") + words.stdout.startswith("НЕТ  "), len(words.stdout.splitlines()) - 1
    end = f"region.yaml: в файле ошибок нет, но сейчас не работает {bad} из {of}: строки с «НЕТ». Источников: "
    assert words.returncode == 1
    assert words.stdout.splitlines()[-1].startswith(end)
    done = otklik("check", "region.yaml", "--live", "--json")
    told = {one["what"]: one["message"] for one in json.loads(done.stdout)["live"] if not one["ok"]}
    assert (done.returncode, told) == (
        1,
        {
            what: f"sqlite:///var/{file}: файла нет, и создать его нельзя: {otklik.folder}/var — не папка. "
            "Дайте место или измените адрес."
            for what, file in (("база", "store.db"), ("шина", "bus.db"))
        },
    )


def test_a_source_that_is_gone_by_hand(otklik, world):
    news = world[0]
    otklik.config(f'sources: [{{id: gone, news: {{feed: "{news.url}/no.xml", allow_private: true}}}}]\n')
    done = otklik("crawl", "region.yaml", "--source", "gone", "--dry-run")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("gone: gone: ")
    again = json.loads(otklik("crawl", "region.yaml", "--source", "gone", "--dry-run", "--json").stdout)
    assert (again["outcome"], again["posts"]) == ("gone", [])
