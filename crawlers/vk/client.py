"""Calls to VK's API through vk_api, paced by the ledger of quotas in the store."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import requests
import structlog
import vk_api
from jconfig.memory import MemoryConfig
from vk_api.exceptions import ApiError, Captcha

from crawlers.base import SourceProblem
from crawlers.context import Quotas
from crawlers.turns import Spent, Waiting
from crawlers.vk import errors
from crawlers.vk.settings import VkSettings
from crawlers.vk.tokens import PER_DAY, PER_SECOND, Given
from crawlers.vk.transport import API, session, transport_problem
from schemas import Outcome
from store import Allowance, Resolved, Turn, Why

log = structlog.get_logger()

SERVICE = "vk"
API_VERSION = "5.199"
_ATTEMPTS = 3
"""Of one call: with pauses of 1 and 2 s they outlast a hiccup. An outage is the next visit's to try."""
IN_FLIGHT = 8
"""Calls of one client at once, those that wait for their turn included. A token's 5 calls a second need one at a time
while answers take 150 ms and six where they take a second, plus those that wait."""
_IDLE = 20.0
"""Seconds after which a connection may have been closed at the other end. Opening one takes several times the 50 ms
that the ledger leaves for the way of a call, and a call that comes late meets those of the next second: error 6."""
_SLOWED = timedelta(minutes=10)
"""After error 6: somebody else uses the token, and will hardly stop within the minute."""
_REFUSED = timedelta(hours=1)
"""How long a token that VK does not take is left alone while there are others."""
_REST = timedelta(minutes=5)
"""At least, once a day is used up: the ledger's day slides and frees a few calls at a time, and a visit needs more."""
_NAMES_KEPT = timedelta(days=30)
"""Communities hardly ever change their short names, and a name that another community took is a matter of weeks."""


class _UnhurriedVkApi(vk_api.VkApi):  # type: ignore[misc]
    """Without vk_api's own delay (after each answer, per object): the ledger paces, across all processes."""

    RPS_DELAY = 0.0

    def too_many_rps_handler(self, error: ApiError) -> None:
        """Raise instead of trying again inside without a limit."""
        raise error


