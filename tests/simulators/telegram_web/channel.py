"""A channel and its pages as Telegram renders them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.simulators.loopback import data

DATA = Path(__file__).parent / "channel.yaml"
PAGE = 20
"""As many as Telegram shows at once."""


@dataclass
class Message:
    id: int
    at: datetime
    text: str
    """HTML as in Telegram's page, with line breaks as \\n."""
    views: str = "1.2K"
    photos: int = 0
    video: bool = False
    reply: int | None = None
    forward: str | None = None
    edited: bool = False
    service: bool = False


@dataclass
class Channel:
    name: str
    title: str
    subscribers: int
    messages: dict[int, Message] = field(default_factory=dict)
    preview: bool = True

    def add(self, text: str, at: datetime, **more: object) -> Message:
        """Publish a message now."""
        message = Message(max([1, *self.messages]) + 1, at, text, **more)  # type: ignore[arg-type]
        self.messages[message.id] = message
        return message

    def ids(self) -> set[str]:
        """What a collector should have of it."""
        return {f"telegram:{self.name}/{m.id}" for m in self.messages.values() if not m.service}

    def page(self, before: int | None) -> str:
        """HTML of t.me/s/<name>?before=N."""
        numbers = [number for number in sorted(self.messages) if before is None or number < before][-PAGE:]
        more = ""
        if numbers and any(number < numbers[0] for number in self.messages):
            more = (
                '<div class="tgme_widget_message_centered js-messages_more_wrap">'
                f'<a href="/s/{self.name}?before={numbers[0]}" class="tme_messages_more js-messages_more" '
                f'data-before="{numbers[0]}"></a></div>'
            )
        return (
            f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{self.title} – Telegram</title></head>'
            '<body class="widget_frame_base tgme_webpreview"><header class="tgme_header">'
            '<div class="tgme_channel_info">'
            f'<div class="tgme_channel_info_header_title"><span dir="auto">{self.title}</span></div>'
            f'<div class="tgme_channel_info_counter"><span class="counter_value">{self.subscribers}</span>'
            '<span class="counter_type">subscribers</span></div></div></header><main class="tgme_main">'
            f'<section class="tgme_channel_history js-message_history">{more}'
            + "".join(self._message(self.messages[number]) for number in numbers)
            + "</section></main></body></html>"
        )

    def profile(self) -> str:
        """HTML of t.me/<name>, where a channel without a web page leads."""
        return (
            '<html><body class="no_transition"><div class="tgme_page">'
            f'<div class="tgme_page_title"><span dir="auto">{self.title}</span></div>'
            f'<div class="tgme_page_extra">{self.subscribers} subscribers</div></div></body></html>'
        )

    def _message(self, message: Message) -> str:
        link = f"https://t.me/{self.name}/{message.id}"
        if message.service:
            return (
                '<div class="tgme_widget_message_wrap js-widget_message_wrap">'
                f'<div class="tgme_widget_message service_message js-widget_message" '
                f'data-post="{self.name}/{message.id}">'
                f'<div class="tgme_widget_message_text js-message_text">{message.text}</div></div></div>'
            )
        parts = [
            f'<div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" '
            f'href="https://t.me/{self.name}"><span dir="auto">{self.title}</span></a></div>'
        ]
        if message.forward:
            parts.append(
                '<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from&nbsp;'
                f'<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/{message.forward}">'
                '<span dir="auto">Афиша</span></a></div>'
            )
        if message.reply is not None:
            answered = self.messages[message.reply].text if message.reply in self.messages else "Deleted message"
            parts.append(
                f'<a class="tgme_widget_message_reply" href="https://t.me/{self.name}/{message.reply}">'
                f'<div class="tgme_widget_message_author accent_color"><span dir="auto">{self.title}</span></div>'
                f'<div class="tgme_widget_message_text js-message_reply_text" dir="auto">{answered}</div></a>'
            )
        parts += [
            f'<a class="tgme_widget_message_photo_wrap grouped_media_wrap" href="{link}?single" '
            "style=\"background-image:url('https://cdn.example/file/a.jpg')\"></a>"
        ] * message.photos
        if message.video:
            parts.append(f'<a class="tgme_widget_message_video_player js-message_video_player" href="{link}"></a>')
        if message.text:
            html = message.text.replace("\n", "<br/>")
            parts.append(f'<div class="tgme_widget_message_text js-message_text" dir="auto">{html}</div>')
        edited = "edited &nbsp;" if message.edited else ""
        parts.append(
            '<div class="tgme_widget_message_footer compact js-message_footer">'
            '<div class="tgme_widget_message_info short js-message_info">'
            f'<span class="tgme_widget_message_views">{message.views}</span><span class="copyonly"> views</span>'
            f'<span class="tgme_widget_message_meta">{edited}<a class="tgme_widget_message_date" href="{link}">'
            f'<time datetime="{message.at.isoformat()}" class="time">12:00</time></a></span></div></div>'
        )
        return (
            '<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message '
            f'text_not_supported_wrap js-widget_message" data-post="{self.name}/{message.id}" data-view="x">'
            f'<div class="tgme_widget_message_bubble">{"".join(parts)}</div></div></div>'
        )


def load(start: datetime, path: Path = DATA) -> Channel:
    """The channel of a YAML file, its times counted back from `start`."""
    written = data(path.read_text())
    channel = Channel(written["name"], written["title"], written["subscribers"])
    channel.messages[1] = Message(1, _moment(start, 4400), "Channel created", service=True)
    for item in written["messages"]:
        at = _moment(start, item.pop("ago"))
        message = Message(at=at, **item)
        channel.messages[message.id] = message
    return channel


def _moment(start: datetime, ago: int) -> datetime:
    return (start - timedelta(minutes=ago)).astimezone(UTC).replace(microsecond=0)
