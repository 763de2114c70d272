"""Channels, chats and comments by Telegram's API, with an account."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

from telethon import errors
from telethon.tl import functions, types

from crawlers.base import Page, Source, SourceProblem
from crawlers.context import Context
from crawlers.telegram import convert, paging, problems
from crawlers.telegram.account import Account
from crawlers.telegram.convert import Unit
from crawlers.telegram.paging import Batch, Window
from crawlers.telegram.session import SessionError, SessionFile, key_from_environment
from crawlers.telegram.settings import Peer, TelegramCursor, TelegramSettings, Thread
from schemas import Outcome, PostKind
from store import Resolved

WATCHED = timedelta(days=3)
REREAD_UNCHANGED = timedelta(hours=6)
"""An edited comment changes nothing in what Telegram says of its thread, so threads of young posts are read again."""
RECENT_COMMENTS = 20
"""Comments remembered per thread to notice deletions: a hundred threads of them make a cursor of 70 KB."""

Pages = AsyncGenerator[Page[TelegramCursor], None]


class ApiCollector:
    """One per process; its accounts stay connected, hear of news and are shared by the visits to their sources."""

    retry_pause: float = 1.0
    """Seconds before a cut connection is made again."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._accounts: dict[str, Account] = {}
        self._hint: Callable[[str], None] = lambda _: None

    def session(self, settings: TelegramSettings) -> str:
        """Never in use twice at once."""
        return settings.hold

    def slot(self, settings: TelegramSettings) -> str:
        """The channel: calls are paced one by one, so an account's sources may be visited side by side."""
        return f"{self.session(settings)}/{settings.channel}"

    def tell(self, hint: Callable[[str], None]) -> None:
        """Call it with the ids of sources that have news."""
        self._hint = hint

    async def leave(self, session: str) -> None:
        """Disconnect the account."""
        if session in self._accounts:
            await self._accounts[session].leave()

    async def close(self) -> None:
        """Disconnect all."""
        for session in self._accounts:
            await self.leave(session)

    async def collect(self, source: Source[TelegramSettings], cursor: TelegramCursor) -> Pages:
        """New posts oldest first, then the newest hundred again for edits, deletions and comments."""
        try:
            account = await self._account(source.settings)
        except SessionError as error:
            raise SourceProblem(Outcome.BLOCKED, error.reason, error.action) from error
        async with (
            account.connected(source.settings.channel),
            aclosing(Visit(account, source, cursor).pages()) as pages,
        ):
            async for page in pages:
                yield page

    async def _account(self, settings: TelegramSettings) -> Account:
        assert settings.session is not None
        session = SessionFile(settings.session, key_from_environment()).load()
        name = self.session(settings)
        if name in self._accounts and self._accounts[name].session != session:  # somebody has logged in anew
            await self._accounts.pop(name).leave()
        if name not in self._accounts:
            self._accounts[name] = Account(settings, session, self._context, self.retry_pause)
        account = self._accounts[name]
        account.hint = self._hint
        return account


