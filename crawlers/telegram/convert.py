"""Telegram's messages as drafts: pure functions."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telethon.helpers import add_surrogate, del_surrogate
from telethon.tl import types

from intake import Draft
from schemas import Geo, Media, PostKind

_MENTION = "[упоминание]"
"""As `text.mask` writes it; a name without @ it could not know."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a reader sees as one post: a message, or the messages of an album."""

    number: int
    messages: tuple[Any, ...]

    @property
    def last(self) -> int:
        """Its highest number."""
        return int(self.messages[-1].id)

    @property
    def published(self) -> datetime:
        moment: datetime = self.messages[0].date
        return moment

    @property
    def replies(self) -> Any:
        """Telegram's account of the comments, or None."""
        found = [one.replies for one in self.messages if one.replies is not None and one.replies.comments]
        return found[0] if found else None

    def text(self) -> str:
        """As HTML: plain text that is taken for HTML would lose what stands between < and >."""
        return "<br>".join(html.escape(part).replace("\n", "<br>") for one in self.messages if (part := _plain(one)))


def units(messages: Iterable[Any], albums: Mapping[int, int]) -> list[Unit]:
    """Messages by rising number, albums as one; service messages and a group's copies of posts are left out.

    `albums`: numbers that albums already go by.
    """
    groups: dict[int, list[Any]] = {}
    for message in sorted(messages, key=lambda one: one.id):
        if isinstance(message, types.Message) and not _is_copy(message):
            groups.setdefault(message.grouped_id or -message.id, []).append(message)
    return [Unit(albums.get(key, group[0].id), tuple(group)) for key, group in groups.items()]


def album_numbers(found: Iterable[Unit]) -> dict[int, int]:
    """The number of each album."""
    return {one.messages[0].grouped_id: one.number for one in found if one.messages[0].grouped_id}


def draft(
    unit: Unit,
    *,
    name: str,
    source: str,
    place_hint: str | None,
    chats: Mapping[int, Any],
    broadcast: bool,
    around: Mapping[int, Unit],
) -> Draft:
    """A post of a channel, or what somebody wrote in a chat. `around`: by number, what it may be an answer to."""
    answered = around.get(_replied(unit) or 0)
    return Draft(
        id=f"telegram:{name}/{unit.number}",
        kind=PostKind.POST,
        source=source,
        text=unit.text(),
        published=unit.published,
        url=f"https://t.me/{name}/{unit.number}",
        author=name if broadcast else _author(unit) or name,
        edited=_edited(unit),
        context=answered.text() or None if answered is not None else None,
        parent=f"telegram:{name}/{number}" if (number := _replied(unit)) else None,
        place_hint=place_hint,
        geo=_geo(unit),
        media=tuple(_media(unit, f"https://t.me/{name}/{unit.number}", chats)),
        reach=_reach(unit),
    )


def comment(
    unit: Unit, parent: Unit, *, name: str, group: str, source: str, place_hint: str | None, chats: Mapping[int, Any]
) -> Draft:
    """What somebody wrote under a post. The context is the post's text, also under an answer to another comment."""
    url = f"https://t.me/{name}/{parent.number}?comment={unit.number}"
    return Draft(
        id=f"telegram:{group}/{unit.number}",
        kind=PostKind.COMMENT,
        source=source,
        text=unit.text(),
        published=unit.published,
        url=url,
        author=_author(unit),
        edited=_edited(unit),
        context=parent.text() or None,
        parent=f"telegram:{name}/{parent.number}",
        place_hint=place_hint,
        parent_place_hint=place_hint,
        geo=_geo(unit),
        media=tuple(_media(unit, url, chats)),
        reach=_reach(unit),
    )


def deleted(id_: str, kind: PostKind, published: datetime | None, source: str) -> Draft:
    """A message that is no longer there; `published` where it is remembered."""
    return Draft(id=id_, kind=kind, source=source, text="", published=published, deleted=True)


def names(chat: Any) -> list[str]:
    """The names that a channel or group can be found by, the first one first."""
    found = [chat.username, *(one.username for one in chat.usernames or [] if one.active)]
    return [name for name in found if name]


def _plain(message: Any) -> str:
    """The text without names of persons that Telegram marks as mentions."""
    text = add_surrogate((message.message or "").replace("\0", " "))
    for entity in sorted(message.entities or [], key=lambda one: -one.offset):
        if isinstance(entity, types.MessageEntityMentionName | types.InputMessageEntityMentionName):
            text = text[: entity.offset] + _MENTION + text[entity.offset + entity.length :]
    plain: str = del_surrogate(text)
    return plain


def _is_copy(message: Any) -> bool:
    """Whether a discussion group shows a post of its channel here."""
    forward = message.fwd_from
    return (
        forward is not None
        and not message.post
        and isinstance(message.from_id, types.PeerChannel)
        and forward.saved_from_peer == message.from_id
    )


def _author(unit: Unit) -> str | None:
    peer = unit.messages[0].from_id
    if isinstance(peer, types.PeerUser):
        return f"user{peer.user_id}"
    if isinstance(peer, types.PeerChannel):
        return f"channel{peer.channel_id}"
    return None


def _edited(unit: Unit) -> datetime | None:
    """Reactions set `edit_date` too, with `edit_hide`."""
    moments = [one.edit_date for one in unit.messages if one.edit_date is not None and not one.edit_hide]
    return max(moments, default=None)


def _replied(unit: Unit) -> int | None:
    answer = unit.messages[0].reply_to
    if getattr(answer, "reply_to_peer_id", None) is not None:  # to a message elsewhere
        return None
    number: int | None = getattr(answer, "reply_to_msg_id", None)
    return number


def _geo(unit: Unit) -> Geo | None:
    for one in unit.messages:
        point = getattr(one.media, "geo", None)
        if isinstance(point, types.GeoPoint):
            return Geo(lat=point.lat, lon=point.long)
    return None


def _media(unit: Unit, url: str, chats: Mapping[int, Any]) -> list[Media]:
    """By the address of the post, as from the web page; a forwarded post links to its origin, where that is a channel:
    a person's name is not collected."""
    found = [Media(kind=kind, url=url) for one in unit.messages if (kind := _kind(one.media)) is not None]
    forward = unit.messages[0].fwd_from
    if forward is not None and isinstance(forward.from_id, types.PeerChannel) and forward.channel_post:
        origin = chats.get(forward.from_id.channel_id)
        name = getattr(origin, "username", None) or f"c/{forward.from_id.channel_id}"
        found.append(Media(kind="link", url=f"https://t.me/{name}/{forward.channel_post}"))
    return found


def _kind(media: Any) -> Any:
    if isinstance(media, types.MessageMediaPhoto):
        return "photo"
    if not isinstance(media, types.MessageMediaDocument) or not isinstance(media.document, types.Document):
        return None
    for mark, kind in (("video/", "video"), ("audio/", "audio"), ("image/", "photo")):
        if media.document.mime_type.startswith(mark):
            return kind
    return "document"


def _reach(unit: Unit) -> dict[str, int]:
    views = _largest([one.views for one in unit.messages])
    forwards = _largest([one.forwards for one in unit.messages])
    likes = [
        sum(result.count for result in one.reactions.results) for one in unit.messages if one.reactions is not None
    ]
    replies = unit.replies.replies if unit.replies is not None else None
    counted = {"views": views, "reposts": forwards, "likes": _largest(likes), "comments": replies}
    return {name: count for name, count in counted.items() if count is not None}


def _largest(counts: Sequence[int | None]) -> int | None:
    return max((count for count in counts if count is not None), default=None)