class VkClient:
    """The API as a set of tokens may use it. Any number of calls may be asked for at once; `IN_FLIGHT` are made."""

    def __init__(self, settings: VkSettings, quotas: Quotas, now: Callable[[], datetime], retry_pause: float) -> None:
        """`retry_pause`: seconds before the first repetition of a failed call; doubled for the next."""
        self._tokens = {one.hash: one for one in settings.given}
        self._api_url = settings.api_url
        self._quotas = quotas
        self._now = now
        self._retry_pause = retry_pause
        self._threads = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="vk")
        self._own = threading.local()
        self._sessions: list[requests.Session] = []
        self._closing = threading.Event()

    async def call(self, method: str, **values: Any) -> Any:
        """The field `response` of the answer.

        Raises:
            SourceProblem: VK refused, did not answer in `_ATTEMPTS` attempts, or no token has calls left.
            VkRefused: VK answered with one of `errors.COMMENTS_DENIED`, which the caller may know better.
        """
        attempt = 1
        benched: dict[str, SourceProblem] = {}
        while True:
            try:
                return await self._in_thread(self._send, method, values, benched)
            except _Failed as failed:
                error = failed.cause
                found, again = self._explain(error, method)
                if isinstance(error, ApiError):
                    await self._in_thread(self._heed, error.code, failed.token, method, found)
                if isinstance(error, ApiError) and _concerns_token(error.code) and len(benched) + 1 < len(self._tokens):
                    benched[failed.token] = found
                    continue
                if not again or attempt == _ATTEMPTS:
                    raise found from error
                log.warning("vk_call_failed", method=method, attempt=attempt, outcome=found.outcome.value)
            await asyncio.sleep(self._retry_pause * 2 ** (attempt - 1))
            attempt += 1

    async def known(self, name: str) -> int | None:
        """The id that the name was found to stand for, by whichever process."""
        found = await self._in_thread(self._quotas.resolved, SERVICE, "", name)
        return None if found is None else int(found.id)

    async def learn(self, name: str, owner: int) -> None:
        """Keep it for all."""
        until = self._now() + _NAMES_KEPT
        await self._in_thread(self._quotas.remember, SERVICE, "", name, Resolved(owner), until)

    async def close(self) -> None:
        """Give up the calls that wait for their turn, let those on their way end, and close the connections."""
        self._closing.set()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        for one in self._sessions:
            one.close()

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _send(self, method: str, values: dict[str, Any], benched: dict[str, SourceProblem]) -> Any:
        self._connect()
        turn = self._turn(method, benched)
        try:
            return self._api(turn.token).method(method, values)
        except Exception as error:
            raise _Failed(turn.token, error) from error

    def _turn(self, method: str, benched: dict[str, SourceProblem]) -> Turn:
        """Wait for it.

        Raises:
            SourceProblem: no token has a call of this method left, by the ledger's count or by VK's word.
        """
        allowances = [
            Allowance(one.hash, PER_SECOND[one.kind], PER_DAY.get(method))
            for one in self._tokens.values()
            if one.hash not in benched
        ]
        waiting = Waiting(partial(self._quotas.take, SERVICE, method, allowances), self._now)
        try:
            while not self._closing.wait(waiting.ask()):
                if (turn := waiting.come()) is not None:
                    return turn
        except Spent as spent:
            refused = next(iter(benched.values()), None)
            raise refused or _spent(spent.turn, method, self._now(), len(self._tokens)) from None
        raise SourceProblem(Outcome.BROKEN, "Отклик останавливается")

    def _connect(self) -> None:
        """Open the thread's connection, if it is not open, before there is a turn that could be late for it."""
        now = time.monotonic()
        if not hasattr(self._own, "session"):
            self._own.session, self._own.used = session(self._api_url), now - _IDLE
            self._sessions.append(self._own.session)
        if now - self._own.used >= _IDLE:
            with contextlib.suppress(requests.RequestException):  # the call itself will tell
                self._own.session.head(API)
        self._own.used = now

    def _api(self, token: str) -> Any:
        """The thread's own, since vk_api answers one call at a time."""
        apis = self._own.__dict__.setdefault("apis", {})
        if token not in apis:
            made = self._own.session
            given: Given = self._tokens[token]
            apis[token] = _UnhurriedVkApi(
                token=given.secret.get_secret_value(), api_version=API_VERSION, config=MemoryConfig, session=made
            )
        return apis[token]

    def _heed(self, code: int, token: str, method: str, found: SourceProblem) -> None:
        """Write into the ledger what VK's error says about the calls to come, of this and every other process."""
        now = self._now()
        if code == errors.TOO_MANY_PER_SECOND:
            self._quotas.slow(SERVICE, token, now + _SLOWED)
        elif code in (errors.FLOOD, errors.DAILY_LIMIT):
            self._quotas.block(SERVICE, token, found.retry_at or now + _REST, found.reason, method)
        elif len(self._tokens) > 1 and code in errors.TOKEN_REFUSED:
            self._quotas.block(SERVICE, token, now + _REFUSED, found.reason)
        elif len(self._tokens) > 1 and code in errors.METHOD_REFUSED:
            self._quotas.block(SERVICE, token, now + _REFUSED, found.reason, method)

    def _explain(self, error: Exception, method: str) -> tuple[SourceProblem, bool]:
        """What to raise for `error`, and whether the call is worth repeating."""
        now = self._now()
        if isinstance(error, Captcha):
            return errors.problem(errors.CAPTCHA, "Captcha needed", method, now), False
        if not isinstance(error, ApiError):
            return transport_problem(error, method)
        found = errors.problem(error.code, str(error.error.get("error_msg", "")), method, now)
        if error.code in errors.COMMENTS_DENIED:
            return VkRefused(found), False
        return found, error.code in errors.TRANSIENT


def _concerns_token(code: int) -> bool:
    return code in {errors.FLOOD, errors.DAILY_LIMIT} | errors.TOKEN_REFUSED | errors.METHOD_REFUSED


def _spent(turn: Turn, method: str, now: datetime, tokens: int) -> SourceProblem:
    whose = "этого токена" if tokens == 1 else "каждого из токенов"
    if turn.why is Why.BLOCKED:
        return SourceProblem(
            Outcome.QUOTA, f"ВКонтакте просил подождать с вызовами {method}: {turn.reason}", _MORE, retry_at=turn.at
        )
    return SourceProblem(
        Outcome.QUOTA,
        f"суточный запас вызовов {method} для {whose} израсходован",
        _MORE,
        retry_at=max(turn.at, now + _REST),
    )


_MORE = "Увеличьте промежуток every или добавьте ещё один токен"


class _Failed(Exception):
    """A call that was made and did not work out; with which token."""

    def __init__(self, token: str, cause: Exception) -> None:
        super().__init__(type(cause).__name__)
        self.token = token
        self.cause = cause


class VkRefused(SourceProblem):
    """Access denied, where the caller may know that only one post is meant."""

    def __init__(self, found: SourceProblem) -> None:
        super().__init__(found.outcome, found.reason, found.action, found.retry_at)
