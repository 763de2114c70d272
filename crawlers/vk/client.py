"""Calls to VK's API through vk_api: one thread per token, paced by the ledger of quotas in the store."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import structlog
import vk_api
from jconfig.memory import MemoryConfig
from vk_api.exceptions import ApiError, Captcha

from crawlers.base import SourceProblem
from crawlers.context import Quotas
from crawlers.vk import errors
from crawlers.vk.settings import VkSettings
from crawlers.vk.transport import session, transport_problem
from schemas import Outcome

log = structlog.get_logger()

SERVICE = "vk"
API_VERSION = "5.199"
_PER_SECOND = {"service": 5, "user": 3}
PER_DAY = {"wall.get": 5000, "wall.getComments": 5000}
"""Per method and token; the figures VK publishes. Methods not listed have no daily limit that is known."""
_ATTEMPTS = 3
"""Of one call: with pauses of 1 and 2 s they outlast a hiccup. An outage is the next visit's to try."""


class _PacedVkApi(vk_api.VkApi):  # type: ignore[misc]
    """Without vk_api's own delay (after each answer, per object): the ledger paces, across all processes."""

    RPS_DELAY = 0.0

    def too_many_rps_handler(self, error: ApiError) -> None:
        """Raise instead of trying again inside without a limit."""
        raise error


class VkClient:
    """The API as one token may use it. Calls run one after another in a thread of the client's own."""

    def __init__(self, settings: VkSettings, quotas: Quotas, now: Callable[[], datetime], retry_pause: float) -> None:
        """`retry_pause`: seconds before the first repetition of a failed call; doubled for the next."""
        self._token_hash = settings.token_hash
        self._per_second = _PER_SECOND[settings.token_kind]
        self._quotas = quotas
        self._now = now
        self._retry_pause = retry_pause
        self._session = session(settings.api_url)
        self._api = _PacedVkApi(
            token=settings.token.get_secret_value(),
            api_version=API_VERSION,
            config=MemoryConfig,
            session=self._session,
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"vk-{self._token_hash[:6]}")

    async def call(self, method: str, **values: Any) -> Any:
        """The field `response` of the answer.

        Raises:
            SourceProblem: VK refused, or did not answer in `_ATTEMPTS` attempts.
            VkRefused: VK answered with one of `errors.COMMENTS_DENIED`, which the caller may know better.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            await self._take_quota(method)
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._api.method, method, values)
            except Exception as error:
                found, again = self._explain(error, method)
                if not again or attempt == _ATTEMPTS:
                    raise found from error
                log.warning("vk_call_failed", method=method, attempt=attempt, outcome=found.outcome.value)
            await asyncio.sleep(self._retry_pause * 2 ** (attempt - 1))
        raise AssertionError("unreachable")

    async def _take_quota(self, method: str) -> None:
        """Wait for the token's turn.

        Raises:
            SourceProblem: today's calls of this method are used up, by the ledger's count.
        """
        turn = await asyncio.get_running_loop().run_in_executor(
            self._thread,
            lambda: self._quotas.take(SERVICE, method, self._token_hash, self._per_second, PER_DAY.get(method)),
        )
        now = self._now()
        if turn is None:
            raise SourceProblem(
                Outcome.QUOTA,
                f"суточный запас вызовов {method} для этого токена израсходован",
                "Увеличьте промежуток every или добавьте ещё один токен",
            )  # no time named: the ledger's day slides, so some calls are free again within minutes
        if turn > now:
            await asyncio.sleep((turn - now).total_seconds())

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

    async def close(self) -> None:
        """Let a running call end, at most for its time-out, and close the connections."""
        await asyncio.to_thread(self._thread.shutdown)
        self._session.close()


class VkRefused(SourceProblem):
    """Access denied, where the caller may know that only one post is meant."""

    def __init__(self, found: SourceProblem) -> None:
        super().__init__(found.outcome, found.reason, found.action, found.retry_at)
