from datetime import UTC, datetime, timedelta

import pytest

from crawlers.net import Failure, FetchError, Response, problem_of, problem_of_status, retry_after
from schemas import Outcome

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
URL = "https://news.example/rss"


@pytest.mark.parametrize(
    ("failure", "outcome", "reason", "action"),
    [
        (
            Failure.PRIVATE,
            Outcome.BROKEN,
            "сайт news.example находится по внутреннему адресу, такие адреса не опрашиваются",
            "Если это ваш собственный сервер, добавьте в настройки источника allow_private: true",
        ),
        (
            Failure.ROBOTS,
            Outcome.BLOCKED,
            "robots.txt сайта news.example запрещает читать https://news.example/rss",
            "Запрет не обходится: выберите другой раздел сайта или договоритесь с его редакцией",
        ),
        (
            Failure.CRAWL_DELAY,
            Outcome.BLOCKED,
            "robots.txt сайта news.example требует слишком долгой паузы между запросами",
            "Требование не обходится: выберите другой источник или договоритесь с редакцией сайта",
        ),
        (
            Failure.ROBOTS_UNAVAILABLE,
            Outcome.BROKEN,
            "robots.txt сайта news.example сейчас не читается (HTTP 503), и неизвестно, что сайт разрешает",
            None,
        ),
        (
            Failure.NOT_FOUND,
            Outcome.BROKEN,
            "имя сайта news.example не находится в DNS",
            "Проверьте адрес источника и работу DNS на этой машине",
        ),
        (Failure.REFUSED, Outcome.BROKEN, "сайт news.example не принимает соединений", None),
        (
            Failure.TLS,
            Outcome.BROKEN,
            "у сайта news.example недействительный сертификат",
            "Сообщите владельцу сайта. Если сертификат выдан Минцифры, "
            "установите на эту машину корневой сертификат НУЦ",
        ),
        (Failure.TIMEOUT, Outcome.BROKEN, "сайт news.example не ответил вовремя", None),
        (
            Failure.TOO_LARGE,
            Outcome.BROKEN,
            "ответ https://news.example/rss больше допустимого размера",
            "Проверьте, что адрес источника ведёт на ленту, карту сайта или страницу, а не на файл",
        ),
        (
            Failure.REDIRECTS,
            Outcome.BROKEN,
            "перенаправления с https://news.example/rss не кончаются",
            "Откройте адрес в браузере и укажите в настройках источника тот, на котором он остановится",
        ),
        (Failure.CUT, Outcome.BROKEN, "соединение с сайтом news.example обрывается", None),
        (
            Failure.INVALID,
            Outcome.BROKEN,
            "по адресу https://news.example/rss отвечает не веб-сервер, или адрес записан неверно",
            "Проверьте адрес источника",
        ),
    ],
)
def test_every_failure_is_explained(failure: Failure, outcome: Outcome, reason: str, action: str | None) -> None:
    problem = problem_of(FetchError(failure, URL, "HTTP 503"))
    assert (problem.outcome, problem.reason, problem.action) == (outcome, reason, action)


def answer(status: int, **headers: str) -> Response:
    return Response(URL, status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


@pytest.mark.parametrize("status", [200, 304])
def test_a_good_status_is_no_problem(status: int) -> None:
    assert problem_of_status(answer(status), NOW) is None


@pytest.mark.parametrize(
    ("status", "outcome", "reason", "action"),
    [
        (429, Outcome.QUOTA, "сайт news.example просит обращаться реже (HTTP 429)", None),
        (
            403,
            Outcome.BLOCKED,
            "сайт news.example отказывает в доступе к https://news.example/rss (HTTP 403)",
            "Откройте адрес в браузере. Если он открывается, попросите редакцию сайта разрешить доступ",
        ),
        (
            404,
            Outcome.GONE,
            "страницы https://news.example/rss больше нет (HTTP 404)",
            "Найдите на сайте новый адрес и укажите его в настройках источника",
        ),
        (
            410,
            Outcome.GONE,
            "страницы https://news.example/rss больше нет (HTTP 410)",
            "Найдите на сайте новый адрес и укажите его в настройках источника",
        ),
        (500, Outcome.BROKEN, "сайт news.example отвечает ошибкой (HTTP 500)", None),
        (503, Outcome.BROKEN, "сайт news.example отвечает ошибкой (HTTP 503)", None),
        (
            302,
            Outcome.CHANGED,
            "неожиданный ответ https://news.example/rss (HTTP 302)",
            "Откройте адрес в браузере и проверьте его",
        ),
    ],
)
def test_every_status_is_explained(status: int, outcome: Outcome, reason: str, action: str | None) -> None:
    problem = problem_of_status(answer(status), NOW)
    assert problem is not None
    assert (problem.outcome, problem.reason, problem.action) == (outcome, reason, action)
    assert problem.retry_at is None


@pytest.mark.parametrize("status", [429, 503])
def test_the_pause_a_site_asks_for(status: int) -> None:
    problem = problem_of_status(answer(status, retry_after="120"), NOW)
    assert problem is not None
    assert problem.retry_at == NOW + timedelta(seconds=120)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("0", NOW),
        (" 60 ", NOW + timedelta(minutes=1)),
        ("Tue, 24 Nov 2026 06:30:00 GMT", NOW + timedelta(minutes=90)),
        ("Tue, 24 Nov 2020 06:30:00 GMT", NOW),
        ("99999999", NOW + timedelta(seconds=99_999_999)),
        ("Fri, 31 Dec 9999 23:59:59 -0500", None),
        ("9" * 400, None),
        ("скоро", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(value: str | None, moment: datetime | None) -> None:
    assert retry_after(value, NOW) == moment
