"""Telegram's methods over the simulated chats."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from telethon.tl import functions, types

from tests.simulators.telegram import tl
from tests.simulators.telegram.chats import Chat, Post, now


class RpcFailure(Exception):
    """An error as Telegram names it: `FLOOD_WAIT_72000`, `CHANNEL_PRIVATE`."""

    def __init__(self, code: int, name: str) -> None:
        super().__init__(name)
        self.code = code
        self.name = name


class Methods:
    def __init__(self, chats: Iterable[Chat], port: Callable[[], int]) -> None:
        self.chats = list(chats)
        self._port = port
        self.table: dict[type, Callable[[Any], Any]] = {
            functions.help.GetConfigRequest: self._config,
            functions.users.GetUsersRequest: lambda request: [tl.ME],
            functions.updates.GetStateRequest: self._state,
            functions.updates.GetDifferenceRequest: lambda request: types.updates.DifferenceEmpty(now(), 0),
            functions.updates.GetChannelDifferenceRequest: self._difference,
            functions.contacts.ResolveUsernameRequest: self._resolve,
            functions.channels.GetFullChannelRequest: lambda request: tl.full(self._chat(request.channel)),
            functions.channels.GetChannelsRequest: self._channels,
            functions.channels.GetMessagesRequest: self._messages,
            functions.messages.GetHistoryRequest: self._history,
            functions.messages.GetRepliesRequest: self._replies,
            functions.messages.SearchRequest: self._search,
        }

    def named(self) -> dict[str, Chat]:
        """The chats that can be found by name."""
        return {chat.name: chat for chat in self.chats if chat.name}

    def owner(self, chat: Chat) -> Chat | None:
        """The channel whose discussion group this is."""
        return next((one for one in self.chats if one.linked is chat), None)

    def _config(self, request: Any) -> types.Config:
        here = types.DcOption(2, "127.0.0.1", self._port())
        numbers = dict.fromkeys(
            [
                "chat_size_max",
                "megagroup_size_max",
                "forwarded_count_max",
                "online_update_period_ms",
                "offline_blur_timeout_ms",
                "offline_idle_timeout_ms",
                "online_cloud_timeout_ms",
                "notify_cloud_delay_ms",
                "notify_default_delay_ms",
                "push_chat_period_ms",
                "push_chat_limit",
                "edit_time_limit",
                "revoke_time_limit",
                "revoke_pm_time_limit",
                "rating_e_decay",
                "stickers_recent_limit",
                "channels_read_media_period",
                "call_receive_timeout_ms",
                "call_ring_timeout_ms",
                "call_connect_timeout_ms",
                "call_packet_timeout_ms",
                "caption_length_max",
                "message_length_max",
                "webfile_dc_id",
            ],
            0,
        )
        return types.Config(
            date=now(),
            expires=now(),
            test_mode=False,
            this_dc=2,
            dc_options=[here],
            dc_txt_domain_name="",
            me_url_prefix="https://t.me/",
            **numbers,
        )

    def _state(self, request: Any) -> types.updates.State:
        return types.updates.State(1, 0, now(), 0, 0)

    def _resolve(self, request: Any) -> types.contacts.ResolvedPeer:
        name = request.username.lower()
        if name == "ivan_person":
            return types.contacts.ResolvedPeer(types.PeerUser(77), [], [types.User(77, access_hash=1)])
        chat = self.named().get(name)
        if chat is None or chat.deleted or chat.private:
            raise RpcFailure(400, "USERNAME_NOT_OCCUPIED")
        return types.contacts.ResolvedPeer(types.PeerChannel(chat.id), [tl.channel(chat)], [])

    def _channels(self, request: Any) -> types.messages.Chats:
        return types.messages.Chats([tl.channel(self._chat(one)) for one in request.id])

    def _chat(self, peer: Any) -> Chat:
        chat = next((one for one in self.chats if one.id == getattr(peer, "channel_id", None)), None)
        if chat is None or chat.deleted or chat.access_hash != peer.access_hash:
            raise RpcFailure(400, "CHANNEL_INVALID")
        if chat.private:
            raise RpcFailure(400, "CHANNEL_PRIVATE")
        return chat

    def _messages(self, request: Any) -> types.messages.ChannelMessages:
        chat = self._chat(request.channel)
        asked = [one.id for one in request.id]
        answer = self._answer(chat, [chat.posts[number] for number in asked if number in chat.posts])
        answer.messages += [types.MessageEmpty(number, None) for number in asked if number not in chat.posts]
        return answer

    def _history(self, request: Any) -> types.messages.ChannelMessages:
        chat = self._chat(request.peer)
        return self._cut(chat, list(chat.posts.values()), request)

    def _replies(self, request: Any) -> types.messages.ChannelMessages:
        chat = self._chat(request.peer)
        if request.msg_id not in chat.posts or chat.linked is None or chat.root(request.msg_id) is None:
            raise RpcFailure(400, "MSG_ID_INVALID")
        return self._cut(chat.linked, chat.comments(request.msg_id), request)

    def _search(self, request: Any) -> types.messages.ChannelMessages:
        chat = self._chat(request.peer)
        found = [post for post in list(chat.posts.values()) if request.q.lower() in post.text.lower()]
        return self._cut(chat, found, request)

    def _difference(self, request: Any) -> Any:
        chat = self._chat(request.channel)
        changes = [change for change in list(chat.changes) if change.pts > request.pts]
        if not changes:
            return types.updates.ChannelDifferenceEmpty(pts=chat.pts, final=True, timeout=30)
        new = [chat.posts[c.post] for c in changes if c.kind == "new" and c.post in chat.posts]
        listed = self._answer(chat, new)
        others = [tl.update(chat, c, self.named(), self.owner(chat)) for c in changes if c.kind != "new"]
        return types.updates.ChannelDifference(
            chat.pts, listed.messages, others, listed.chats, listed.users, final=True, timeout=30
        )

    def _cut(self, chat: Chat, posts: Sequence[Post], request: Any) -> types.messages.ChannelMessages:
        """Newest first: `limit` messages, beginning `add_offset` places behind (or before) `offset_id`."""
        posts = sorted(posts, key=lambda post: -post.id)
        before = getattr(request, "offset_date", None)
        if before is not None and before.timestamp() and not request.offset_id:
            posts = [post for post in posts if post.at.replace(microsecond=0) < before]
        limit = min(request.limit, 100)
        first = sum(request.offset_id and post.id >= request.offset_id for post in posts) + request.add_offset
        found = posts[max(first, 0) : max(first + limit, 0)]
        found = [p for p in found if p.id > request.min_id and (not request.max_id or p.id < request.max_id)]
        return self._answer(chat, found, len(posts))

    def _answer(self, chat: Chat, posts: Sequence[Post], count: int | None = None) -> types.messages.ChannelMessages:
        return tl.messages(chat, posts, len(posts) if count is None else count, self.named(), self.owner(chat))
