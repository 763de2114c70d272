"""A chat in Telegram, by a bot: https://core.telegram.org/bots/api#sendmessage."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import orjson
from pydantic import AfterValidator, Field, SecretStr

from schemas import CloudEvent
from sinks.base import DeliveryFailed, EventRefused, SinkSettings
from sinks.http import LONGEST_WAIT, Answer, Endpoint, http_url
from sinks.message import Link, text

API = "https://api.telegram.org"
LONGEST = 4096
"""UTF-16 units of a message: the Bot API says characters and counts these."""
SEVERAL = 10
"""Events in one message. A group may get 20 messages a minute (https://core.telegram.org/bots/faq), and nobody reads
more lines than these at once."""


_CLOSED = ("chat not found", "not enough rights", "thread not found", "topic_closed", "chat_write")
"""In the descriptions of errors 400."""


class TelegramSettings(SinkSettings):
    token: SecretStr = Field(min_length=1)
    """The bot's, from @BotFather."""
    chat: str = Field(pattern=r"^(@[A-Za-z0-9_]{4,}|-?\d{1,20})$", coerce_numbers_to_str=True)
    """`@name` of a public channel or group, or a number: the bot must be a member."""
    thread: int | None = None
    """A topic of a forum group."""
    link: Link | None = None
    comments: bool = False
    """Officials write them freely, names of residents too, and a chat may be open to everybody."""
    api: Annotated[str, AfterValidator(http_url)] = API
    """A Bot API server of one's own: https://github.com/tdlib/telegram-bot-api."""
    timeout: float = Field(default=15.0, gt=0, le=60)
    allow_private: bool = False


class TelegramSink:
    """Events that come together share messages, so that a storm of them doesn't run into Telegram's limits."""

    def __init__(self, settings: TelegramSettings, id: str, zone: ZoneInfo) -> None:
        self._settings = settings
        self._zone = zone
        self._base = f"{settings.api.rstrip('/')}/bot{settings.token.get_secret_value()}"
        shown = f"Telegram, чат {settings.chat}"
        self._endpoint = Endpoint(
            id, settings.api, timeout=settings.timeout, allow_private=settings.allow_private, shown=shown
        )

    def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Send the events as messages, in order.

        Raises:
            DeliveryFailed: no answer, a flood wait, a bot that may not write there: no event is at fault.
            EventRefused: Telegram does not take the text of this event.
        """
        taken, settings = 0, self._settings
        texts = [text(event, self._zone, settings.link, comments=settings.comments) for event in events]
        for message, count in _messages(texts):
            given: dict[str, Any] = {
                "chat_id": settings.chat,
                "text": message,
                "link_preview_options": {"is_disabled": True},
            }
            if settings.thread is not None:
                given["message_thread_id"] = settings.thread
            try:
                answer, body = self._call("sendMessage", given)
            except httpx.HTTPError as error:
                raise DeliveryFailed(self._endpoint.no_answer(error), taken=taken) from error
            if not answer.is_taken:
                self._refuse(answer, body, events[taken : taken + count], taken)
            taken += count

    def check(self) -> str | None:
        """Asks for the bot and for the chat; writes nothing."""
        for method, given in (("getMe", {}), ("getChat", {"chat_id": self._settings.chat})):
            try:
                answer, body = self._call(method, given)
            except httpx.HTTPError as error:
                return self._endpoint.no_answer(error)
            if not answer.is_taken:
                return self._reason(answer, body)
        return None

    def close(self) -> None:
        self._endpoint.close()

    def _call(self, method: str, given: dict[str, Any]) -> tuple[Answer, dict[str, Any]]:
        answer = self._endpoint.send("POST", f"{self._base}/{method}", json=given)
        try:
            body = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            body = {}
        return answer, body if isinstance(body, dict) else {}

    def _refuse(self, answer: Answer, body: dict[str, Any], events: Sequence[CloudEvent], taken: int) -> None:
        """Raise what this answer means for a message of these events; return where they were taken one by one."""
        reason = self._reason(answer, body)
        if answer.status != 400 or _is_about_the_chat(body):
            wait = (body.get("parameters") or {}).get("retry_after")
            raise DeliveryFailed(reason, taken=taken, retry_after=min(float(wait), LONGEST_WAIT) if wait else None)
        if len(events) == 1:
            raise EventRefused(reason, events[0].id, taken=taken)
        for sent, event in enumerate(events):  # which of them is it?
            try:
                self.deliver([event])
            except DeliveryFailed as failed:
                raise DeliveryFailed(str(failed), taken=taken + sent, retry_after=failed.retry_after) from failed
            except EventRefused as refused:
                raise EventRefused(refused.reason, event.id, taken=taken + sent) from refused

    def _reason(self, answer: Answer, body: dict[str, Any]) -> str:
        name, said = self._endpoint.name, str(body.get("description", ""))
        moved = (body.get("parameters") or {}).get("migrate_to_chat_id")
        if answer.status in {401, 404}:
            return f"{name}: Telegram не знает такого бота. Проверьте token: его даёт @BotFather."
        if moved:
            return f"{name}: группа стала супергруппой. Укажите в chat новый номер: {moved}."
        if answer.status == 403 or _is_about_the_chat(body):
            return f"{name}: боту туда не написать ({said}). Добавьте бота в чат с правом писать и проверьте chat."
        if answer.status == 429:
            return f"{name}: слишком много сообщений, Telegram просит подождать. События дождутся."
        if answer.status == 400:
            return f"{name}: сообщение не принято ({said})"
        return self._endpoint.bad_status(answer.status)


def _is_about_the_chat(body: dict[str, Any]) -> bool:
    """A 400 that any message would get."""
    said = str(body.get("description", "")).lower()
    moved = "migrate_to_chat_id" in (body.get("parameters") or {})
    return moved or any(reason in said for reason in _CLOSED)


def _messages(texts: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Messages, each with how many of the texts it holds."""
    held: list[str] = []
    for one in texts:
        cut = _cut(one)
        if held and (len(held) == SEVERAL or _units("\n\n".join([*held, cut])) > LONGEST):
            yield "\n\n".join(held), len(held)
            held = []
        held.append(cut)
    if held:
        yield "\n\n".join(held), len(held)


def _units(message: str) -> int:
    return len(message.encode("utf-16-le", "replace")) // 2


def _cut(message: str) -> str:
    if _units(message) <= LONGEST:
        return message
    kept = message.encode("utf-16-le", "replace")[: 2 * (LONGEST - 1)]
    return kept.decode("utf-16-le", "ignore") + "…"
