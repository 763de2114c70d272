"""Messages by a bot, against a server that speaks the Bot API."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from schemas import IncidentEvent
from schemas.words import EVENTS
from sinks import DeliveryFailed, EventRefused, Sink
from sinks.message import line
from sinks.telegram import TelegramSettings, TelegramSink
from tests.sinks.bot_api import CHAT, TOKEN, BotApi, failure
from tests.sinks.conformance import SinkConformance, Target
from tests.sinks.events import MORNING, digest, event, story

ZONE = ZoneInfo("Asia/Yekaterinburg")
NAME = f"получатель «test» (Telegram, чат {CHAT})"


def open_sink(server: BotApi, **settings: Any) -> TelegramSink:
    given = {"token": TOKEN, "chat": CHAT, "api": server.url, "allow_private": True, **settings}
    return TelegramSink(TelegramSettings.model_validate(given), "test", ZONE)


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as server:
        yield server


TYPES = {word.capitalize(): type_ for type_, word in EVENTS.items()}


def read(message: str) -> list[dict[str, Any]]:
    """The events of a message, as a person tells them apart."""
    found: list[dict[str, Any]] = []
    for part in message.split("\n\n"):
        lines = part.splitlines()
        if lines[-1].startswith("Сводка "):
            found.append({"id": lines[-1].removeprefix("Сводка "), "type": "source.digest"})
            continue
        word, _, title = lines[0].partition(": ")
        number = re.fullmatch(r"№(\d+)\.(\d+)", lines[-1])
        assert number is not None
        incident = {"id": int(number[1]), "sequence": int(number[2]), "title": title}
        found.append({"id": lines[-1].removeprefix("№"), "type": TYPES[word], "data": {"incident": incident}})
    return found


class TelegramTarget(Target):
    whole = False

    def __init__(self, api: BotApi) -> None:
        self.api = api

    def open(self) -> Sink:
        return open_sink(self.api)

    def received(self) -> list[Mapping[str, Any]]:
        return [one for message in self.api.messages for one in read(message["text"])]

    def shown(self, title: str) -> str:
        return line(title)

    @contextmanager
    def down(self) -> Iterator[Sink]:
        self.api.always = failure(502, "Bad Gateway")
        yield self.open()
        self.api.always = None


class TestConformance(SinkConformance):
    @pytest.fixture
    def target(self, api: BotApi) -> TelegramTarget:
        return TelegramTarget(api)


@pytest.mark.parametrize(
    ("actor", "settings", "shown"),
    [("Петрова", {}, False), ("Петрова", {"comments": True}, True), ("otklik", {}, True)],
)
def test_what_an_official_wrote_freely_is_shown_to_who_asks_for_it(api, actor, settings, shown):
    one = event(1, 2, "incident.rejected")
    said = {"actor": actor, "comment": "Гражданка Иванова отозвала жалобу"}
    sink = open_sink(api, **settings)
    sink.deliver([one.model_copy(update={"data": one.data.model_copy(update=said)})])
    sink.close()
    [message] = api.messages
    assert ("Иванова" in message["text"]) is shown


def failed(sink: TelegramSink, *events: IncidentEvent) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as error:
        sink.deliver(events or [event()])
    sink.close()
    return error.value


def test_a_message_says_what_where_who_and_by_when(api):
    sink = open_sink(api, link="https://console.example.org/incidents/{id}", thread=7)
    one = event(
        7, 2, "incident.assigned",
        authority_name="Администрация Касли", answer_due=MORNING, urls=("https://vk.com/wall-1_2",), urgency="now",
    )  # fmt: skip
    sink.deliver([one])
    sink.close()
    assert api.messages == [
        {
            "chat_id": CHAT,
            "message_thread_id": 7,
            "link_preview_options": {"is_disabled": True},
            "text": "Передан: В Касли на улице Лобашова не горят фонари\n"
            "Срочность: срочно, публикаций: 1, отвечает: Администрация Касли, ответить до 10.03.2026 11:30\n"
            "https://vk.com/wall-1_2\n"
            "https://console.example.org/incidents/7\n"
            "№7.2",
        }
    ]


def test_a_message_says_why_and_how_the_terms_moved(api):
    told = {"comment": "это не учения", "terms": "срок ответа: 03.03.2026 14:00 → 04.03.2026 14:00"}
    one = event(7, 2, "incident.reopened")
    sink = open_sink(api)
    sink.deliver([one.model_copy(update={"data": one.data.model_copy(update=told)})])
    sink.close()
    assert [message["text"].splitlines()[2:] for message in api.messages] == [[*told.values(), "№7.2"]]


def test_a_digest_of_sources_is_its_summary(api):
    sink = open_sink(api)
    sink.deliver([digest(3)])
    sink.close()
    assert [one["text"] for one in api.messages] == ["Не работают источники: vk-kasli.\nСводка test.3"]


def test_a_storm_of_events_shares_messages(api):
    sink = open_sink(api)
    sink.deliver(story(1, 25))
    sink.close()
    assert [len(read(one["text"])) for one in api.messages] == [10, 10, 5]


def test_long_titles_are_cut_to_what_telegram_takes(api):
    sink = open_sink(api)
    sink.deliver([event(1, 1, title="🌲" * 3000), event(1, 2, title="я" * 3000), event(1, 3, title="я" * 3000)])
    sink.close()
    assert len(api.messages) == 3
    assert api.messages[0]["text"].endswith("🌲…")


def test_a_flood_wait_is_kept_and_what_was_sent_is_counted(api):
    api.failures = [None, failure(429, "Too Many Requests: retry after 35", retry_after=35)]
    error = failed(open_sink(api), *story(1, 15))
    assert (str(error), error.taken, error.retry_after) == (
        f"{NAME}: слишком много сообщений, Telegram просит подождать. События дождутся.", 10, 35.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (failure(401, "Unauthorized"), "Telegram не знает такого бота. Проверьте token: его даёт @BotFather."),
        (
            failure(403, "Forbidden: bot was kicked from the supergroup chat"),
            "боту туда не написать (Forbidden: bot was kicked from the supergroup chat). "
            "Добавьте бота в чат с правом писать и проверьте chat.",
        ),
        (
            failure(400, "Bad Request: chat not found"),
            "боту туда не написать (Bad Request: chat not found). "
            "Добавьте бота в чат с правом писать и проверьте chat.",
        ),
        (
            failure(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-100987),
            "группа стала супергруппой. Укажите в chat новый номер: -100987.",
        ),
        (failure(500, "Internal Server Error"), "ответ 500. События дождутся; проверьте получателя."),
    ],
)
def test_what_no_event_is_at_fault_for_waits_and_check_says_the_same(api, answer, says: str):
    api.always = answer
    sink = open_sink(api)
    assert sink.check() == f"{NAME}: {says}"
    assert str(failed(sink)) == f"{NAME}: {says}"


def test_a_text_that_telegram_does_not_take_is_set_aside(api):
    api.failures = [failure(400, "Bad Request: can't parse entities")]
    sink = open_sink(api)
    with pytest.raises(EventRefused) as error:
        sink.deliver([event(5, 1)])
    sink.close()
    assert (error.value.event_id, error.value.reason) == (
        "5.1", f"{NAME}: сообщение не принято (Bad Request: can't parse entities)",
    )  # fmt: skip


def test_of_a_message_of_several_it_is_found_out_which_one(api):
    bad = failure(400, "Bad Request: can't parse entities")
    api.failures = [bad, None, bad]
    sink = open_sink(api)
    with pytest.raises(EventRefused) as error:
        sink.deliver(story(1, 3))
    sink.close()
    assert (error.value.event_id, error.value.taken) == ("1.2", 1)
    assert [read(one["text"])[0]["id"] for one in api.messages] == ["1.1"]


def test_the_token_stands_in_no_message_and_no_log(api, caplog):
    caplog.set_level(logging.DEBUG)
    sink = open_sink(api, api="http://127.0.0.1:1")
    error = failed(sink)
    good = open_sink(api)
    good.deliver([event()])
    good.close()
    assert str(error) == f"{NAME}: нет связи ([Errno 111] Connection refused). События дождутся; проверьте получателя."
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("chat", ["дежурные", "@ab", "12a", ""])
def test_a_chat_is_a_number_or_a_name(chat: str):
    with pytest.raises(ValidationError):
        TelegramSettings.model_validate({"token": TOKEN, "chat": chat})
