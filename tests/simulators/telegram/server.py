"""The TCP side: sessions, errors on demand, dropped connections, a log of requests, pushed changes."""

import asyncio
import contextlib
import os
import struct
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from telethon.crypto import AuthKey
from telethon.sessions import StringSession
from telethon.tl import functions, types

from tests.simulators.telegram import tl
from tests.simulators.telegram.chats import Change, Chat, now
from tests.simulators.telegram.login import Logins, Person
from tests.simulators.telegram.methods import Methods, RpcFailure
from tests.simulators.telegram.wire import Link

_WRAPPERS = (
    functions.InvokeWithLayerRequest,
    functions.InitConnectionRequest,
    functions.InvokeWithoutUpdatesRequest,
    functions.InvokeAfterMsgRequest,
)
_VECTOR = 0x1CB5C415
CLOSING = 0.2
"""Seconds in which the end of a closed connection must have arrived on this machine."""


@dataclass(frozen=True)
class Fault:
    """One misbehaviour, for the next call of `method` ("" for any), by the name of its TL class: GetHistory."""

    method: str = ""
    error: RpcFailure | None = None
    drop: bool = False
    """Close the connection in place of an answer."""
    cut: bool = False
    """Close it in the middle of the answer."""
    skip: int = 0
    """How many calls that fit go well before."""


@dataclass(frozen=True)
class Logged:
    """A request that came in, and when (time.monotonic)."""

    method: str
    request: Any
    at: float


@dataclass
class TelegramSimulator:
    """A context manager. Everything may be changed while it runs, from any thread."""

    chats: Iterable[Chat]
    port: int = 0
    slow: float = 0.0
    """Seconds before each answer."""
    always: RpcFailure | None = None
    """Answer every method but those of connecting with this."""
    faults: deque[Fault] = field(default_factory=deque)
    calls: list[Logged] = field(default_factory=list)
    authorised: set[int] = field(default_factory=set)
    """Ids of the keys of accounts that are logged in."""
    together: int = 0
    """Most connections that one session had open at once."""
    duplicated: set[int] = field(default_factory=set)
    """Ids of the keys that two clients used at once: nobody may use them again."""
    people: list[Person] = field(default_factory=list)
    """Who may log in."""

    def __post_init__(self) -> None:
        self.methods = Methods(self.chats, lambda: self.port)
        self.keys: dict[int, AuthKey] = {}
        self._logins = Logins(self.people)
        self._links: set[Link] = set()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        for chat in self.methods.chats:
            chat.listener = self._changed
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def session(self) -> str:
        """A session that is logged in, as `telethon.sessions.StringSession` reads it."""
        key = AuthKey(b"\1" + os.urandom(255))
        self.keys[key.key_id] = key
        self.authorised.add(key.key_id)
        session = StringSession()
        session.set_dc(2, "127.0.0.1", self.port)
        session.auth_key = key
        saved: str = session.save()
        return saved

    def fail(self, method: str, name: str, code: int = 400, times: int = 1, skip: int = 0) -> None:
        """Answer `times` calls of `method` with an error, after `skip` that go well."""
        self.faults.extend([Fault(method, RpcFailure(code, name), skip=skip)] * times)

    def called(self, method: str) -> int:
        """How often `method` was called, by the name of its TL class without Request."""
        return sum(call.method == method for call in self.calls)

    @property
    def connections(self) -> int:
        """How many are open."""
        return sum(link.open for link in self._links)

    def drop(self) -> None:
        """Cut all connections."""
        self._loop.call_soon_threadsafe(lambda: [link.writer.transport.abort() for link in self._links])

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        for link in self._links:
            link.writer.transport.abort()
        while self._links:
            await asyncio.sleep(0.005)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(reader, writer, self.keys)
        self._links.add(link)
        try:
            while True:
                calls = await link.calls()
                if calls:
                    await self._alone(link)
                for call in calls:
                    await self._serve_call(link, call.msg_id, call.request)
        except (OSError, EOFError, RpcFailure):
            """The client went away, or is to be dropped."""
        finally:
            self._links.discard(link)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _alone(self, link: Link) -> None:
        """See whether another client uses the same key. A connection that its client has closed may take a moment."""
        end = time.monotonic() + CLOSING
        while (number := sum(one.open for one in self._links if one.key is link.key)) > 1 and time.monotonic() < end:
            await asyncio.sleep(0.005)
        self.together = max(self.together, number)
        if number > 1 and link.key is not None:
            self.duplicated.add(link.key.key_id)

    async def _serve_call(self, link: Link, msg_id: int, request: Any) -> None:
        silent = False
        while isinstance(request, _WRAPPERS):
            silent = silent or isinstance(request, functions.InvokeWithoutUpdatesRequest)
            request = request.query
        if isinstance(request, types.MsgsAck):
            return None
        if isinstance(request, functions.PingRequest):
            return await link.send(bytes(types.Pong(msg_id, request.ping_id)))
        method = type(request).__name__.removesuffix("Request")
        self.calls.append(Logged(method, request, time.monotonic()))
        link.listens = link.listens or not silent
        if self.slow:
            await asyncio.sleep(self.slow)
        fault = self._fault(method)
        if fault.drop:
            raise EOFError
        link.cut = fault.cut
        try:
            return await link.result(msg_id, self._answer(link, request, fault))
        except RpcFailure as failure:
            return await link.result(msg_id, bytes(types.RpcError(failure.code, failure.name)))
        except Exception as error:
            # A dropped connection would make the client ask again for ever.
            return await link.result(msg_id, bytes(types.RpcError(400, f"SIMULATOR_FAILED {error!r}")))

    def _answer(self, link: Link, request: Any, fault: Fault) -> bytes:
        if fault.error is not None:
            raise fault.error
        if link.key is not None and link.key.key_id in self.duplicated:
            raise RpcFailure(406, "AUTH_KEY_DUPLICATED")
        if link.key is not None and (login := self._logins.answer(link.key.key_id, request)) is not None:
            answer, done = login
            if done:
                self.authorised.add(link.key.key_id)
            return bytes(answer)
        if not isinstance(request, functions.help.GetConfigRequest):
            if link.key is None or link.key.key_id not in self.authorised:
                raise RpcFailure(401, "AUTH_KEY_UNREGISTERED")
            if self.always is not None and not isinstance(
                request, functions.users.GetUsersRequest | functions.updates.GetStateRequest
            ):
                raise self.always
        if type(request) not in self.methods.table:
            raise RpcFailure(400, "METHOD_INVALID")
        answer = self.methods.table[type(request)](request)
        if isinstance(answer, list):
            return struct.pack("<Ii", _VECTOR, len(answer)) + b"".join(bytes(one) for one in answer)
        return bytes(answer)

    def _fault(self, method: str) -> Fault:
        for number, fault in enumerate(self.faults):
            if fault.method in ("", method):
                if fault.skip:
                    self.faults[number] = replace(fault, skip=fault.skip - 1)
                    return Fault()
                del self.faults[number]
                return fault
        return Fault()

    def _changed(self, chat: Chat, change: Change) -> None:
        if chat.joined:
            asyncio.run_coroutine_threadsafe(self._push(chat, change), self._loop)

    async def _push(self, chat: Chat, change: Change) -> None:
        pushed = tl.update(chat, change, self.methods.named(), self.methods.owner(chat))
        body = bytes(types.Updates([pushed], [], [tl.channel(chat)], now(), 0))
        for link in list(self._links):
            if link.listens and link.key is not None:
                with contextlib.suppress(OSError):
                    await link.send(body)
