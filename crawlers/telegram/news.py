"""What Telegram pushes, as far as it is a hint: pure functions."""

from typing import Any

from telethon.tl import types


def channel_of(update: Any) -> int | None:
    """The number of the channel or group in which a message is new, other or gone; None for what is none of these.

    A reaction is told as an edit that is not to be shown; the next visit will count it, and need not come for it.
    """
    match update:
        case types.UpdateEditChannelMessage(message=message) if getattr(message, "edit_hide", None):
            return None
        case types.UpdateNewChannelMessage() | types.UpdateEditChannelMessage():
            return getattr(update.message.peer_id, "channel_id", None)
        case types.UpdateDeleteChannelMessages() | types.UpdateChannelTooLong() | types.UpdateChannel():
            return int(update.channel_id)
    return None


def deleted_in(update: Any) -> list[int]:
    """The numbers of the messages that are gone."""
    return list(update.messages) if isinstance(update, types.UpdateDeleteChannelMessages) else []
