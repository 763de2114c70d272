"""Every mistake an operator can make in the file, with the whole message they get for it."""

from pathlib import Path

import pytest

from otklik.config import load
from tests.otklik.region_file import GOOD, KEY, errors, only, read, said


def test_a_good_file(file):
    config = read(file, GOOD)
    (source,), (sink,) = config.file.sources, config.file.sinks
    assert (source.kind, source.settings.feed, source.every) == ("news", "https://news.example/rss", "5m")
    assert (sink.kind, sink.settings.path) == ("file", "out.jsonl")
    assert (config.region.name, config.data, config.notes) == ("Челябинская область", Path("var"), ())


def test_the_data_folder_is_beside_a_sqlite_store(file):
    assert read(file, GOOD + "store: sqlite:////srv/otklik/store.db\n").data == Path("/srv/otklik")
    assert read(file, GOOD + "store: sqlite:///x/store.db\ndata: elsewhere\n").data == Path("elsewhere")
    postgres = GOOD + "store: postgresql://otklik@db/otklik\nbus: kafka://k:9092\n"
    assert read(file, postgres).data == Path("var")


def test_all_mistakes_at_once_in_order_of_place(file):
    text = GOOD.replace("feed:", "fed:").replace("5m", "often").replace("[ЖКХ]", "[ЖХК]").replace("file:", "fiel:")
    places = [message.partition("\n")[0] for message in errors(file, text, {})]
    assert places == [
        "region.yaml:4:12  sources[0].news.fed",
        "region.yaml:5:12  sources[0].every",
        "region.yaml:7:58  authorities[0].groups[0]",
        "region.yaml:10:5  sinks[0].fiel",
        "окружение",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "feed:",
            "fed:",
            said(
                "region.yaml:4:12  sources[0].news.fed",
                "Нет такого ключа: «fed».",
                "Можно: allow_private, encoding, feed, listing, max_age_days, max_articles_per_visit, selectors, "
                "sitemap",
                "Может быть, «feed»?",
                "Подробнее: docs/sources/news.md",
            ),
        ),
        (
            "sinks:",
            "sink:",
            said(
                "region.yaml:8:1  sink",
                "Нет такого ключа: «sink».",
                "Можно: alarms, authorities, bus, calendar, classifier, console, corrections, crawler, data, "
                "deadlines, grouping, log и ещё 9",
                "Может быть, «sinks»?",
                "Подробнее: docs/configuration.md",
            ),
        ),
        (
            "    every: 5m\n",
            "    every: 5m\n  - id: news-1\n    telegram: {channel: gorod}\n",
            said(
                "region.yaml:6:9  sources[1].id",
                "Имя «news-1» уже занято в строке 3: дайте другое.",
                "Подробнее: docs/configuration.md#sources",
            ),
        ),
        (
            "    every: 5m\n",
            "    every: 5m\n    every: 6m\n",
            said("region.yaml:6:5  sources[0].every", "Ключ «every» уже есть в строке 5: оставьте один."),
        ),
        (
            "    every: 5m\n",
            "    telegram: {channel: gorod}\n",
            said(
                "region.yaml:5:5  sources[0]",
                "Видов источника сразу 2: news, telegram. Оставьте один, остальное — отдельно.",
                "Можно: news, telegram, vk",
                "Подробнее: docs/configuration.md#sources",
            ),
        ),
        (
            '    news: {feed: "https://news.example/rss"}\n',
            "",
            said(
                "region.yaml:3:5  sources[0]",
                "Не сказано, что это: нужен ровно один ключ с видом источника.",
                "Можно: news, telegram, vk",
                "Подробнее: docs/configuration.md#sources",
            ),
        ),
        (
            '    news: {feed: "https://news.example/rss"}\n',
            "    news:\n",
            said(
                "region.yaml:4:5  sources[0].news",
                "Раздел «news» пуст: напишите настройки под ним.",
                "Подробнее: docs/configuration.md#sources",
            ),
        ),
        (
            '    news: {feed: "https://news.example/rss"}\n',
            "    nwes: {}\n",
            said(
                "region.yaml:4:5  sources[0].nwes",
                "Нет такого ключа: «nwes».",
                "Можно: every, id, municipality, news, telegram, time_zone, vk",
                "Может быть, «news»?",
                "Подробнее: docs/configuration.md#sources",
            ),
        ),
        (
            "  - id: news-1\n",
            "  - id: Новости\n",
            said(
                "region.yaml:3:9  sources[0].id",
                "Такое имя не годится.",
                "Записано: «Новости»",
                "Можно: строчные латинские буквы, цифры, точка, дефис, подчёркивание; до 63 знаков, "
                "первый — буква или цифра",
                "Подробнее: docs/configuration.md#sources",
            ),
        ),
        (
            "    every: 5m\n",
            "    every: 5m\n    time_zone: Челябинск\n",
            said(
                "region.yaml:6:16  sources[0].time_zone",
                "Нет такого часового пояса: «Челябинск», нужно имя вроде Asia/Yekaterinburg.",
                "Записано: «Челябинск»",
                "Подробнее: docs/configuration.md#sources",
            ),
        ),
        (
            "groups: [ЖКХ]",
            "groups: ЖКХ",
            said(
                "region.yaml:7:57  authorities[0].groups",
                "Нужен список: [один, другой] или строки, начатые с «-».",
                "Записано: «ЖКХ»",
                "Подробнее: docs/configuration.md#authorities",
            ),
        ),
        (
            "groups: [ЖКХ]",
            "topics: [ЖКХ]",
            said(
                "region.yaml:7:58  authorities[0].topics[0]",
                "Классификатор не знает такой темы.",
                "Записано: «ЖКХ»",
                "Можно: одна из 195 тем, их список: docs/configuration.md#группы-и-темы",
                "Это группа: место ей в ключе groups.",
                "Подробнее: docs/configuration.md#authorities",
            ),
        ),
        (
            '    file: {path: "out.jsonl"}\n',
            "    file: {path: out.jsonl}\n    when: {authority: [zhk]}\n",
            said(
                "region.yaml:11:24  sinks[0].when.authority[0]",
                "В разделе authorities нет такого.",
                "Записано: «zhk»",
                "Можно: zkh",
                "Может быть, «zkh»?",
                "Подробнее: docs/configuration.md#sinks",
            ),
        ),
        (
            "name: Министерство строительства, ",
            "",
            said(
                "region.yaml:7:5  authorities[0]",
                "Нет обязательного ключа «name».",
                "Подробнее: docs/configuration.md#authorities",
            ),
        ),
        (
            "sinks:\n",
            "deadlines: {default: {answer: сутки}}\nsinks:\n",
            said(
                "region.yaml:8:31  deadlines.default.answer",
                "Непонятный срок «сутки»: нужно число и m (минуты), h (часы), d (дни), "
                "wh (рабочие часы) или wd (рабочие дни), "
                "например 24h.",
                "Записано: «сутки»",
                "Подробнее: docs/configuration.md#deadlines",
            ),
        ),
        (
            "sinks:\n",
            "grouping: {head: reason}\nsinks:\n",
            said(
                "region.yaml:8:18  grouping.head",
                "В classifier.heads нет такой головы.",
                "Записано: «reason»",
                "Можно: ничего: раздел пуст",
                "Подробнее: docs/configuration.md#grouping",
            ),
        ),
        (
            "sinks:\n",
            "log: verbose\nsinks:\n",
            said(
                "region.yaml:8:6  log",
                "Такого значения нет.",
                "Записано: «verbose»",
                "Можно: debug, info, warning, error",
                "Подробнее: docs/configuration.md#log",
            ),
        ),
        (
            "sinks:\n",
            "retention: {runs: 0}\nsinks:\n",
            said(
                "region.yaml:8:19  retention.runs",
                "Нужно не меньше 1.",
                "Записано: «0»",
                "Подробнее: docs/configuration.md#retention",
            ),
        ),
        (
            "sinks:\n",
            "bus: rabbit://x\nsinks:\n",
            said(
                "region.yaml:8:6  bus",
                "Непонятный адрес шины: sqlite:///папка/bus.db или kafka://машина:порт,машина:порт.",
                "Записано: «rabbit://x»",
                "Подробнее: docs/configuration.md#bus",
            ),
        ),
        (
            "every: 5m",
            "every: 300",
            said(
                "region.yaml:5:12  sources[0].every",
                "«300» не понято. Можно: промежуток (30s, 5m, 2h, 1d), строку cron из пяти полей («*/10 6-23 * * *») "
                "или adaptive (от 2 минут до суток, по тому, как часто источник действительно публикует).",
                "Записано: «300»",
                "Подробнее: docs/configuration.md#sources",
            ),
        ),
        (
            'feed: "https://news.example/rss"}',
            'feed: "https://news.example/rss", allow_private: да}',
            said(
                "region.yaml:4:61  sources[0].news.allow_private",
                "Нужно true (да) или false (нет).",
                "Записано: «да»",
                "Подробнее: docs/sources/news.md",
            ),
        ),
        (
            "https://news.example/rss",
            "https://наши новости.рф/rss",
            said(
                "region.yaml:4:18  sources[0].news.feed",
                "«https://наши новости.рф/rss» — не адрес страницы; он начинается с http:// или https://.",
                "Записано: «https://наши новости.рф/rss»",
                "Подробнее: docs/sources/news.md",
            ),
        ),
        (
            "groups: [ЖКХ], default: true}\n",
            "default: true}\n  - {id: omsu, name: ОМСУ, default: true}\n",
            said(
                "region.yaml:8:28  authorities[1].default",
                "Всё, что не досталось другим, уже получает тот, у кого default: true в строке 7.",
                "Оставьте default: true у одного.",
                "Подробнее: docs/configuration.md#authorities",
            ),
        ),
        (
            "sinks:\n",
            "bus: kafka://kafka-1,kafka-2\nstore: postgresql://otklik@db/otklik\nsinks:\n",
            said(
                "region.yaml:8:6  bus",
                "Непонятный адрес шины: sqlite:///папка/bus.db или kafka://машина:порт,машина:порт.",
                "Записано: «kafka://kafka-1,kafka-2»",
                "Подробнее: docs/configuration.md#bus",
            ),
        ),
        (
            "sinks:\n",
            "bus: sqlite:///one.db\nstore: sqlite:///one.db\nsinks:\n",
            said(
                "region.yaml:8:6  bus",
                "Шина и база — разные файлы: у обеих записан один.",
                "Записано: «sqlite:///one.db»",
                "Подробнее: docs/configuration.md#bus",
            ),
        ),
        (
            "sinks:\n",
            "classifier: {model: nowhere.npz}\nsinks:\n",
            said(
                "region.yaml:8:21  classifier.model",
                "Такого файла нет.",
                "Записано: «nowhere.npz»",
                "Подробнее: docs/configuration.md#classifier",
            ),
        ),
        (
            "region: chelyabinsk",
            "region: chelabinsk",
            said(
                "region.yaml:1:9  region",
                "Неизвестный регион «chelabinsk». Возможно, имелось в виду: chelyabinsk. "
                "Напишите название («Пермский край»), короткое имя (perm) или код субъекта (59).",
                "Записано: «chelabinsk»",
                "Подробнее: docs/configuration.md#region",
            ),
        ),
    ],
)
def test_one_mistake(file, old, new, expected):
    assert only(file, GOOD.replace(old, new, 1)) == expected


