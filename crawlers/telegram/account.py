"""One account's connection: paced calls, pushed news, errors that an operator understands."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from telethon import TelegramClient, errors, events
from telethon.sessions import StringSession

from crawlers.context import Context
from crawlers.telegram import problems
from crawlers.telegram.news import channel_of, deleted_in
from crawlers.telegram.session import SessionError
from crawlers.telegram.settings import PER_DAY, PER_SECOND, SERVICE, TelegramSettings
from crawlers.turns import SHORT, Spent, Waiting
from store import Allowance, Resolved, Why

ANSWER_WITHIN = 60.0
"""Seconds for an answer, reconnecting included. Telethon itself would wait, and ask again, for ever."""
ATTEMPTS = 3
"""Of a call that Telegram wants to have a little later."""
NAMES_KEPT = timedelta(days=30)
"""Hardly any channel changes its name, and one that did is noticed at every visit."""
_REFUSED = (errors.MsgIdInvalidError, errors.UsernameNotOccupiedError, errors.ChannelInvalidError)
"""What the caller may know better than `problem`."""
_FLOODED = (errors.FloodWaitError, errors.FloodPremiumWaitError)
_UNANSWERED = (errors.RPCError, errors.AuthKeyNotFound, OSError, TimeoutError)


def client(session: StringSession, settings: TelegramSettings, retry_pause: float, *, updates: bool) -> Any:
    """A TelegramClient that waits for nothing by itself. A fresh one for each connection: one that was disconnected
    does not answer again.
    """
    assert settings.api_hash is not None
    return TelegramClient(
        session,
        settings.api_id,
        settings.api_hash.get_secret_value(),
        flood_sleep_threshold=0,  # a flood wait is an outcome, not a pause
        request_retries=2,
        connection_retries=2,
        retry_delay=retry_pause,
        timeout=10,
        raise_last_call_error=True,
        receive_updates=updates,
        device_model="Otklik",
        app_version="1",
    )


class Account:
    """Connected by the first visit and until `leave`; visits share the connection.

    Telegram takes a session away for good when it is in use from two addresses, so whoever makes one of these must
    hold the session (`crawlers.holding`).
    """

    def __init__(self, settings: TelegramSettings, session: str, context: Context, retry_pause: float) -> None:
        self.session = session
        self.hint: Callable[[str], None] = lambda _: None
        self._settings = settings
        self._name = settings.account
        self._context = context
        self._retry_pause = retry_pause
        self._connecting = asyncio.Lock()
        self._client: Any = None
        self._watchers: defaultdict[int, set[str]] = defaultdict(set)
        self._deleted: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
        try:
            StringSession(session)
        except Exception as error:
            raise SessionError(
                "файл сессии Telegram открыт, но в нём не сессия", "Войдите в Telegram заново"
            ) from error

    @property
    def now(self) -> Callable[[], datetime]:
        return self._context.now

    @asynccontextmanager
    async def connected(self, channel: str) -> AsyncGenerator[None, None]:
        """Connected while inside, and from then on.

        Raises:
            SourceProblem: Telegram can't be reached, or doesn't know the session.
        """
        async with self._connecting:
            if self._client is None or not self._client.is_connected():
                await self._connect(channel)
        yield

    async def _connect(self, channel: str) -> None:
        await self.leave()
        made = client(StringSession(self.session), self._settings, self._retry_pause, updates=True)
        made.add_event_handler(self._heard, events.Raw)
        try:
            await asyncio.wait_for(made.connect(), ANSWER_WITHIN)
        except BaseException as error:  # whatever it is: a half-made connection would be a second one at the next visit
            await made.disconnect()
            if isinstance(error, _UNANSWERED):
                raise problems.problem(error, channel, self.now()) from error
            raise
        self._client = made

    async def leave(self) -> None:
        """Disconnect; calls on their way fail."""
        gone, self._client = self._client, None
        if gone is not None:
            await gone.disconnect()

    def watch(self, number: int, source: str) -> None:
        """Hint at `source` when something is new in the channel or group of this number."""
        self._watchers[number].add(source)

    def deleted(self, source: str, number: int) -> set[int]:
        """Messages of a watched channel or group that Telegram said were deleted, since `forget`."""
        return set(self._deleted[source, number])

    def forget(self, source: str, number: int, deleted: Iterable[int]) -> None:
        """These are on the bus."""
        self._deleted[source, number].difference_update(deleted)

    async def _heard(self, update: Any) -> None:
        number = channel_of(update)
        if number is None:
            return
        for source in self._watchers.get(number, ()):
            self._deleted[source, number].update(deleted_in(update))
            self.hint(source)

    async def call(self, request: Any, channel: str) -> Any:
        """Telegram's answer.

        Raises:
            SourceProblem: it refused, did not answer, or wants the call much later.
            RPCError: one of `_REFUSED`.
        """
        method = type(request).__name__.removesuffix("Request")
        attempt = 1
        while True:
            await self._take_quota(method)
            if self._client is None:
                raise problems.problem(ConnectionError(), channel, self.now())
            try:
                return await asyncio.wait_for(self._client(request), ANSWER_WITHIN)
            except _REFUSED:
                raise
            except _FLOODED as error:
                found = problems.flooded(error.seconds, method, self.now())
                await self._in_thread(
                    self._context.quotas.block, SERVICE, self._name, found.retry_at, found.reason, method
                )
                if attempt == ATTEMPTS or error.seconds > SHORT.total_seconds():
                    raise found from error
            except _UNANSWERED as error:
                raise problems.problem(error, channel, self.now()) from error
            except asyncio.CancelledError:
                if _is_cancelled():
                    raise
                # Telethon cancels the calls on their way when it disconnects: the visit failed, nobody has ended it.
                raise problems.problem(ConnectionError(), channel, self.now()) from None
            attempt += 1

    async def known(self, name: str) -> Resolved | None:
        """What the name was found to stand for, by whichever source or process of this account."""
        found: Resolved | None = await self._in_thread(self._context.quotas.resolved, SERVICE, self._name, name)
        return found

    async def learn(self, name: str, found: Resolved) -> None:
        """Keep it for all of them."""
        until = self.now() + NAMES_KEPT
        await self._in_thread(self._context.quotas.remember, SERVICE, self._name, name, found, until)

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.to_thread(work, *arguments)

    async def _take_quota(self, method: str) -> None:
        """Wait for a turn.

        Raises:
            SourceProblem: there will be none for a while.
        """
        allowance = Allowance(self._name, PER_SECOND, PER_DAY.get(method))
        take = self._context.quotas.take
        waiting = Waiting(lambda unused: take(SERVICE, method, [allowance], unused), self.now)
        while True:
            try:
                seconds = await self._in_thread(waiting.ask)
            except Spent as spent:
                turn = spent.turn
                blocked = turn.why is Why.BLOCKED
                raise (problems.asked_to_wait(turn) if blocked else problems.used_up(method, turn.at)) from spent
            await asyncio.sleep(seconds)
            if waiting.come() is not None:
                return


def _is_cancelled() -> bool:
    """Whether somebody wants the running task to end, rather than what it waited for having been cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
