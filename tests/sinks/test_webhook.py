"""The webhook: conformance against a server that verifies signatures, and receivers that misbehave."""

import base64
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from pydantic import ValidationError

from sinks import DeliveryFailed, EventRefused, Sink
from sinks.http import retry_after
from sinks.webhook import WebhookSettings, WebhookSink
from tests.sinks.conformance import SinkConformance, Target
from tests.sinks.events import event, story
from tests.sinks.receiver import SECRET, Receiver, reply

NOW = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)


def open_sink(receiver: Receiver, **settings: Any) -> WebhookSink:
    given = {"url": receiver.url, "secret": SECRET, "allow_private": True, **settings}
    return WebhookSink(WebhookSettings.model_validate(given), "test")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


class WebhookTarget(Target):
    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def open(self) -> Sink:
        return open_sink(self.receiver)

    def received(self) -> list[Mapping[str, Any]]:
        return list(self.receiver.taken)

    @contextmanager
    def down(self) -> Iterator[Sink]:
        self.receiver.always = reply(503)
        yield self.open()
        self.receiver.always = None


class TestConformance(SinkConformance):
    @pytest.fixture
    def target(self, receiver: Receiver) -> WebhookTarget:
        return WebhookTarget(receiver)


def failure(sink: WebhookSink) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as error:
        sink.deliver([event()])
    sink.close()
    return error.value


def test_headers_are_those_of_cloudevents_and_standard_webhooks(receiver):
    sink = open_sink(receiver)
    sink.deliver([event(7, 2)])
    sink.close()
    [headers] = receiver.attempts
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert headers["webhook-id"] == "7.2"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert headers["webhook-signature"].startswith("v1,")
    assert headers["user-agent"] == "Otklik"


def test_connections_are_used_again(receiver):
    sink = open_sink(receiver)
    receiver.replies = [reply(200, b"x" * 1000), reply(200, b"{}"), reply(204)]
    sink.deliver(story(1, 3))
    sink.close()
    assert [item["id"] for item in receiver.taken] == ["1.1", "1.2", "1.3"]


def test_a_batch_that_stops_half_way_says_how_far_it_got(receiver):
    receiver.replies = [reply(204), reply(204), reply(500)]
    sink = open_sink(receiver)
    with pytest.raises(DeliveryFailed) as error:
        sink.deliver(story(1, 5))
    sink.close()
    assert error.value.taken == 2
    assert str(error.value) == (
        f"получатель «test» ({receiver.url}): ответ 500. События дождутся; проверьте получателя."
    )
    assert len(receiver.attempts) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 422])
def test_a_refused_event_is_named(receiver, status: int):
    receiver.replies = [reply(204), reply(status)]
    sink = open_sink(receiver)
    with pytest.raises(EventRefused) as error:
        sink.deliver(story(1, 3))
    sink.close()
    assert (error.value.event_id, error.value.taken) == ("1.2", 1)
    assert error.value.reason == f"получатель «test» ({receiver.url}): ответ {status} на событие 1.2"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_later_is_not_never(receiver, status: int):
    receiver.always = reply(status, retry_after="17")
    assert failure(open_sink(receiver)).retry_after == 17.0


def test_a_receiver_that_hangs_is_given_up(receiver):
    receiver.always = receiver.hang
    assert str(failure(open_sink(receiver, timeout=0.2))) == (
        f"получатель «test» ({receiver.url}): не ответил за 0.2 с. События дождутся; проверьте получателя."
    )


def test_a_redirect_is_not_followed(receiver):
    with Receiver() as other:
        receiver.always = reply(307, location=other.url)
        assert str(failure(open_sink(receiver))) == (
            f"получатель «test» ({receiver.url}): ответ 307, перенаправление. Укажите в url окончательный адрес."
        )
        assert other.attempts == []


def test_a_private_address_is_refused_unless_allowed(receiver):
    assert str(failure(open_sink(receiver, allow_private=False))) == (
        f"получатель «test» ({receiver.url}): адрес не из открытого интернета. "
        "Если получатель и правда в вашей сети, поставьте allow_private: true."
    )
    assert receiver.attempts == []


def test_nobody_at_the_port(receiver):
    url = "http://127.0.0.1:1/events"
    assert str(failure(open_sink(receiver, url=url))) == (
        f"получатель «test» ({url}): нет связи ([Errno 111] Connection refused). "
        "События дождутся; проверьте получателя."
    )


def test_an_endless_answer_is_not_read(receiver):
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        try:
            while not receiver.closing.is_set():
                handler.wfile.write(b"x" * 65536)
        except ConnectionError:
            pass

    receiver.replies = [endless]
    sink = open_sink(receiver)
    sink.deliver(story(1, 2))
    sink.close()
    assert len(receiver.attempts) == 2


def test_another_secret_is_refused(receiver):
    sink = open_sink(receiver, secret="whsec_" + base64.b64encode(b"y" * 32).decode())
    with pytest.raises(EventRefused):
        sink.deliver([event()])
    sink.close()
    assert receiver.taken == []


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (200, None),
        (405, None),
        (401, "ответ 401. Получатель не пускает: сверьте адрес и секрет."),
        (404, "ответ 404. По этому адресу никто не принимает: проверьте url."),
        (302, "ответ 302, перенаправление. Укажите в url окончательный адрес."),
        (500, "ответ 500. События дождутся; проверьте получателя."),
    ],
)
def test_check_reads_the_answer_to_options(receiver, status: int, says: str | None):
    receiver.always = reply(status)
    sink = open_sink(receiver)
    assert sink.check() == (says and f"получатель «test» ({receiver.url}): {says}")
    sink.close()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        ("Tue, 10 Mar 2026 07:00:30 GMT", 30.0),
        ("Tue, 10 Mar 2026 06:00:00 GMT", 0.0),
        ("Tue, 10 Mar 2026 07:00:30 -0000", 30.0),
        ("99999999", 3600.0),
        ("-5", None),
        ("скоро", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None):
    assert retry_after(header, NOW) == seconds


def test_a_weak_secret_is_a_mistake_and_is_not_shown():
    with pytest.raises(ValidationError) as error:
        WebhookSettings.model_validate({"url": "https://example.org/", "secret": "пароль"})
    assert error.value.errors(include_input=False)[0]["msg"] == (
        "Value error, секрет — от 24 до 64 случайных байтов в base64, можно с приставкой whsec_; "
        "новый даёт команда: openssl rand -base64 32"
    )
    assert SECRET not in repr(WebhookSettings.model_validate({"url": "https://example.org/", "secret": SECRET}))


def test_an_address_that_is_none_is_a_mistake():
    with pytest.raises(ValidationError) as error:
        WebhookSettings.model_validate({"url": "example.org", "secret": SECRET})
    assert error.value.errors()[0]["msg"] == (
        "Value error, «example.org» — не адрес; он начинается с https:// или http://"
    )
