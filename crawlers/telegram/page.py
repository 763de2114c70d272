"""The public page `t.me/s/<channel>` read by selectors: pure functions."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from parsel import Selector

from schemas import Media

_COUNT = re.compile(r"([\d.,]+)\s*([KMkm]?)")
_SCALE = {"": 1, "K": 1_000, "M": 1_000_000}
_MEDIA = {
    ".tgme_widget_message_photo_wrap": "photo",
    ".tgme_widget_message_video_player": "video",
    ".tgme_widget_message_roundvideo_player": "video",
    ".tgme_widget_message_document_wrap": "document",
    ".tgme_widget_message_voice_player": "audio",
    "a.tgme_widget_message_forwarded_from_name[href]": "link",
}


class Kind(Enum):
    HISTORY = "history"
    """Posts, or a channel that has none."""
    PREVIEW_OFF = "preview_off"
    """The channel exists, but shows its posts in the app only."""
    NOT_A_CHANNEL = "not_a_channel"
    """A chat, a bot or a person."""
    NOBODY = "nobody"
    """There is nothing by this name."""
    UNKNOWN = "unknown"
    """Some other page."""


@dataclass(frozen=True, slots=True)
class Message:
    """One post of a channel; an album is one post, under its first number."""

    number: int
    html: str = field(repr=False)
    """The text with its markup."""
    published: datetime | None
    views: int | None = None
    reply_to: int | None = None
    reply_text: str | None = field(default=None, repr=False)
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """`messages` by rising number. `broken`: how many messages on the page could not be read."""

    messages: list[Message]
    broken: int = 0


def kind_of(page: Selector) -> Kind:
    """What Telegram showed. The page of posts has a history; without one Telegram leads to the profile's page."""
    if page.css(".tgme_channel_history, .tgme_channel_info"):
        return Kind.HISTORY
    if not page.css(".tgme_page"):
        return Kind.UNKNOWN
    extra = " ".join(page.css(".tgme_page_extra ::text, .tgme_page_extra::text").getall()).lower()
    if "subscriber" in extra:
        return Kind.PREVIEW_OFF
    if "member" in extra or extra.strip().startswith("@") or page.css(".tgme_page_title"):
        return Kind.NOT_A_CHANNEL
    return Kind.NOBODY


def history(page: Selector) -> HistoryPage:
    """The posts on a page; service messages («channel created») are left out."""
    found: dict[int, Message] = {}
    broken = 0
    for element in page.css(".tgme_widget_message[data-post]"):
        if "service_message" in element.attrib.get("class", ""):
            continue
        try:
            message = _message(element)
        except (ValueError, KeyError):
            broken += 1
            continue
        found[message.number] = message
    return HistoryPage([found[number] for number in sorted(found)], broken)


def _message(element: Selector) -> Message:
    replied = element.css("a.tgme_widget_message_reply")
    text = element.css(".tgme_widget_message_text.js-message_text")
    date = element.css("a.tgme_widget_message_date time[datetime]")
    if not date:
        raise ValueError("a message without a date")
    return Message(
        number=_number(element.attrib["data-post"]),
        html=text[-1].get() if text else "",
        published=datetime.fromisoformat(date[-1].attrib["datetime"]).astimezone(UTC),
        views=_count(element.css(".tgme_widget_message_views::text").get()),
        reply_to=_number(replied.attrib.get("href", "").split("?")[0]) if replied else None,
        reply_text=_joined(replied.css(".js-message_reply_text ::text").getall()) if replied else None,
        media=tuple(_media(element)),
    )


def _number(path: str) -> int:
    """78 of `chan/78`."""
    return int(path.rstrip("/").rpartition("/")[2])


def _joined(parts: list[str]) -> str | None:
    return " ".join(" ".join(parts).split()) or None


def _count(text: str | None) -> int | None:
    """12 300 of «12.3K»."""
    match = _COUNT.fullmatch((text or "").strip())
    if match is None:
        return None
    try:
        return round(float(match[1].replace(",", "")) * _SCALE[match[2].upper()])
    except ValueError:
        return None


def _media(element: Selector) -> list[Media]:
    """By the address of the post's view: those of the files change, which would look like an edit. A forwarded post
    links to its origin, where that is a channel; a person's name is not collected."""
    return [
        Media.model_validate({"kind": kind, "url": found.attrib.get("href")})
        for selector, kind in _MEDIA.items()
        for found in element.css(selector)
    ]
