"""What VK's error codes mean for a source, and who must do what.

Codes and meanings: https://dev.vk.com/ru/reference/errors, API version 5.199.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from pydantic import ValidationError

from crawlers.base import SourceProblem
from crawlers.faults import where
from schemas import Outcome

log = structlog.get_logger()

TOO_MANY_PER_SECOND = 6
FLOOD = 9
CAPTCHA = 14
DAILY_LIMIT = 29
TOKEN_REFUSED = frozenset({5, 17, 27})
"""Invalid, to be confirmed by its owner, of the wrong kind: the fault of the token, and another one may do."""
METHOD_REFUSED = frozenset({7, 28})
"""The same, for the method asked for."""
COMMENTS_DENIED = frozenset({15, 212})
"""At wall.getComments these mean this one post: its comments are closed, or it was deleted a moment ago. Likewise 15
at board.getComments."""
TRANSIENT = frozenset({1, TOO_MANY_PER_SECOND, 10})
"""Unknown and internal errors, which VK asks to try again, and haste, which passes within a second."""

_VK_DAY = ZoneInfo("Europe/Moscow")
"""The daily counters are taken to start anew at midnight in Moscow: VK does not say when. If that is wrong, the next
visit ends with the same error and waits again."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    outcome: Outcome
    reason: str
    """May name `{method}`, `{message}` and what was read, `{what}`."""
    action: str | None = None
    pause: timedelta | None = None


_NEW_TOKEN = "Получите новый токен, замените его в окружении и перезапустите otklik"  # noqa: S105
_MEANINGS = {
    1: _Meaning(Outcome.BROKEN, "ВКонтакте сообщает о неизвестной ошибке", None),
    3: _Meaning(Outcome.CHANGED, "ВКонтакте больше не знает метода {method}", "Обновите Отклик"),
    5: _Meaning(Outcome.BLOCKED, "токен ВКонтакте недействителен: истёк, отозван или введён с ошибкой", _NEW_TOKEN),
    6: _Meaning(
        Outcome.QUOTA,
        "слишком много запросов в секунду с этим токеном",
        "Если токен используют и другие программы, заведите для Отклика отдельный",
        timedelta(minutes=1),
    ),
    7: _Meaning(
        Outcome.BLOCKED,
        "у токена нет прав на {method}",
        "Получите новый токен с доступом к стенам, замените его в окружении и перезапустите otklik",
    ),
    8: _Meaning(Outcome.CHANGED, "ВКонтакте не понял запрос {method}", "Обновите Отклик"),
    9: _Meaning(
        Outcome.QUOTA,
        "ВКонтакте считает запросы {method} однотипными и приостановил их",
        "Увеличьте промежуток every у источников с этим токеном",
        timedelta(hours=1),
    ),
    10: _Meaning(Outcome.BROKEN, "внутренняя ошибка ВКонтакте", None),
    14: _Meaning(
        Outcome.BLOCKED,
        "ВКонтакте требует ввести капчу; Отклик капчи не решает",
        "Подождите сутки или замените токен; увеличьте промежуток every",
        timedelta(hours=6),
    ),
    15: _Meaning(
        Outcome.BLOCKED,
        "доступ запрещён: {what}",
        "Проверьте, что страница открыта и это на ней включено; иначе удалите источник",
    ),
    17: _Meaning(
        Outcome.BLOCKED,
        "ВКонтакте требует подтвердить вход владельца токена",
        "Войдите на vk.com под владельцем токена, пройдите проверку и замените токен",
    ),
    18: _Meaning(Outcome.GONE, "страница удалена или заблокирована", "Найдите новое сообщество или удалите источник"),
    19: _Meaning(
        Outcome.GONE, "содержимое недоступно: сообщество закрыто или заблокировано", "Проверьте страницу сообщества"
    ),
    27: _Meaning(
        Outcome.BLOCKED,
        "ключом доступа сообщества нельзя вызывать {method}",
        "Укажите сервисный ключ приложения или токен пользователя",
    ),
    28: _Meaning(
        Outcome.BLOCKED,
        "сервисным ключом нельзя вызывать {method}",
        "Укажите токен пользователя и token_kind: user",
    ),
    29: _Meaning(
        Outcome.QUOTA,
        "исчерпан суточный лимит {method} для этого токена",
        "Увеличьте промежуток every или добавьте ещё один токен",
    ),
    30: _Meaning(
        Outcome.BLOCKED,
        "страница закрыта настройками приватности: её видят только друзья",
        "Закрытые страницы не собираются: удалите источник или попросите владельца открыть страницу",
    ),
    100: _Meaning(
        Outcome.BROKEN,
        "ВКонтакте отверг параметры {method}: {message}",
        "Проверьте wall, board или search; если там всё верно, сообщите разработчикам Отклика",
    ),
    113: _Meaning(Outcome.GONE, "страницы с таким номером нет", "Проверьте wall или board"),
    125: _Meaning(Outcome.GONE, "сообщества с таким номером нет", "Проверьте wall или board"),
    203: _Meaning(Outcome.BLOCKED, "доступ к сообществу запрещён", "Проверьте, что сообщество открыто"),
}


_READ = {
    "wall.get": "стена закрыта",
    "wall.getComments": "комментарии закрыты",
    "board.getTopics": "обсуждения закрыты или выключены",
    "board.getComments": "обсуждение закрыто",
}


def problem(code: int, message: str, method: str, now: datetime) -> SourceProblem:
    """How a visit ends on VK's error `code`; `message` is VK's own, in English."""
    # Somebody else's words: what databases refuse would keep the visit from ever being stored.
    message = "".join(sign for sign in message[:200] if sign.isprintable())
    meaning = _MEANINGS.get(code)
    if meaning is None:
        return SourceProblem(
            Outcome.BROKEN,
            f"ВКонтакте ответил на {method} ошибкой {code}: {message}",
            "Сообщите разработчикам Отклика код ошибки",
        )
    retry_at = now + meaning.pause if meaning.pause else None
    if code == DAILY_LIMIT:
        retry_at = next_day(now)
    reason = meaning.reason.format(method=method, message=message, what=_READ.get(method, "страница закрыта"))
    return SourceProblem(meaning.outcome, f"{reason} (ошибка {code})", meaning.action, retry_at)


def next_day(now: datetime) -> datetime:
    """Five minutes into VK's next day: not at midnight sharp, when everybody comes."""
    local = now.astimezone(_VK_DAY)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight + timedelta(minutes=5)).astimezone(now.tzinfo)


@contextmanager
def understood(source: str) -> Iterator[None]:
    """
    Raises:
        SourceProblem: an answer that was read inside is not of the shape that VK documents.
    """
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        log.warning("vk_answer_not_understood", source=source, error=type(error).__name__, at=where(error))
        raise SourceProblem(
            Outcome.CHANGED, f"непонятный ответ ВКонтакте: {type(error).__name__}", "Обновите Отклик"
        ) from error
