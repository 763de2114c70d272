"""Commands by real processes: what they print, where, and the exit code."""

import json
import re
import subprocess
import sys
import time

import pytest

POSTS = [
    {"id": "1", "text": "В Копейске вторые сутки нет холодной воды", "published": "2026-03-01T08:00:00+05:00"},
    {"id": "2", "text": "Копейск, третий день без воды, когда дадут?", "published": "2026-03-01T12:00:00+05:00"},
    {"id": "3", "text": "Поздравляем всех с праздником! Концерт в парке", "published": "2026-03-01T12:00:00"},
    {"id": "4", "text": "Мусор не вывозят неделю, контейнеры полные", "published": "2026-03-01T12:00:00+05:00"},
]
TALLY = r"публикаций: {}, о беде: {}, из них неуверенно: \d, без места: {}; инцидентов: {}\n"
TAG_KEYS = [
    "id", "relevance", "group", "group_probability", "topic", "topic_probability", "municipality", "settlement",
    "address", "urgency", "needs_review", "heads", "model",
]  # fmt: skip


def test_help_is_russian_and_comes_at_once(otklik):
    otklik("--version")  # compiles what has to be compiled
    started = time.process_time(), time.monotonic()
    done = otklik("--help")
    assert time.monotonic() - started[1] < 5  # 0.3 s on a free machine
    assert done.returncode == 0
    assert done.stdout.startswith("Как вызвать: otklik [КЛЮЧИ] КОМАНДА [АРГУМЕНТЫ]...\n")
    assert "6 — роль остановилась сама: не удалась большая часть записей; они остались в топике" in done.stdout


def test_help_loads_nothing_heavy(otklik):
    script = (
        "import sys\nfrom otklik.main import app\n"
        "heavy = {'scrapy', 'sqlalchemy', 'numpy', 'pydantic', 'fastapi', 'rich', 'kafka', 'twisted'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=otklik.env, cwd=otklik.folder, check=True
    )
    assert done.stdout == "[]\n"


