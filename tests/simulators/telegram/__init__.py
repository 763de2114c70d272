"""Telegram's MTProto over TCP, for an unmodified TelegramClient: chats of our own, changes pushed, errors on demand."""

from tests.simulators.telegram.chats import Chat, Post, load
from tests.simulators.telegram.login import Person
from tests.simulators.telegram.methods import RpcFailure
from tests.simulators.telegram.server import Fault, TelegramSimulator
from tests.simulators.telegram.wire import PUBLIC_KEY

__all__ = ["PUBLIC_KEY", "Chat", "Fault", "Person", "Post", "RpcFailure", "TelegramSimulator", "load"]
