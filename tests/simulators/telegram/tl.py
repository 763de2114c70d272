"""The simulated chats as Telegram's own types."""

from collections.abc import Iterable, Mapping

from telethon.tl import types

from tests.simulators.telegram.chats import Change, Chat, Post, now

ME = types.User(1, is_self=True, access_hash=1, first_name="Читатель")


def channel(chat: Chat) -> types.Channel:
    """The chat as answers list it."""
    return types.Channel(
        chat.id,
        chat.title,
        types.ChatPhotoEmpty(),
        now(),
        left=not chat.joined,
        broadcast=chat.broadcast,
        megagroup=not chat.broadcast,
        access_hash=chat.access_hash,
        username=chat.name,
    )


def full(chat: Chat) -> types.messages.ChatFull:
    """The answer of channels.getFullChannel."""
    about = types.ChannelFull(
        id=chat.id,
        about="",
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        chat_photo=types.PhotoEmpty(0),
        notify_settings=types.PeerNotifySettings(),
        bot_info=[],
        pts=chat.pts,
        linked_chat_id=chat.linked.id if chat.linked else None,
    )
    return types.messages.ChatFull(about, [channel(one) for one in (chat, chat.linked) if one is not None], [])


def message(chat: Chat, post: Post, chats: Mapping[str, Chat], owner: Chat | None = None) -> types.Message:
    """One message; `owner` is the channel that a discussion group belongs to."""
    peer = types.PeerChannel(chat.id)
    if post.service:
        return types.MessageService(post.id, peer, post.at, action=types.MessageActionChannelCreate(chat.title))
    forward = None
    author: object = types.PeerUser(post.author) if post.author is not None else None
    if post.forward is not None:
        name, number = post.forward
        source = types.PeerChannel(chats[name].id) if name in chats else None
        forward = types.MessageFwdHeader(post.at, from_id=source, channel_post=number)
    if post.mirror is not None and owner is not None:
        author = types.PeerChannel(owner.id)
        forward = types.MessageFwdHeader(
            post.at, from_id=author, channel_post=post.mirror, saved_from_peer=author, saved_from_msg_id=post.mirror
        )
    return types.Message(
        post.id,
        peer,
        post.at,
        post.text,
        post=chat.broadcast,
        from_id=author,
        fwd_from=forward,
        reply_to=_reply(post),
        media=_photo(post) if post.photo else None,
        entities=_named(post),
        views=post.views,
        forwards=None if post.views is None else post.views // 50,
        edit_date=post.edited,
        edit_hide=post.reactions,
        grouped_id=post.album,
        replies=_replies(chat, post),
    )


def messages(
    chat: Chat, posts: Iterable[Post], count: int, chats: Mapping[str, Chat], owner: Chat | None
) -> types.messages.ChannelMessages:
    """Messages with the chats that they mention."""
    posts = list(posts)
    mentioned = {chats[p.forward[0]].id: chats[p.forward[0]] for p in posts if p.forward and p.forward[0] in chats}
    around = {one.id: one for one in (chat, owner, chat.linked) if one is not None} | mentioned
    return types.messages.ChannelMessages(
        pts=chat.pts,
        count=count,
        messages=[message(chat, post, chats, owner) for post in posts],
        topics=[],
        chats=[channel(one) for one in around.values()],
        users=[types.User(p.author, access_hash=p.author) for p in posts if p.author is not None],
    )


def update(chat: Chat, change: Change, chats: Mapping[str, Chat], owner: Chat | None) -> object:
    """A change as it is pushed."""
    post = chat.posts.get(change.post)
    if change.kind == "delete" or post is None:
        return types.UpdateDeleteChannelMessages(chat.id, [change.post], change.pts, 1)
    kind = types.UpdateNewChannelMessage if change.kind == "new" else types.UpdateEditChannelMessage
    return kind(message(chat, post, chats, owner), change.pts, 1)


def _reply(post: Post) -> types.MessageReplyHeader | None:
    if post.reply is None:
        return None
    return types.MessageReplyHeader(reply_to_msg_id=post.reply, reply_to_top_id=post.top)


def _replies(chat: Chat, post: Post) -> types.MessageReplies | None:
    if chat.linked is None:
        return None
    standing = chat.comments(post.id)
    highest = max((comment.id for comment in standing), default=None)
    return types.MessageReplies(
        len(standing), chat.linked.pts, comments=True, channel_id=chat.linked.id, max_id=highest
    )


def _photo(post: Post) -> types.MessageMediaPhoto:
    size = types.PhotoSize("x", 800, 600, 90_000)
    return types.MessageMediaPhoto(photo=types.Photo(post.id, 1, b"", post.at, [size], 2))


def _named(post: Post) -> list[types.MessageEntityMentionName] | None:
    """Offsets count UTF-16 units, as everywhere in Telegram."""
    if post.named is None:
        return None
    before = post.text.split(post.named)[0]
    return [types.MessageEntityMentionName(_units(before), _units(post.named), 77)]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
