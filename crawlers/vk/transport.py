"""The HTTP below vk_api: where requests may go, for how long, and what a failure there means."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from vk_api.exceptions import ApiHttpError

from crawlers.base import SourceProblem
from schemas import Outcome

API = "https://api.vk.ru"
"""Fixed inside vk_api."""
_TIMEOUT = (5.0, 20.0)
"""Seconds to connect and between bytes. A page of 100 posts takes VK well under a second; 20 covers its bad days
without holding the token for long, which nothing else can use meanwhile."""
_PORTAL = "Проверьте, не требует ли сеть входа (прокси, портал провайдера)"


class Redirected(requests.RequestException):
    """Followed nowhere: the token would go along."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__("redirected", response=response)
        self.path = urlsplit(response.headers["Location"]).path


class _Adapter(HTTPAdapter):
    """Sets the time-out that vk_api does not set, stops at redirects; leads to the simulator where a base is given."""

    def __init__(self, base: str | None) -> None:
        super().__init__()
        self._base = base

    def send(  # noqa: PLR0917
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        if self._base is not None and request.url is not None:
            request.url = self._base + request.url.removeprefix(API)
            proxies = None
        response = super().send(request, stream, timeout or _TIMEOUT, verify, cert, proxies)
        if response.is_redirect:
            response.close()
            raise Redirected(response)
        return response


def session(api_url: str | None) -> requests.Session:
    """A session that reaches VK's API, or the simulator at `api_url`, and nothing else."""
    made = requests.Session()
    made.adapters.clear()
    made.mount(API + "/", _Adapter(api_url))
    made.headers["User-Agent"] = "Otklik"
    return made


def transport_problem(error: Exception, method: str) -> tuple[SourceProblem, bool]:
    """How a visit ends on `error`, which is none of VK's own, and whether the call is worth repeating.

    Raises:
        Exception: `error` itself, where it is neither the network's nor the answer's fault.
    """
    if isinstance(error, ApiHttpError):
        return _http_problem(error.response.status_code)
    if isinstance(error, Redirected) and "429" in error.path:  # VK sends whom it finds too busy to vk.com/429.html
        return _http_problem(429)
    for kinds, outcome, reason, action, again in _MEANINGS:
        if isinstance(error, kinds):
            return SourceProblem(outcome, reason.format(method=method, kind=type(error).__name__), action), again
    raise error


_Meaning = tuple[tuple[type[Exception], ...], Outcome, str, str | None, bool]
_MEANINGS: list[_Meaning] = [
    (
        (requests.exceptions.JSONDecodeError,),
        Outcome.CHANGED,
        "вместо ответа API ВКонтакте пришла страница или обрывок",
        _PORTAL,
        True,
    ),
    (
        (Redirected,),
        Outcome.CHANGED,
        "вместо ответа API ВКонтакте перенаправляет на другой адрес",
        _PORTAL,
        False,
    ),
    ((requests.exceptions.Timeout,), Outcome.BROKEN, "ВКонтакте не ответил вовремя", None, True),
    (
        (requests.exceptions.RequestException,),
        Outcome.BROKEN,
        "нет связи с API ВКонтакте ({kind})",
        "Проверьте доступ в сеть",
        True,
    ),
    (
        (KeyError, TypeError, AttributeError),
        Outcome.CHANGED,
        "непонятный ответ ВКонтакте на {method}",
        "Обновите Отклик",
        False,
    ),
]


def _http_problem(status: int) -> tuple[SourceProblem, bool]:
    if status == 429:
        return SourceProblem(Outcome.QUOTA, "ВКонтакте ответил 429: слишком много запросов"), False
    if status in (401, 403):
        return SourceProblem(
            Outcome.BLOCKED,
            f"ВКонтакте не пускает с этого адреса (HTTP {status})",
            "Подождите или смените адрес, с которого выходите в сеть",
        ), False
    return SourceProblem(Outcome.BROKEN, f"API ВКонтакте ответил HTTP {status}"), status >= 500
