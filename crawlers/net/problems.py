"""What a failed request means for the operator. All texts are Russian."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from crawlers.base import SourceProblem
from crawlers.net.errors import Failure, FetchError
from crawlers.net.http import Response
from schemas import Outcome

_FAILURES: dict[Failure, tuple[Outcome, str, str | None]] = {
    Failure.PRIVATE: (
        Outcome.BROKEN,
        "сайт {host} находится по внутреннему адресу, такие адреса не опрашиваются",
        "Если это ваш собственный сервер, добавьте в настройки источника allow_private: true",
    ),
    Failure.ROBOTS: (
        Outcome.BLOCKED,
        "robots.txt сайта {host} запрещает читать {url}",
        "Запрет не обходится: выберите другой раздел сайта или договоритесь с его редакцией",
    ),
    Failure.CRAWL_DELAY: (
        Outcome.BLOCKED,
        "robots.txt сайта {host} требует слишком долгой паузы между запросами",
        "Требование не обходится: выберите другой источник или договоритесь с редакцией сайта",
    ),
    Failure.ROBOTS_UNAVAILABLE: (
        Outcome.BROKEN,
        "robots.txt сайта {host} сейчас не читается ({detail}), и неизвестно, что сайт разрешает",
        None,
    ),
    Failure.NOT_FOUND: (
        Outcome.BROKEN,
        "имя сайта {host} не находится в DNS",
        "Проверьте адрес источника и работу DNS на этой машине",
    ),
    Failure.REFUSED: (Outcome.BROKEN, "сайт {host} не принимает соединений", None),
    Failure.TLS: (
        Outcome.BROKEN,
        "у сайта {host} недействительный сертификат",
        "Сообщите владельцу сайта. Если сертификат выдан Минцифры, установите на эту машину корневой сертификат НУЦ",
    ),
    Failure.TIMEOUT: (Outcome.BROKEN, "сайт {host} не ответил вовремя", None),
    Failure.TOO_LARGE: (
        Outcome.BROKEN,
        "ответ {url} больше допустимого размера",
        "Проверьте, что адрес источника ведёт на ленту, карту сайта или страницу, а не на файл",
    ),
    Failure.REDIRECTS: (
        Outcome.BROKEN,
        "перенаправления с {url} не кончаются",
        "Откройте адрес в браузере и укажите в настройках источника тот, на котором он остановится",
    ),
    Failure.CUT: (Outcome.BROKEN, "соединение с сайтом {host} обрывается", None),
    Failure.INVALID: (
        Outcome.BROKEN,
        "по адресу {url} отвечает не веб-сервер, или адрес записан неверно",
        "Проверьте адрес источника",
    ),
}


async def answered(asked: Awaitable[Response], now: Callable[[], datetime]) -> Response:
    """The answer to a request: its page, or that the page has not changed.

    Raises:
        SourceProblem: there is neither.
    """
    try:
        response = await asked
    except FetchError as error:
        raise problem_of(error) from error
    problem = problem_of_status(response, now())
    if problem is not None:
        raise problem
    return response


def problem_of(error: FetchError) -> SourceProblem:
    """How a visit ends that this error stopped."""
    outcome, reason, action = _FAILURES[error.failure]
    host = urlsplit(error.url).hostname or error.url
    return SourceProblem(outcome, reason.format(host=host, url=error.url, detail=error.detail), action)


def problem_of_status(response: Response, now: datetime) -> SourceProblem | None:
    """How a visit ends that got this HTTP status; None for 200 and 304."""
    status, url = response.status, response.url
    host = urlsplit(url).hostname or url
    if status in {200, 304}:
        return None
    retry_at = retry_after(response.headers.get("retry-after"), now)
    if status == 429:
        return SourceProblem(Outcome.QUOTA, f"сайт {host} просит обращаться реже (HTTP 429)", retry_at=retry_at)
    if status in {401, 403, 451}:
        return SourceProblem(
            Outcome.BLOCKED,
            f"сайт {host} отказывает в доступе к {url} (HTTP {status})",
            "Откройте адрес в браузере. Если он открывается, попросите редакцию сайта разрешить доступ",
        )
    if status in {404, 410}:
        return SourceProblem(
            Outcome.GONE,
            f"страницы {url} больше нет (HTTP {status})",
            "Найдите на сайте новый адрес и укажите его в настройках источника",
        )
    if status >= 500:
        return SourceProblem(Outcome.BROKEN, f"сайт {host} отвечает ошибкой (HTTP {status})", retry_at=retry_at)
    return SourceProblem(
        Outcome.CHANGED, f"неожиданный ответ {url} (HTTP {status})", "Откройте адрес в браузере и проверьте его"
    )


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """The moment a Retry-After header names, in seconds or as a date (RFC 9110, 10.2.3); None where it names none.

    However far ahead: `crawlers.schedule` says how much of it is believed.
    """
    if not value:
        return None
    value = value.strip()
    try:
        moment = now + timedelta(seconds=int(value)) if value.isdecimal() else parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(moment.astimezone(UTC), now)
    except (ValueError, OverflowError):
        return None
