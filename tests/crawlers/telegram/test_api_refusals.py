"""What the operator reads when nothing is collected by Telegram's API."""

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

from crawlers.telegram.session import SessionError, SessionFile
from crawlers.telegram.settings import VARIABLE, TelegramSettings
from schemas import Outcome
from tests.crawlers.telegram.site import NAME, Site


@pytest.mark.parametrize(
    ("method", "code", "name", "outcome", "reason", "action"),
    [
        (
            "GetHistory",
            400,
            "CHANNEL_PRIVATE",
            Outcome.BLOCKED,
            f"канал {NAME} стал закрытым, или аккаунту в нём отказано",
            "Удалите источник: собираются только открытые каналы и чаты",
        ),
        (
            "ResolveUsername",
            400,
            "USERNAME_NOT_OCCUPIED",
            Outcome.GONE,
            f"канала {NAME} нет: удалён, переименован или стал закрытым",
            "Найдите его новое имя и исправьте channel",
        ),
        (
            "GetHistory",
            400,
            "CHANNEL_INVALID",
            Outcome.GONE,
            f"канала {NAME} нет: удалён, переименован или стал закрытым",
            "Найдите его новое имя и исправьте channel",
        ),
        (
            "GetConfig",
            406,
            "AUTH_KEY_DUPLICATED",
            Outcome.BLOCKED,
            "Telegram отменил сессию: ею пользовались с двух адресов сразу (AUTH_KEY_DUPLICATED)",
            "Войдите в Telegram заново и замените файл сессии; у каждой установки Отклика должна быть своя сессия",
        ),
        (
            "ResolveUsername",
            401,
            "SESSION_REVOKED",
            Outcome.BLOCKED,
            "Telegram не признаёт сессию: из неё вышли или её отозвали",
            "Войдите в Telegram заново и замените файл сессии",
        ),
        (
            "ResolveUsername",
            401,
            "USER_DEACTIVATED_BAN",
            Outcome.BLOCKED,
            "Telegram заблокировал или удалил этот аккаунт",
            "Войдите другим аккаунтом",
        ),
        (
            "GetConfig",
            400,
            "API_ID_INVALID",
            Outcome.BLOCKED,
            "Telegram не принимает api_id и api_hash",
            "Возьмите свои на https://my.telegram.org и исправьте настройки",
        ),
        (
            "GetHistory",
            400,
            "SOMETHING_NEW",
            Outcome.BROKEN,
            "Telegram ответил ошибкой 400: SOMETHING_NEW",
            "Если повторяется, сообщите разработчикам Отклика",
        ),
    ],
)
def test_refusals_are_told_apart(
    site: Site, method: str, code: int, name: str, outcome: Outcome, reason: str, action: str
) -> None:
    site.simulator.fail(method, name, code)
    found = site.problem()
    assert (found.outcome, found.reason, found.action) == (outcome, reason, action)


def test_a_key_that_telegram_has_forgotten(site: Site) -> None:
    site.simulator.keys.clear()
    found = site.problem()
    assert (found.outcome, found.reason) == (
        Outcome.BLOCKED,
        "Telegram не признаёт сессию: из неё вышли или её отозвали",
    )


def test_a_person_is_not_collected(site: Site) -> None:
    found = site.problem(channel="ivan_person")
    assert (found.outcome, found.reason, found.action) == (
        Outcome.GONE,
        "ivan_person — не канал и не чат, а человек или бот",
        "Исправьте channel или удалите источник",
    )


def test_a_channel_that_went_private_or_away(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.channel.private = True
    found = site.problem(cursor)
    assert (found.outcome, found.reason, found.action) == (
        Outcome.BLOCKED,
        f"канал {NAME} стал закрытым, или аккаунту в нём отказано",
        "Удалите источник: собираются только открытые каналы и чаты",
    )
    site.channel.private, site.channel.deleted = False, True
    found = site.problem(cursor)
    assert (found.outcome, found.reason, found.action) == (
        Outcome.GONE,
        f"канала {NAME} нет: удалён, переименован или стал закрытым",
        "Найдите его новое имя и исправьте channel",
    )
    assert not any(post.deleted for post in site.here.posts())


def test_an_emptied_history_is_not_a_wave_of_deletions(site: Site) -> None:
    cursor = site.visit()[-1].cursor
    site.channel.posts.clear()
    found = site.problem(cursor)
    assert (found.outcome, found.reason, found.action) == (
        Outcome.CHANGED,
        f"в канале {NAME} раньше были публикации, а теперь Telegram не показывает ни одной",
        "Откройте канал сами: возможно, его историю очистили",
    )
    assert not any(post.deleted for post in site.here.posts())


def test_a_session_file_tells_nothing_without_its_key(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    session = site.simulator.session()
    file = SessionFile(site.file, Fernet.generate_key().decode())
    file.save(session)
    assert file.load() == session
    assert session.encode()[1:40] not in site.file.read_bytes()
    assert site.file.stat().st_mode & 0o077 == 0
    found = site.problem()
    assert (found.outcome, found.reason, found.action) == (
        Outcome.BLOCKED,
        f"файл сессии Telegram {site.file} не открывается ключом {VARIABLE}: ключ другой или файл повреждён",
        f"Верните прежний {VARIABLE} или войдите в Telegram заново",
    )
    site.file.unlink()
    assert site.problem().reason == f"нет файла сессии Telegram {site.file}"
    site.file.mkdir()
    assert site.problem().reason == f"файл сессии Telegram {site.file} не читается: это папка, а не файл"
    site.file.rmdir()
    monkeypatch.delenv(VARIABLE)
    assert site.problem().reason == f"не задан ключ сессий Telegram {VARIABLE}"
    with pytest.raises(SessionError) as caught:
        SessionFile(site.file, "short")
    assert caught.value.reason == f"{VARIABLE} — не ключ: нужны 32 байта в base64"


def test_an_api_id_alone_is_not_enough() -> None:
    with pytest.raises(ValidationError) as caught:
        TelegramSettings.model_validate({"channel": "a_channel", "api_id": 5})
    assert caught.value.errors()[0]["msg"] == (
        "Value error, для чтения через API не хватает: api_hash, session; без аккаунта укажите mode: web"
    )
    assert not TelegramSettings.model_validate({"channel": "a_channel"}).by_api
    assert not TelegramSettings.model_validate({"channel": "a_channel", "api_id": 5, "mode": "web"}).by_api