def test_an_unknown_municipality(file):
    message = only(file, GOOD.replace("    every: 5m\n", "    municipality: Мияс\n"))
    lines = message.splitlines()
    assert lines[3].startswith("  Можно: Агаповский муниципальный округ, ")
    assert lines[3].endswith(" и ещё 31")
    assert "\n".join(lines[:3] + lines[4:]) == said(
        "region.yaml:5:19  sources[0].municipality",
        "В этом регионе нет такого муниципалитета.",
        "Записано: «Мияс»",
        "Может быть, «Миасс» или «Миасское»?",
        "Подробнее: docs/configuration.md#sources",
    )


def test_a_secret_in_the_file_is_refused_and_not_shown(file):
    text = GOOD + '  - id: hook\n    webhook: {url: "https://x.example/", secret: hunter2hunter2}\n'
    assert only(file, text) == said(
        "region.yaml:12:50  sinks[1].webhook.secret",
        "Секрет записан прямо в файле.",
        "Записано: (секрет, не показывается)",
        "Можно: ${SECRET} из окружения (или из файла, который назван в SECRET_FILE)",
        "Подробнее: docs/configuration.md#секреты",
    )


def test_a_value_from_the_environment_is_shown_as_written(file):
    text = GOOD.replace("authorities:", "  - id: vk\n    vk: {wall: ${WALL}, token: ${VK}}\nauthorities:")
    message = only(file, text, KEY | {"WALL": "77777", "VK": "t"})
    assert message == said(
        "region.yaml:7:16  sources[1].vk.wall",
        "«${WALL}» — номер без вида: сообщество пишется -${WALL}, страница человека — id${WALL}.",
        "Записано: ${WALL}",
        "Подробнее: docs/sources/vk.md",
    )