def test_reading_a_configuration_loads_nothing_that_visits_sources_or_asks_databases(otklik):
    script = (
        "import sys\nfrom otklik.config import load\n"
        "heavy = {'scrapy', 'twisted', 'trafilatura', 'vk_api', 'sqlalchemy', 'kafka', 'fastapi', 'sklearn'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=otklik.env, cwd=otklik.folder, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chek",), "Ошибка: Нет такой команды: chek. Может быть, check?\nСправка: otklik --help\n"),
        (("run",), "Ошибка: Не хватает аргумента ФАЙЛ.\nСправка: otklik run --help\n"),
        (
            ("incidents", "show", "region.yaml", "один"),
            "Ошибка: Неверное значение НОМЕР: нужно целое число\nСправка: otklik incidents show --help\n",
        ),
        (
            ("incidents", "list", "region.yaml", "--limit", "0"),
            "Ошибка: Неверное значение --limit: нужно не меньше 1\nСправка: otklik incidents list --help\n",
        ),
        (
            ("incidents", "list", "region.yaml", "--limit", "1001"),
            "Ошибка: Неверное значение --limit: нужно не больше 1000\nСправка: otklik incidents list --help\n",
        ),
        (("check", "--foo"), "Ошибка: Нет такого ключа: --foo.\nСправка: otklik check --help\n"),
        (("run", "a", "b"), "Ошибка: Лишнее в команде: b.\nСправка: otklik run --help\n"),
        (
            ("tag", "--head", "x"),
            "Ошибка: Неверное значение --head: «x» не понято; нужно ИМЯ=ФАЙЛ.npz\nСправка: otklik tag --help\n",
        ),
        (("tag", "--head", "x=none.npz"), "Нет файла модели none.npz (--head x).\n"),
        (
            ("crawl", "region.yaml", "--dry-run"),
            "Ошибка: Неверное значение --dry-run: нужен --source: какой источник попробовать\n"
            "Справка: otklik crawl --help\n",
        ),
    ],
)
def test_a_wrong_command_line(otklik, arguments, said):
    done = otklik(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_check(otklik):
    otklik.config(
        "sources:\n  - id: a\n    telegram: {channel: gorod}\nsinks:\n  - id: b\n    file: {path: out.jsonl}\n"
    )
    done = otklik("check", "region.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "region.yaml: ошибок нет. Источников: 1, получателей: 1.\n"


def test_check_tells_every_mistake_and_json_says_the_same(otklik):
    otklik.config("sources:\n  - id: A\n    telegram: {chanel: gorod}\n")
    done = otklik("check", "region.yaml")
    assert done.returncode == 2
    assert done.stderr.endswith("\n\nОшибок: 3.\n")
    told = json.loads(otklik("check", "region.yaml", "--json").stdout)
    assert [(p["line"], p["column"], p["path"]) for p in told["problems"]] == [
        (6, 9, "sources[0].id"),
        (7, 5, "sources[0].telegram"),
        (7, 16, "sources[0].telegram.chanel"),
    ]


def test_check_without_the_author_key(otklik):
    otklik.config()
    del otklik.env["OTKLIK_AUTHOR_KEY"]
    done = otklik("check", "region.yaml")
    assert done.returncode == 2
    assert done.stderr == (
        "окружение\n"
        "  Не задана переменная окружения OTKLIK_AUTHOR_KEY (или OTKLIK_AUTHOR_KEY_FILE с путём к файлу).\n"
        "  Создайте ключ один раз, храните его и не меняйте: export OTKLIK_AUTHOR_KEY=$(openssl rand -hex 32)\n"
        "  Подробнее: docs/configuration.md#секреты\n\nОшибок: 1.\n"
    )


def test_tag_keeps_order_and_names_bad_lines(otklik):
    otklik.config()
    lines = [json.dumps(POSTS[0], ensure_ascii=False), "oops", '{"text": "нет света"}', '{"id": "x"}', "[]"]
    lines.append('{"id": 17, "text": "нет света"}')
    done = otklik("tag", "--config", "region.yaml", stdin="\n".join(lines) + "\n")
    tags = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [one["id"] for one in tags] == ["1", "3", "17"]
    assert all(list(one) == TAG_KEYS for one in tags)
    assert tags[0]["municipality"]["oktmo"] == "75728000"
    assert done.stderr == (
        "строка 2: не JSON\nстрока 4: нет поля text\nстрока 5: строка должна быть объектом JSON с полем text\n"
    )


def test_replay_beside_the_configured_bus_and_store(otklik):
    otklik.config("authorities:\n  - {id: a, name: А, default: true}\n")
    otklik.write("posts.jsonl", *POSTS)
    done = otklik("replay", "posts.jsonl", "--config", "region.yaml", "--out", "out.jsonl")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in (otklik.folder / "out.jsonl").read_text().splitlines()]
    assert [(one["posts"], one["municipality"], one["authority"]) for one in found] == [
        (["1", "2"], "75728000", "a"),
        (["4"], None, "a"),
    ]
    assert re.fullmatch(TALLY.format(4, 3, 1, 2), done.stderr)
    assert sorted(path.name for path in otklik.folder.iterdir()) == ["out.jsonl", "posts.jsonl", "region.yaml"]


def test_replay_of_everything(otklik):
    otklik.config()
    otklik.write("posts.jsonl", *POSTS)
    done = otklik("replay", "posts.jsonl", "--config", "region.yaml", "--out", "out.jsonl", "--all")
    found = [json.loads(line) for line in (otklik.folder / "out.jsonl").read_text().splitlines()]
    assert done.returncode == 0, done.stderr
    assert sorted(post for one in found for post in one["posts"]) == ["1", "2", "3", "4"]


def test_replay_goes_on_past_bad_lines(otklik):
    otklik.config()
    otklik.write(
        "posts.jsonl", "oops\n", POSTS[0], '{"id": "5", "text": "x", "published": "вчера", "kind": "rumour"}\n'
    )
    done = otklik("replay", "posts.jsonl", "--config", "region.yaml", "--out", "out.jsonl")
    assert done.returncode == 1
    assert done.stderr == (
        "строка 1: не JSON\n"
        "строка 3: поле published — не время; нужно так: 2026-03-05T14:00:00+05:00; "
        "поле kind: допустимо post, comment, article, appeal, call\n"
        "публикаций: 1, о беде: 1, из них неуверенно: 0, без места: 0; инцидентов: 1\n"
    )


def grouped(otklik) -> set[tuple[frozenset[str], str | None, str, str | None]]:
    lines = (otklik.folder / "out.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return {(frozenset(one["posts"]), one["municipality"], one["topic"], one["authority"]) for one in found}


def test_replay_is_the_same_on_kafka_and_postgres_and_leaves_nothing(otklik, kafka_server, postgres_db):
    import psycopg

    from bus.kafka import KafkaBus

    otklik.write("posts.jsonl", *POSTS)
    otklik.config()
    assert otklik("replay", "posts.jsonl", "--config", "region.yaml", "--out", "out.jsonl").returncode == 0
    expected = grouped(otklik)
    otklik.config(bus=f"kafka://{kafka_server.bootstrap}", store=postgres_db)
    done = otklik("replay", "posts.jsonl", "--config", "region.yaml", "--out", "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert grouped(otklik) == expected
    with psycopg.connect(postgres_db) as connection:
        schemas = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'otklik%'").fetchall()
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert (schemas, tables) == ([], (0,))
    bus = KafkaBus(kafka_server.bootstrap)
    with bus._admin() as admin:
        assert [topic for topic in admin.list_topics() if topic.startswith("otklik_replay")] == []
    bus.close()


def test_a_store_that_was_never_made(otklik):
    otklik.config()
    done = otklik("status", "region.yaml")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "В базе sqlite:///store.db ещё нет таблиц Отклика. "
        "Создайте их: otklik db upgrade ФАЙЛ (базу SQLite создаёт и otklik run).\n"
    )


def test_looking_makes_nothing_on_a_bus_that_was_never_used(otklik):
    otklik.config("sinks: [{id: out, file: {path: out.jsonl}}]\n", bus="sqlite:///bus/bus.db")
    assert otklik("db", "upgrade", "region.yaml").returncode == 0
    before = sorted(path.name for path in otklik.folder.iterdir())
    told = json.loads(otklik("status", "region.yaml", "--json").stdout)
    assert [(one["topic"], one["records"], one["lag"], one["dead_letters"]) for one in told["topics"]] == [
        ("posts", None, {"classify": 0}, 0),
        ("posts.history", None, {"classify": 0}, 0),
        ("reach", None, {}, 0),
        ("tagged", None, {"incidents": 0}, 0),
        ("incidents", None, {"sink-out": 0}, 0),
        ("sources", None, {}, 0),
        ("sources.events", None, {}, 0),
    ]
    table = otklik("status", "region.yaml")
    assert (table.returncode, table.stderr) == (0, "")
    assert re.search(r"^posts +ещё нет +classify: 0 +0 *$", table.stdout, re.MULTILINE)
    assert otklik("dead-letters", "list", "region.yaml").stdout == "Необработанных записей: 0.\n"
    shown = otklik("dead-letters", "show", "region.yaml", "posts/0:1")
    assert (shown.returncode, shown.stderr) == (
        2,
        "Записи posts/0:1 нет. Обозначения показывает otklik dead-letters list.\n",
    )
    assert sorted(path.name for path in otklik.folder.iterdir()) == before


def test_looking_makes_no_topics(otklik, kafka_server):
    from bus.kafka import KafkaBus

    bus = KafkaBus(kafka_server.bootstrap)
    with bus._admin() as admin:
        before = set(admin.list_topics())
    ours = sorted({"posts", "posts.dead", "posts.dead.replayed"} & before)
    bus.delete_topics(ours)
    otklik.config(bus=f"kafka://{kafka_server.bootstrap}")
    assert otklik("db", "upgrade", "region.yaml").returncode == 0
    told = json.loads(otklik("status", "region.yaml", "--json").stdout)
    assert (told["topics"][0]["records"], told["topics"][0]["lag"]) == (None, {"classify": 0})
    with bus._admin() as admin:
        assert set(admin.list_topics()) == before - set(ours)
    bus.close()


def test_upgrade_backup_restore(otklik):
    otklik.config()
    assert otklik("db", "upgrade", "region.yaml").stdout == "База sqlite:///store.db: таблицы в порядке.\n"
    assert otklik("db", "backup", "region.yaml", "copy.db").stdout == "Копия базы sqlite:///store.db: copy.db.\n"
    refused = otklik("db", "restore", "region.yaml", "copy.db")
    assert refused.returncode == 3
    assert refused.stderr == (
        "База sqlite:///store.db не пуста: восстановление сотрёт то, что в ней есть. "
        "Если так и нужно, повторите с ключом --force.\n"
    )
    done = otklik("db", "restore", "region.yaml", "copy.db", "--force")
    assert (done.returncode, done.stdout) == (0, "База sqlite:///store.db восстановлена из copy.db.\n")


def test_an_unreachable_broker(otklik):
    otklik.config(bus="kafka://127.0.0.1:1")
    done = otklik("dead-letters", "list", "region.yaml")
    assert done.returncode == 3
    assert "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_dead_letters(otklik):
    from datetime import UTC, datetime

    from bus import Received, Record, TopicPartition, dead_letters, open_bus

    otklik.config()
    bus = open_bus(f"sqlite:///{otklik.folder}/bus.db")
    bus.ensure_topics({"posts": 1, "posts.dead": 1})
    moment = datetime(2026, 3, 1, 10, tzinfo=UTC)
    record = Record("news", b"{}", moment, {"schema": "post/1"})
    failed = dead_letters.letter(Received(TopicPartition("posts", 0), 7, record), "classify", ValueError("bad"), moment)
    bus.publish("posts.dead", [failed])
    bus.close()
    done = otklik("dead-letters", "list", "region.yaml", "--json")
    (letter,) = json.loads(done.stdout)
    assert (letter["error_type"], letter["group"], letter["origin"]) == ("ValueError", "classify", "posts/0:7")
    listed = otklik("dead-letters", "list", "region.yaml").stdout
    assert listed == f"{letter['id']}  2026-03-01 15:00  classify: ValueError: bad\nНеобработанных записей: 1.\n"
    assert json.loads(otklik("dead-letters", "show", "region.yaml", letter["id"]).stdout)["value"] == "{}"
    assert otklik("dead-letters", "replay", "region.yaml", letter["id"]).stdout == "Возвращено в работу записей: 1.\n"
    again = otklik("dead-letters", "replay", "region.yaml", letter["id"])
    assert again.returncode == 1
    assert again.stderr == f"Таких записей нет, или они уже возвращены: {letter['id']}.\n"
    assert otklik("dead-letters", "list", "region.yaml").stdout == "Необработанных записей: 0.\n"
