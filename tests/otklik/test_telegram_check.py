"""What `check` says of Telegram accounts: their sessions, and the names they look up."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from crawlers.telegram.settings import VARIABLE
from otklik.config import Config, ConfigErrors, load

ENV = {"OTKLIK_AUTHOR_KEY": "k" * 32, "HASH": "a-hash", VARIABLE: Fernet.generate_key().decode()}
HEAD = "region: chelyabinsk\nsinks: [{id: out, file: {path: out.jsonl}}]\nsources:\n"


def source(number: int, *, api_id: int = 1, session: str = "reader.session") -> str:
    return (
        f"  - id: tg{number}\n    every: 5m\n    telegram:\n      channel: channel_{number}\n      api_id: {api_id}\n"
        f'      api_hash: "${{HASH}}"\n      session: {session}\n'
    )


def written(file: Path, *sources: str, env: dict[str, str] = ENV) -> Config:
    file.write_text(HEAD + "".join(sources), encoding="utf-8")
    return load(file, env)


def notes(config: Config) -> list[str]:
    return [str(note) for note in config.notes]


def test_a_hundred_names_a_day_and_one_more(file: Path) -> None:
    Path("reader.session").touch()
    assert notes(written(file, *(source(n) for n in range(100)))) == []
    assert notes(written(file, *(source(n) for n in range(101)))) == [
        "region.yaml:5:12  sources[0].every\n"
        "  Суточного запаса этого аккаунта не хватит: вызовов ResolveUsername понадобится около 101, а можно 100. "
        "Источники: tg0, tg1, tg2, tg3, tg4, tg5, tg6, tg7, tg8, tg9, tg10, tg11 и ещё 89.\n"
        "  Записано: «5m»\n"
        "  Не поможет и самый редкий обход: разделите источники между двумя аккаунтами (session) или уберите часть "
        "источников.\n"
        "  Подробнее: docs/configuration.md#sources"
    ]


def test_pages_of_the_web_cost_no_account_anything(file: Path) -> None:
    web = [f"  - {{id: w{n}, every: 5m, telegram: {{channel: channel_{n}}}}}\n" for n in range(150)]
    assert notes(written(file, *web)) == []


def test_a_session_that_nobody_has_made(file: Path) -> None:
    assert notes(written(file, source(1), source(2))) == [
        "region.yaml:10:16  sources[0].telegram.session\n"
        "  Файла сессии ещё нет: источник начнёт собираться, когда вы войдёте в Telegram.\n"
        "  Записано: «reader.session»\n"
        "  Войдите: otklik telegram login region.yaml --source tg1\n"
        "  Подробнее: docs/sources/telegram.md"
    ]


def test_no_key_for_the_sessions(file: Path) -> None:
    Path("reader.session").touch()
    assert notes(written(file, source(1), env={name: value for name, value in ENV.items() if name != VARIABLE})) == [
        "region.yaml:10:16  sources[0].telegram.session\n"
        "  Не задан OTKLIK_SESSION_KEY: сессии Telegram без него не открыть.\n"
        '  Создайте ключ один раз и храните его: export OTKLIK_SESSION_KEY=$(python -c "from cryptography.fernet '
        'import Fernet; print(Fernet.generate_key().decode())").\n'
        "  Подробнее: docs/sources/telegram.md"
    ]


def test_one_session_with_two_applications(file: Path) -> None:
    Path("reader.session").touch()
    with pytest.raises(ConfigErrors) as caught:
        written(file, source(1), source(2, api_id=2))
    assert [str(problem) for problem in caught.value.problems] == [
        "region.yaml:15:15  sources[1].telegram.api_id\n"
        "  Сессией reader.session пользуется и источник в строке 8, но с другим api_id: у каждого api_id должна быть "
        "своя сессия.\n"
        "  Подробнее: docs/sources/telegram.md"
    ]
    assert notes(written(file, source(1), source(2, api_id=2, session="./other.session")))


def test_a_server_elsewhere_is_refused(file: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        written(file, source(1) + '      api_server: "10.0.0.1:443"\n')
    (problem,) = caught.value.problems
    assert problem.message == "Сервер меняют только для имитатора на этой машине: 127.0.0.1:порт."