def test_a_token_that_its_source_cannot_use_is_shown_where_it_stands(file):
    source = '  - id: vk\n    vk: {search: {words: нет воды}, tokens: ["${A}", {token: "${B}", kind: community}]}\n'
    message = only(file, GOOD.replace("authorities:", source + "authorities:"), KEY | {"A": "a", "B": "b"})
    assert message == said(
        "region.yaml:7:76  sources[1].vk.tokens[1].kind",
        "Ключом сообщества нельзя вызывать newsfeed.search, wall.getById: "
        "нужен сервисный ключ или токен пользователя; замените ключ и исправьте его вид.",
        "Записано: «community»",
        "Подробнее: docs/sources/vk.md",
    )


def test_names_of_municipalities_become_codes_where_incidents_are_compared(file):
    text = GOOD.replace("groups: [ЖКХ]", "municipalities: [Копейск, 75742000]").replace(
        "sinks:", "deadlines: {near: {answer: 4h, municipalities: [город Миасс]}}\nsinks:"
    )
    text += "    when: {municipality: [копейск, none]}\n"
    config = read(file, text)
    assert config.file.sinks[0].when.municipality == ("75728000", "none")
    assert dict(config.file.deadlines.named())["near"].municipalities == ("75742000",)


def test_notes_are_not_errors(file):
    config = read(file, "region: chelyabinsk\nbus: kafka://k:9092\nstore: sqlite:///var/store.db\n")
    assert [str(note) for note in config.notes] == [
        said(
            "region.yaml:3:8  store",
            "База SQLite работает на одной машине: роли на других машинах её не увидят. "
            "Для нескольких машин нужна store: postgresql://…",
            "Подробнее: docs/configuration.md#store",
        ),
        said(
            "region.yaml:1:1  sources", "Источников нет: собирать нечего.", "Подробнее: docs/configuration.md#sources"
        ),
        said(
            "region.yaml:1:1  sinks",
            "Получателей нет: события видны только в ленте и в API.",
            "Подробнее: docs/configuration.md#sinks",
        ),
    ]


