"""A sink behind the real worker: half batches, refusals, receivers that come back, and sending again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bus import Bus, Record
from bus.memory import MemoryBus
from bus.worker import Retry, Worker
from schemas import IncidentEvent, headers
from schemas.topics import INCIDENTS, dead
from sinks import DeliveryFailed, When
from sinks.resend import Resent, resend
from sinks.step import SinkStep
from sinks.webhook import WebhookSink
from tests.sinks.conformance import by_incident
from tests.sinks.events import MORNING, event, story
from tests.sinks.receiver import Receiver, reply
from tests.sinks.test_webhook import open_sink

GROUP = "sink-test"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def sink(receiver: Receiver) -> Iterator[WebhookSink]:
    opened = open_sink(receiver)
    yield opened
    opened.close()


@pytest.fixture
def bus() -> Iterator[Bus]:
    opened = MemoryBus()
    opened.ensure_topics({INCIDENTS: 2, dead(INCIDENTS): 1})
    yield opened
    opened.close()


def publish(bus: Bus, events: list[IncidentEvent]) -> None:
    records = [
        Record(key=str(item.data.incident.id), value=item.encode(), time=item.time, headers=headers(item))
        for item in events
    ]
    bus.publish(INCIDENTS, records)


@contextmanager
def running(bus: Bus, step: SinkStep) -> Iterator[None]:
    worker = Worker(bus, [INCIDENTS], GROUP, step, name="sink-test", poll_timeout=0.05, chance=lambda: 0.01)
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield
    worker.stop()
    thread.join(60)
    assert not thread.is_alive()


def until(condition: Callable[[], bool]) -> None:
    event = threading.Event()
    for _ in range(6000):
        if condition():
            return
        event.wait(0.01)
    pytest.fail("it did not come in a minute")


def delivered(bus: Bus) -> bool:
    return sum(bus.group_lag(INCIDENTS, GROUP).values()) == 0


def test_only_what_the_filter_lets_through_arrives(bus, sink, receiver):
    publish(bus, [event(1), event(2, group="ЖКХ"), event(3)])
    with running(bus, SinkStep(sink, When.model_validate({"group": "ЖКХ"}))):
        until(lambda: delivered(bus))
    assert by_incident(receiver.taken) == {2: [1]}


def test_a_receiver_that_recovers_gets_every_event_once(bus, sink, receiver):
    receiver.replies = [reply(204), reply(204), reply(500), reply(503), reply(204), reply(500)]
    publish(bus, story(3, 3))
    with running(bus, SinkStep(sink, When())):
        until(lambda: delivered(bus))
    assert by_incident(receiver.taken) == {1: [1, 2, 3], 2: [1, 2, 3], 3: [1, 2, 3]}


def test_a_refused_event_is_set_aside_and_the_others_arrive_once_in_order(bus, receiver, sink):

    def refuse(handler: Any) -> None:
        reply(422 if receiver.attempts[-1]["webhook-id"] == "1.4" else 204)(handler)

    receiver.always = refuse
    publish(bus, story(1, 9))
    with capture_logs() as told, running(bus, SinkStep(sink, When())):
        until(lambda: delivered(bus))
    assert [one["event_id"] for one in told if one["event"] == "event_refused"] == ["1.4"]
    assert by_incident(receiver.taken) == {1: [1, 2, 3, 5, 6, 7, 8, 9]}
    [letter] = bus.read(dead(INCIDENTS))
    assert letter.record.headers["group"] == "sink-test"
    assert letter.record.headers["error"] == f"получатель «test» ({receiver.url}): ответ 422 на событие 1.4"


def test_a_dead_letter_that_is_replayed_is_sent_again(bus, receiver, sink):
    receiver.always = reply(422)
    publish(bus, [event()])
    with running(bus, SinkStep(sink, When())):
        until(lambda: delivered(bus))
        receiver.always = None
        [letter] = bus.read(dead(INCIDENTS))
        original = Record(letter.record.key, letter.record.value, letter.record.time, headers(IncidentEvent))
        bus.publish(INCIDENTS, [original])
        until(lambda: receiver.taken != [])
    assert by_incident(receiver.taken) == {1: [1]}


def test_retry_after_is_kept_to(bus, receiver, sink):
    seconds = [0.0]
    step = SinkStep(sink, When(), clock=lambda: seconds[0])
    publish(bus, [event()])
    records = bus.read(INCIDENTS)
    receiver.replies = [reply(429, retry_after="60")]
    for _ in range(3):
        with pytest.raises(Retry, match=r"ответ 429\. События дождутся; проверьте получателя\.$"):
            step.process(records)
    assert len(receiver.attempts) == 1
    seconds[0] = 60.0
    step.process(records)
    assert by_incident(receiver.taken) == {1: [1]}


def test_what_is_no_incident_event_is_set_aside(bus, receiver, sink):
    bus.publish(INCIDENTS, [Record("1", b"{}", MORNING, headers(IncidentEvent))])
    publish(bus, [event()])
    with running(bus, SinkStep(sink, When())):
        until(lambda: delivered(bus))
    assert by_incident(receiver.taken) == {1: [1]}
    assert [item.record.headers["error_type"] for item in bus.read(dead(INCIDENTS))] == ["ValidationError"]


def test_sending_again_from_a_moment(bus, sink, receiver):
    publish(bus, story(4, 10))
    seen: list[int] = []
    since = MORNING + timedelta(seconds=8)
    assert resend(bus, sink, When(), since, progress=seen.append) == Resent(12, ())
    assert by_incident(receiver.taken) == {number: [8, 9, 10] for number in (1, 2, 3, 4)}
    assert seen == [12]


def test_sending_again_goes_past_a_refusal_and_names_it(bus, sink, receiver):
    receiver.replies = [reply(204), reply(410)]
    publish(bus, story(1, 4))
    assert resend(bus, sink, When(), MORNING) == Resent(3, ("1.2",))
    assert by_incident(receiver.taken) == {1: [1, 3, 4]}


def test_sending_again_goes_on_where_it_stopped_as_long_as_it_is_told_to(bus, sink, receiver):
    receiver.replies = [reply(204), reply(503, retry_after="3"), reply(500)]
    publish(bus, story(1, 4))
    waits: list[float | None] = []

    def again(failure: DeliveryFailed) -> bool:
        waits.append(failure.retry_after)
        return True

    assert resend(bus, sink, When(), MORNING, again=again) == Resent(4, ())
    assert by_incident(receiver.taken) == {1: [1, 2, 3, 4]}
    assert waits == [3.0, None]
    receiver.always = reply(500)
    with pytest.raises(DeliveryFailed):
        resend(bus, sink, When(), MORNING)


def test_sending_again_when_there_is_nothing(bus, sink, receiver):
    assert resend(bus, sink, When(), MORNING) == Resent(0, ())
    publish(bus, story(1, 2))
    assert resend(bus, sink, When(), MORNING + timedelta(days=1)) == Resent(0, ())
    assert receiver.attempts == []


def test_more_than_a_batch_is_sent_again(bus, sink, receiver, monkeypatch):
    monkeypatch.setattr("sinks.resend.BATCH", 7)
    publish(bus, story(3, 10))
    assert resend(bus, sink, When(), MORNING).sent == 30
    assert by_incident(receiver.taken) == {number: list(range(1, 11)) for number in (1, 2, 3)}
