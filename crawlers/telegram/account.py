"""One account's connection: paced calls, with errors that an operator understands."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from telethon import TelegramClient, errors
from telethon.sessions import StringSession

from crawlers.base import SourceProblem
from crawlers.context import Context
from crawlers.telegram.problems import problem
from crawlers.telegram.session import SessionError
from crawlers.telegram.settings import TelegramSettings
from schemas import Outcome
from store import Allowance, Turn
from store.pace import LATE

SERVICE = "telegram"
PER_SECOND = 20
"""Calls of an account. Telegram publishes no limit for reading; bots are held to 30 messages a second, and a third
less keeps clear of it."""
PER_DAY = {"ResolveUsername": 100}
"""Names looked up. Accounts are known to be flooded for a day after about 200; each source needs its name once."""
LONGEST_PAUSE = timedelta(seconds=30)
"""Waited for within a visit; after a longer one the source is visited anew."""
ANSWER_WITHIN = 60.0
"""Seconds for an answer, reconnecting included. Telethon itself would wait, and ask again, for ever."""
_REFUSED = (errors.MsgIdInvalidError, errors.UsernameNotOccupiedError, errors.ChannelInvalidError)
"""What the caller may know better than `problem`."""


class Account:
    """Connected per visit: Telegram takes a session away for good when it is in use from two addresses, and the lease
    of the account's slot ends with the visit. Each time by a
    fresh client: one that was disconnected does not answer again.
    """

    def __init__(self, settings: TelegramSettings, session: str, context: Context, retry_pause: float) -> None:
        assert settings.api_id is not None
        assert settings.api_hash is not None
        self._name = settings.account
        self._context = context
        self._one_visit = asyncio.Lock()  # `check --live` asks all sources at once, without leases
        try:
            opened = StringSession(session)
        except Exception as error:
            raise SessionError(
                "файл сессии Telegram открыт, но в нём не сессия", "Войдите в Telegram заново"
            ) from error
        self._make_client: Callable[[], Any] = lambda: self._make(StringSession(session), settings, retry_pause)
        self._client = self._make(opened, settings, retry_pause)

    def _make(self, opened: StringSession, settings: TelegramSettings, retry_pause: float) -> Any:
        assert settings.api_hash is not None
        return TelegramClient(
            opened,
            settings.api_id,
            settings.api_hash.get_secret_value(),
            flood_sleep_threshold=0,  # a flood wait is an outcome, not a pause
            request_retries=2,
            connection_retries=2,
            retry_delay=retry_pause,
            timeout=10,
            raise_last_call_error=True,
            receive_updates=False,
            device_model="Otklik",
            app_version="1",
        )

    @property
    def now(self) -> Callable[[], datetime]:
        return self._context.now

    @asynccontextmanager
    async def connected(self, channel: str) -> AsyncGenerator[None, None]:
        """Connected while inside.

        Raises:
            SourceProblem: Telegram can't be reached, or doesn't know the session.
        """
        async with self._one_visit:
            self._client = self._make_client()
            try:
                try:
                    await asyncio.wait_for(self._client.connect(), ANSWER_WITHIN)
                except (errors.RPCError, errors.AuthKeyNotFound, OSError, TimeoutError) as error:
                    raise problem(error, channel, self.now()) from error
                yield
            finally:
                await self._client.disconnect()

    async def call(self, request: Any, channel: str) -> Any:
        """Telegram's answer.

        Raises:
            SourceProblem: it refused, or did not answer.
            RPCError: one of `_REFUSED`.
        """
        method = type(request).__name__.removesuffix("Request")
        await self._take_quota(method)
        try:
            return await asyncio.wait_for(self._client(request), ANSWER_WITHIN)
        except _REFUSED:
            raise
        except (errors.RPCError, errors.AuthKeyNotFound, OSError, TimeoutError) as error:
            raise problem(error, channel, self.now()) from error

    async def _take_quota(self, method: str) -> None:
        """Wait for a turn. One that was slept through is given back: sent late, it could meet those after it."""
        allowance = Allowance(self._name, PER_SECOND, PER_DAY.get(method))
        unused: Turn | None = None
        while True:
            turn = await asyncio.to_thread(self._context.quotas.take, SERVICE, method, [allowance], unused)
            now = self.now()
            if not turn.granted and turn.at - now > LONGEST_PAUSE:
                raise SourceProblem(
                    Outcome.QUOTA,
                    f"суточный запас вызовов {method} для этого аккаунта израсходован",
                    "Подождите до завтра или добавьте второй аккаунт",
                    retry_at=turn.at,
                )
            await asyncio.sleep(max((turn.at - now).total_seconds(), 0))
            if turn.granted and self.now() <= turn.at + LATE:
                return
            unused = turn if turn.granted else None