@pytest.mark.parametrize(
    ("old", "new", "where", "key"),
    [
        ("https://news.example/rss", "http://192.168.0.7/rss", "4:18  sources[0].news.feed", "feed"),
        ("https://news.example/rss", "http://localhost:8801/rss", "4:18  sources[0].news.feed", "feed"),
        (
            'file: {path: "out.jsonl"}',
            'webhook: {url: "http://[::1]:80/", secret: "${SECRET}"}',
            "10:20  sinks[0].webhook.url",
            "url",
        ),
    ],
)
def test_an_address_inside_the_network_wants_leave(file, old, new, where, key):
    env = KEY | {"SECRET": "whsec_" + "QUFB" * 8}
    (note,) = read(file, GOOD.replace(old, new), env).notes
    assert str(note) == said(
        f"region.yaml:{where}",
        "Это внутренний адрес: к таким Отклик не подключается, пока это не разрешено.",
        f"Записано: «{new.split(chr(34))[1] if chr(34) in new else new}»",
        f"Если сервер ваш, добавьте рядом с «{key}»: allow_private: true.",
        f"Подробнее: docs/{'sources/news' if key == 'feed' else 'sinks/webhook'}.md",
    )
    allowed = new + '", allow_private: true, encoding: "utf-8' if key == "feed" else new[:-1] + ", allow_private: true}"
    assert read(file, GOOD.replace(old, allowed), env).notes == ()


def test_the_ready_configurations_are_good(monkeypatch):
    root = Path(__file__).parents[2]
    monkeypatch.chdir(root)
    for path in sorted((root / "configs").glob("*.yaml")):
        assert load(path, KEY, author_key=True).file.sources
