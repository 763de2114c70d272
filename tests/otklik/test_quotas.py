"""What `check` computes of the tokens' quotas, and what `status` says about them."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crawlers.schedule import parse, visits_per_day
from crawlers.vk.settings import VkSettings
from otklik.config import Config, ConfigErrors, demand, load
from otklik.main import app
from otklik.tokens import tokens_of
from store import Allowance, Balance, Quotas, Store

ENV = {"OTKLIK_AUTHOR_KEY": "k" * 32, "A": "token-a-secret", "B": "token-b-secret"}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("region.yaml")


def written(file: Path, *sources: tuple[str, str, str]) -> Config:
    """With sources of these ids, tokens and intervals."""
    text = "region: chelyabinsk\nsinks: [{id: out, file: {path: out.jsonl}}]\nstore: sqlite:///store.db\nsources:\n"
    for id_, tokens, every in sources:
        text += f"  - id: {id_}\n    vk: {{wall: {id_}, {tokens}}}\n    every: {every}\n"
    file.write_text(text, encoding="utf-8")
    return load(file, ENV)


def notes(config: Config) -> list[str]:
    return [str(note) for note in config.notes]


ONE = 'token: "${A}"'


def test_what_fits_is_not_spoken_of(file: Path) -> None:
    assert notes(written(file, *((f"wall{n}", ONE, "5m") for n in range(17)))) == []
    assert notes(written(file, ("wall", ONE, "20s"))) == []


def test_what_does_not_fit_is_told_with_the_interval_that_would(file: Path) -> None:
    config = written(file, *((f"wall{n}", ONE, "5m") for n in range(18)))
    assert notes(config) == [
        "region.yaml:7:12  sources[0].every\n"
        "  Суточного запаса этого токена не хватит: вызовов wall.get понадобится около 5184, а можно 5000. "
        "Источники: wall0, wall1, wall2, wall3, wall4, wall5, wall6, wall7, wall8, wall9, wall10, wall11 и ещё 6.\n"
        "  Записано: «5m»\n"
        "  Поместится every: 6m у каждого; или добавьте токенов (tokens).\n"
        "  Подробнее: docs/configuration.md#sources"
    ]
    assert notes(written(file, *((f"wall{n}", ONE, "6m") for n in range(18)))) == []


def test_intervals_that_differ_grow_together(file: Path) -> None:
    config = written(file, ("wall0", ONE, "20s"), ("wall1", ONE, "1m"), ("news1", 'token: "${B}"', "1m"))
    assert notes(config) == [
        "region.yaml:7:12  sources[0].every\n"
        "  Суточного запаса этого токена не хватит: вызовов wall.get понадобится около 5760, а можно 5000. "
        "Источники: wall0, wall1.\n"
        "  Записано: «20s»\n"
        "  Поместится, если все промежутки увеличить в 1,2 раза; или добавьте токенов (tokens).\n"
        "  Подробнее: docs/configuration.md#sources"
    ]


def test_tokens_that_sources_share_count_once(file: Path) -> None:
    both = 'tokens: ["${A}", "${B}"]'
    assert notes(written(file, ("wall0", both, "20s"), ("wall1", both, "20s"))) == []
    (note,) = notes(written(file, ("wall0", both, "20s"), ("wall1", ONE, "15s"), ("wall2", 'token: "${B}"', "1h")))
    assert "Суточного запаса этих токенов (их 2) не хватит: вызовов wall.get понадобится около 10104" in note


def test_three_hundred_walls_wait_for_their_comments(file: Path) -> None:
    (note,) = notes(written(file, *((f"wall{n}", ONE, "1h") for n in range(300))))
    assert "вызовов wall.getComments понадобится около 54000, а можно 5000." in note
    assert "Поместится every: 2d у каждого" in note
    (note,) = notes(written(file, *((f"wall{n}", ONE + ", comments: false", "1h") for n in range(300))))
    assert "вызовов wall.get понадобится около 7200, а можно 5000." in note
    assert "Поместится every: 90m у каждого" in note


def forms(file: Path, *lines: str) -> list[str]:
    """The notes on sources of these forms, each with the token A."""
    text = "region: chelyabinsk\nsinks: [{id: out, file: {path: out.jsonl}}]\nstore: sqlite:///store.db\nsources:\n"
    for number, line in enumerate(lines):
        form, every = line.split(" | ")
        text += f'  - id: s{number}\n    vk: {{{form}, token: "${{A}}"}}\n    every: {every}\n'
    file.write_text(text, encoding="utf-8")
    return notes(load(file, ENV))


def test_searches_are_held_to_a_thousand_a_day(file: Path) -> None:
    search = "search: {words: нет воды}"
    assert forms(file, f"{search} | 90s") == []
    (note,) = forms(file, f"{search} | 1m")
    assert "вызовов newsfeed.search понадобится около 1440, а можно 1000." in note
    assert "Поместится every: 2m; или" in note
    (note,) = forms(file, *(f"{search} | 5m" for _ in range(10)))
    assert "вызовов newsfeed.search понадобится около 2880, а можно 1000." in note
    assert "Поместится every: 15m у каждого" in note


def test_only_the_sources_that_make_the_calls_are_named_each_kind_apart(file: Path) -> None:
    search, wall = "search: {words: нет воды}", "wall: typical_chel"
    assert forms(file, f"{wall} | 5m", f"{search} | 1m") == [
        "region.yaml:10:12  sources[1].every\n"
        "  Суточного запаса этого токена не хватит: вызовов newsfeed.search понадобится около 1440, а можно 1000. "
        "Источники: s1.\n"
        "  Записано: «1m»\n"
        "  Поместится every: 2m; или добавьте токенов (tokens).\n"
        "  Подробнее: docs/configuration.md#sources"
    ]
    both = forms(file, f"{wall} | 10s", f"{search} | 1m")
    assert [note.partition("\n")[0] for note in both] == [
        "region.yaml:7:12  sources[0].every",
        "region.yaml:10:12  sources[1].every",
    ]


def test_boards_are_counted_apart_from_walls(file: Path) -> None:
    assert forms(file, *("board: a_board | 5m" for _ in range(17)), *("wall: a_wall | 5m" for _ in range(17))) == []
    (note,) = forms(file, *("board: a_board | 5m" for _ in range(40)))
    assert "вызовов board.getTopics понадобится около 11520, а можно 5000." in note


def test_the_interval_that_is_said_to_fit_does(file: Path) -> None:
    for count in (18, 70, 300):
        sources = demand.asking(written(file, *((f"wall{n}", ONE, "1m") for n in range(count))).file, "UTC")
        slower = demand.fitting(sources)
        assert slower is not None
        assert demand.overload(sources, slower) is None
        assert demand.overload(sources, slower * 0.99) is not None
        every = demand.written(slower / sources[0].visits)
        assert demand.overload(sources, sources[0].visits / visits_per_day(parse(every, "UTC"))) is None


@pytest.mark.parametrize(
    ("every", "visits"),
    [("5m", 288), ("1d", 1), ("adaptive", 96), ("*/10 6-23 * * *", 108), ("0 9 * * 1", 1 / 7)],
)
def test_visits_of_a_day(every: str, visits: float) -> None:
    assert visits_per_day(parse(every, "Asia/Yekaterinburg")) == pytest.approx(visits)


@pytest.mark.parametrize("form", [{"wall": "a_wall"}, {"board": "a_wall"}, {"search": {"words": "нет воды"}}])
def test_fewer_visits_cost_fewer_calls(form: dict[str, Any]) -> None:
    settings = VkSettings.model_validate(form | {"token": "t"})
    costs = [settings.calls_per_day(visits) for visits in (0.01, 1, 10, 100, 5000)]
    for fewer, more in pairwise(costs):
        assert all(fewer[method] <= more[method] for method in more)


def test_status_tells_what_each_token_has_left(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = written(file, ("wall0", ONE, "5m"), ("wall1", 'tokens: ["${B}", {token: "${A}", kind: user}]', "5m"))
    store = Store("sqlite:///store.db")
    store.upgrade()
    ledger = Quotas(store)
    first, second = (account.token for account in config.file.sources[1].settings.accounts())
    now = datetime.now(UTC)
    for _ in range(3):
        ledger.take("vk", "wall.get", [Allowance(second, 5, 5000)])
    ledger.block("vk", second, now + timedelta(hours=3), "исчерпан суточный лимит", "wall.getComments")
    ledger.block("vk", first, now + timedelta(hours=1), "токен недействителен")
    found = tokens_of(config, ledger.balances(), now)
    store.close()
    assert [(one["token"], one["sources"]) for one in found] == [
        (second[:8], ["wall0", "wall1"]),
        (first[:8], ["wall1"]),
    ]
    methods: dict[str, Any] = {one["method"]: one for one in found[0]["methods"]}
    assert methods["wall.get"] == {
        "method": "wall.get",
        "used": 3,
        "per_day": 5000,
        "left": 4997,
        "back_at": None,
        "reason": None,
    }
    assert (methods["wall.getComments"]["left"], methods["wall.getComments"]["back_at"]) == (
        0,
        now + timedelta(hours=3),
    )
    assert (found[1]["back_at"], found[1]["reason"]) == (now + timedelta(hours=1), "токен недействителен")

    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")
    printed = CliRunner().invoke(app, ["status", "region.yaml"])
    assert printed.exit_code == 0, printed.output
    assert f"сервисный ключ {second[:8]}" in printed.output
    assert "wall.get          4997      5000" in printed.output
    assert "исчерпан суточный лимит" in printed.output
    as_json = CliRunner().invoke(app, ["status", "region.yaml", "--json"])
    assert json.loads(as_json.stdout)["tokens"][0]["methods"][0]["left"] == 4997
    assert "secret" not in printed.output + as_json.output


def test_a_day_that_is_used_up_says_when_it_comes_back(file: Path) -> None:
    config = written(file, ("wall0", ONE, "5m"))
    (account,) = config.file.sources[0].settings.accounts()
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    bucket = str(int(now.timestamp() // 900))
    spent = Balance("vk", "wall.get", account.token, 5000, {bucket: 5000}, None, None, None)
    (found,) = tokens_of(config, [spent], now + timedelta(hours=1))
    row = found["methods"][0]
    assert (row["left"], row["back_at"]) == (0, now + timedelta(days=1, minutes=15))


@pytest.mark.parametrize("tokens", ["[written-here]", "[{token: written-here, kind: user}]"])
def test_tokens_of_a_list_are_secrets_too(file: Path, tokens: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        written(file, ("wall0", f"tokens: {tokens}", "5m"))
    (problem,) = caught.value.problems
    assert problem.message == "Секрет записан прямо в файле."
    assert "written-here" not in str(problem)


def test_a_community_key_is_refused_in_check(file: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        written(file, ("wall0", ONE + ", token_kind: community", "5m"))
    assert [problem.message for problem in caught.value.problems] == [
        "Ключом сообщества нельзя вызывать wall.get, wall.getById, wall.getComments: "
        "нужен сервисный ключ или токен пользователя; замените ключ и исправьте его вид."
    ]