class Visit:
    """One visit to one source."""

    def __init__(self, account: Account, source: Source[TelegramSettings], cursor: TelegramCursor) -> None:
        self._account = account
        self._source = source
        self._settings = source.settings
        self._channel = source.settings.channel
        self._cursor = cursor

    async def pages(self) -> Pages:
        if await self._find():
            yield Page([], self._cursor)
        self._watch(self._peer.id, *self._cursor.groups)
        try:
            window = await paging.newest(self._history)
        except errors.ChannelInvalidError as error:
            raise problems.gone(self._channel) from error
        self._check_not_emptied(window)
        if self._cursor.newest == 0:
            self._set(floor=await self._floor(window))
        if window.low:
            async for page in self._missed(window.low):
                yield page
        found = self._units(window.batch)
        self._watch(*{unit.replies.channel_id for unit in found if unit.replies is not None})
        drafts = self._drafts(found, window.batch)
        gone = await self._gone(found, window.low)
        name, recent = self._cursor.name, self._cursor.recent
        drafts += [convert.deleted(f"telegram:{name}/{n}", PostKind.POST, recent[n], self._source.id) for n in gone]
        numbers = {unit.number for unit in found}
        self._set(
            newest=max([self._cursor.newest, *(unit.last for unit in found)]),
            recent={unit.number: unit.published for unit in found},
            albums=convert.album_numbers(found),
            threads={number: thread for number, thread in self._cursor.threads.items() if number in numbers},
        )
        yield Page(drafts, self._cursor)
        async for page in self._told_of(window.low):
            yield page
        try:
            for unit in found:
                async for page in self._comments(unit):
                    yield page
        except SourceProblem as problem:
            if problem.outcome is not Outcome.QUOTA:
                raise
            raise problems.without_comments(problem, self._account.now()) from problem
        self._check_name(window.batch)

    def _watch(self, *numbers: int | None) -> None:
        """Let news of the channel, and of the groups where it is discussed, be told."""
        for number in numbers:
            if number is not None and (self._settings.comments or number == self._peer.id):
                self._account.watch(number, self._source.id)

    def _set(self, **changes: Any) -> None:
        self._cursor = self._cursor.model_copy(update=changes)

    async def _find(self) -> bool:
        """Look the name up where that was not done before; whether it was done now."""
        known, cursor = self._cursor.peer, self._cursor
        if cursor.channel == self._channel and known is not None and known.account == self._settings.account:
            return False
        chat = await self._known() or await self._looked_up()
        peer = Peer(
            id=chat.id, access_hash=chat.access_hash, account=self._settings.account, broadcast=bool(chat.broadcast)
        )
        same = known.id == peer.id if known is not None else cursor.channel == self._channel
        if not same:
            self._cursor = TelegramCursor()
        self._set(channel=self._channel, name=self._cursor.name or self._channel, peer=peer)
        return True

    async def _known(self) -> Any:
        """The channel that the name stood for when another source or process asked, if it still has this name."""
        found = await self._account.known(self._channel)
        if found is None or found.access_hash is None:
            return None
        asked = functions.channels.GetChannelsRequest([types.InputChannel(found.id, found.access_hash)])
        try:
            (chat,) = (await self._call(asked)).chats
        except errors.ChannelInvalidError:
            return None
        return chat if self._channel in [name.lower() for name in convert.names(chat)] else None

    async def _looked_up(self) -> Any:
        try:
            found = await self._call(functions.contacts.ResolveUsernameRequest(self._channel))
        except errors.UsernameNotOccupiedError as error:
            raise problems.gone(self._channel) from error
        chat = next((one for one in found.chats if isinstance(one, types.Channel)), None)
        if not isinstance(found.peer, types.PeerChannel) or chat is None:
            raise problems.not_a_channel(self._channel)
        await self._account.learn(self._channel, Resolved(chat.id, chat.access_hash))
        return chat

    async def _floor(self, window: Window) -> int:
        """The number from which a first visit takes messages: `depth` of them."""
        messages, depth = window.batch.messages, self._settings.depth
        if depth <= len(messages):
            return int(messages[-depth].id)
        return await paging.number_back(self._history, depth) if window.low else 1

    async def _missed(self, low: int) -> Pages:
        """What came between the last visit and the window. Comments are read before the cursor moves on."""
        after = max(self._cursor.newest, self._cursor.floor - 1)
        async with aclosing(paging.ahead(paging.between(self._history, after, low))) as batches:
            async for batch in batches:
                found = self._units(batch)
                drafts = self._drafts(found, batch)
                if any(self._discussed(unit) for unit in found):
                    yield Page(drafts, self._cursor)
                    drafts = []
                    for unit in found:
                        async for page in self._comments(unit, kept=False):
                            yield page
                self._set(newest=batch.messages[-1].id)
                yield Page(drafts, self._cursor)

    def _units(self, batch: Batch) -> list[Unit]:
        floor = self._cursor.floor
        return [unit for unit in convert.units(batch.messages, self._cursor.albums) if unit.number >= floor]

    def _drafts(self, found: Sequence[Unit], batch: Batch) -> list[Any]:
        around = {unit.number: unit for unit in found}
        return [
            convert.draft(
                unit,
                name=self._cursor.name,
                source=self._source.id,
                place_hint=self._source.place_hint,
                chats=batch.chats,
                broadcast=self._peer.broadcast,
                around=around,
            )
            for unit in found
        ]

    async def _gone(self, found: Sequence[Unit], low: int) -> list[int]:
        """Recent posts that the window does not show; asked for by number to be sure."""
        standing = {unit.number for unit in found}
        missing = sorted(number for number in self._cursor.recent if number >= low and number not in standing)
        missing = missing[-paging.PAGE :]
        if not missing:
            return []
        channel = types.InputChannel(self._peer.id, self._peer.access_hash)
        asked = functions.channels.GetMessagesRequest(channel, [types.InputMessageID(number) for number in missing])
        answer = await self._call(asked)
        there = {one.id for one in answer.messages if not isinstance(one, types.MessageEmpty)}
        return [number for number in missing if number not in there]

    async def _told_of(self, low: int) -> Pages:
        """Deletions that Telegram pushed: of posts older than the window, and of comments, however old."""
        known = range(self._cursor.floor, low)
        for number in (self._peer.id, *self._cursor.groups):
            told = self._account.deleted(self._source.id, number)
            if number == self._peer.id:
                place, kind, gone = self._cursor.name, PostKind.POST, [one for one in told if one in known]
            else:
                place, kind, gone = self._cursor.groups[number], PostKind.COMMENT, list(told)
            drafts = [convert.deleted(f"telegram:{place}/{n}", kind, None, self._source.id) for n in sorted(gone)]
            if drafts:
                yield Page(drafts, self._cursor)
            self._account.forget(self._source.id, number, told)

    async def _comments(self, unit: Unit, *, kept: bool = True) -> Pages:
        """What is written under a post, where something may have changed. `kept`: remember how far it was read."""
        replies, thread, now = unit.replies, self._cursor.threads.get(unit.number), self._account.now()
        if not self._discussed(unit):
            return
        state = f"{replies.replies}/{replies.max_id}"
        if not _due(thread, state, unit.published, now) or (thread is None and not replies.replies):
            return
        thread = thread or Thread(state="", read=now)
        root = next(one.id for one in unit.messages if one.replies is replies)

        async def fetch(offset_id: int, add_offset: int, limit: int, min_id: int) -> Any:
            request = functions.messages.GetRepliesRequest(
                self._input, root, offset_id, None, add_offset, limit, 0, min_id, 0
            )
            try:
                return await self._call(request)
            except errors.MsgIdInvalidError:  # comments are closed, or the last was deleted
                return types.messages.Messages([], [], [], [])

        window = await paging.newest(fetch)
        if window.low:
            async with aclosing(paging.between(fetch, thread.newest, window.low)) as batches:
                async for batch in batches:
                    yield Page(self._comment_drafts(unit, batch), self._cursor)
        drafts = self._comment_drafts(unit, window.batch)
        place = _group_id(window.batch) or thread.group
        group = self._cursor.groups.get(place, "")
        standing = {one.id for one in window.batch.messages}
        missing = [number for number in sorted(thread.recent) if number >= window.low and number not in standing]
        drafts += [
            convert.deleted(f"telegram:{group}/{n}", PostKind.COMMENT, thread.recent[n], self._source.id)
            for n in missing
        ]
        if kept:
            read = Thread(
                state=state,
                read=now,
                newest=max([thread.newest, *standing]),
                group=place,
                recent={one.id: one.date for one in window.batch.messages[-RECENT_COMMENTS:]},
            )
            self._set(threads=self._cursor.threads | {unit.number: read})
        yield Page(drafts, self._cursor)

    def _discussed(self, unit: Unit) -> bool:
        """Whether there are comments to collect, or may have been."""
        return self._settings.comments and self._peer.broadcast and unit.replies is not None

    def _comment_drafts(self, parent: Unit, batch: Batch) -> list[Any]:
        place = _group_id(batch)
        if place is None:
            return []
        if place not in self._cursor.groups:
            username = getattr(batch.chats.get(place), "username", None)
            self._set(groups=self._cursor.groups | {place: username.lower() if username else f"c/{place}"})
        return [
            convert.comment(
                unit,
                parent,
                name=self._cursor.name,
                group=self._cursor.groups[place],
                source=self._source.id,
                place_hint=self._source.place_hint,
                chats=batch.chats,
            )
            for unit in convert.units(batch.messages, {})
        ]

    def _check_not_emptied(self, window: Window) -> None:
        if not window.batch.messages and self._cursor.newest:
            raise SourceProblem(
                Outcome.CHANGED,
                f"в канале {self._channel} раньше были публикации, а теперь Telegram не показывает ни одной",
                "Откройте канал сами: возможно, его историю очистили",
            )

    def _check_name(self, batch: Batch) -> None:
        chat = batch.chats.get(self._peer.id)
        if chat is None:
            return
        names = convert.names(chat)
        if self._channel not in [name.lower() for name in names]:
            raise problems.renamed(self._channel, names[0] if names else None)

    @property
    def _peer(self) -> Peer:
        assert self._cursor.peer is not None
        return self._cursor.peer

    @property
    def _input(self) -> Any:
        return types.InputPeerChannel(self._peer.id, self._peer.access_hash)

    async def _history(self, offset_id: int, add_offset: int, limit: int, min_id: int) -> Any:
        return await self._call(
            functions.messages.GetHistoryRequest(self._input, offset_id, None, add_offset, limit, 0, min_id, 0)
        )

    async def _call(self, request: Any) -> Any:
        return await self._account.call(request, self._channel)


def _due(thread: Thread | None, state: str, published: datetime, now: datetime) -> bool:
    """Whether to read a thread now, when Telegram says `state` of it."""
    if thread is None or thread.state != state:
        return True
    return now - published < WATCHED and now - thread.read >= REREAD_UNCHANGED


def _group_id(batch: Batch) -> int | None:
    """The group that comments stand in."""
    return next((int(one.peer_id.channel_id) for one in batch.messages), None)
