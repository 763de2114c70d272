"""The public page t.me/s/<channel>: its shape with texts of our own, pagination, and pages that are not channels."""

from tests.simulators.telegram_web.channel import Channel, Message, load
from tests.simulators.telegram_web.server import TelegramWeb

__all__ = ["Channel", "Message", "TelegramWeb", "load"]
