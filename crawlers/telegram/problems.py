"""What went wrong with Telegram, for an operator."""

from datetime import datetime, timedelta

from telethon import errors

from crawlers.base import SourceProblem
from schemas import Outcome
from store import Turn

_SIGN_IN = "Войдите в Telegram заново и замените файл сессии"
_PATIENCE = "Ничего делать не нужно; если повторяется, увеличьте every или добавьте второй аккаунт"
_LOGGED_OUT = (
    errors.AuthKeyNotFound,
    errors.AuthKeyUnregisteredError,
    errors.AuthKeyInvalidError,
    errors.AuthKeyPermEmptyError,
    errors.SessionRevokedError,
    errors.SessionExpiredError,
)
_BANNED = (errors.UserDeactivatedError, errors.UserDeactivatedBanError)


def problem(error: Exception, channel: str, now: datetime) -> SourceProblem:  # noqa: PLR0911 - one line of a table each
    """The outcome of a visit that ended with `error`."""
    match error:
        case errors.FloodWaitError() | errors.FloodPremiumWaitError():
            return flooded(error.seconds, "connect", now)
        case errors.AuthKeyDuplicatedError():
            return SourceProblem(
                Outcome.BLOCKED,
                "Telegram отменил сессию: ею пользовались с двух адресов сразу (AUTH_KEY_DUPLICATED)",
                f"{_SIGN_IN}; у каждой установки Отклика должна быть своя сессия",
            )
        case _ if isinstance(error, _LOGGED_OUT):
            return SourceProblem(Outcome.BLOCKED, "Telegram не признаёт сессию: из неё вышли или её отозвали", _SIGN_IN)
        case _ if isinstance(error, _BANNED):
            return SourceProblem(
                Outcome.BLOCKED, "Telegram заблокировал или удалил этот аккаунт", "Войдите другим аккаунтом"
            )
        case errors.ApiIdInvalidError() | errors.ApiIdPublishedFloodError():
            return SourceProblem(
                Outcome.BLOCKED,
                "Telegram не принимает api_id и api_hash",
                "Возьмите свои на https://my.telegram.org и исправьте настройки",
            )
        case errors.ChannelPrivateError():
            return SourceProblem(
                Outcome.BLOCKED,
                f"канал {channel} стал закрытым, или аккаунту в нём отказано",
                "Удалите источник: собираются только открытые каналы и чаты",
            )
        case errors.UsernameNotOccupiedError() | errors.UsernameInvalidError() | errors.ChannelInvalidError():
            return gone(channel)
        case errors.RPCError():
            return SourceProblem(
                Outcome.BROKEN,
                f"Telegram ответил ошибкой {error.code}: {error.message}",
                "Если повторяется, сообщите разработчикам Отклика",
            )
        case TimeoutError():
            return SourceProblem(Outcome.BROKEN, "Telegram не отвечает", "Обычно проходит само")
        case _:
            return SourceProblem(
                Outcome.BROKEN,
                f"нет связи с Telegram: {type(error).__name__}",
                "Проверьте, что с этой машины Telegram доступен",
            )


def flooded(seconds: int, method: str, now: datetime) -> SourceProblem:
    """Telegram wants `method` to be called later."""
    return SourceProblem(
        Outcome.QUOTA,
        f"Telegram просит аккаунт подождать {long(seconds)} с вызовами {method} (FLOOD_WAIT)",
        _PATIENCE,
        now + timedelta(seconds=seconds),
    )


def asked_to_wait(turn: Turn) -> SourceProblem:
    """The same, as the ledger remembers it: nothing was called."""
    return SourceProblem(Outcome.QUOTA, turn.reason, _PATIENCE, turn.at)


def without_comments(problem: SourceProblem, now: datetime) -> SourceProblem:
    """Posts go on: the next visit comes as usual, and reads comments when they may be asked for again."""
    return SourceProblem(
        Outcome.QUOTA, f"публикации собраны, а комментарии пока нет: {problem.reason}", problem.action, now
    )


def used_up(method: str, again: datetime) -> SourceProblem:
    """By the ledger's count."""
    return SourceProblem(
        Outcome.QUOTA,
        f"суточный запас вызовов {method} для этого аккаунта израсходован",
        "Подождите до завтра или добавьте второй аккаунт",
        again,
    )


def gone(channel: str) -> SourceProblem:
    return SourceProblem(
        Outcome.GONE,
        f"канала {channel} нет: удалён, переименован или стал закрытым",
        "Найдите его новое имя и исправьте channel",
    )


def not_a_channel(channel: str) -> SourceProblem:
    return SourceProblem(
        Outcome.GONE, f"{channel} — не канал и не чат, а человек или бот", "Исправьте channel или удалите источник"
    )


def renamed(channel: str, name: str | None) -> SourceProblem:
    """Told after all has been collected: by its number the channel is still found."""
    if name is None:
        return SourceProblem(
            Outcome.CHANGED,
            f"у канала {channel} больше нет имени; его публикации пока собираются",
            "Проверьте, открыт ли он ещё: закрытые каналы собирать нельзя",
        )
    return SourceProblem(
        Outcome.CHANGED,
        f"канал {channel} переименован в {name}; его публикации собираются и дальше",
        f"Укажите channel: {name}; номера публикаций останутся прежними",
    )


def long(seconds: int) -> str:
    """A time as one says it, in Russian."""
    if seconds < 120:
        return f"{seconds} с"
    if seconds < 7200:
        return f"{seconds // 60} мин"
    return f"{round(seconds / 3600)} ч"
