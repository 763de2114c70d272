"""Everything since the last time, at once: on a real bus, with a clock of our own."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError
from structlog.testing import capture_logs

from bus import Bus, Record, dead_letters
from bus.memory import MemoryBus
from bus.sqlite import SqliteBus
from schemas import CloudEvent, IncidentEvent, headers
from schemas.topics import INCIDENTS, dead
from sinks import DeliveryFailed, EventRefused, When
from sinks.schedule import Schedule, last_due
from sinks.scheduled import MOST, Scheduled
from tests.sinks.events import MORNING, event, story
from tests.sinks.test_step import until

GROUP = "sink-test"
ZONE = ZoneInfo("Asia/Yekaterinburg")
EIGHT = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)
"""The first 8:00 of Yekaterinburg after the events of `MORNING`."""


class Keeps:
    """A sink that remembers its batches; it fails as often as it is told."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.failures: list[Exception] = []

    def deliver(self, events: Sequence[CloudEvent]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append([one.id for one in events])

    def check(self) -> str | None:
        return None

    def close(self) -> None:
        pass


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(params=["memory", "sqlite"])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bus]:
    opened: Bus = MemoryBus() if request.param == "memory" else SqliteBus(tmp_path / "bus.db")
    opened.ensure_topics({INCIDENTS: 2, dead(INCIDENTS): 1})
    yield opened
    opened.close()


@pytest.fixture
def sink() -> Keeps:
    return Keeps()


def publish(bus: Bus, events: list[IncidentEvent]) -> None:
    bus.publish(INCIDENTS, [Record(one.subject, one.encode(), one.time, headers(one)) for one in events])


@contextmanager
def running(bus: Bus, sink: Keeps, clock: Clock, **given: Any) -> Iterator[Scheduled]:
    when = When.model_validate(given.pop("when", {}))
    pause = threading.Event()
    loop = Scheduled(
        bus, GROUP, sink, when, schedule="0 8 * * *", zone=ZONE, now=clock, sleep=lambda _: pause.wait(0.01), **given
    )
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        yield loop
    finally:
        loop.stop()
        thread.join(10)
    assert not thread.is_alive()


def waiting(bus: Bus) -> int:
    return sum(bus.group_lag(INCIDENTS, GROUP).values())


def settle(bus: Bus, sink: Keeps, clock: Clock, batches: int) -> None:
    """Until so many batches have come and their events are committed."""
    until(lambda: len(sink.batches) >= batches and waiting(bus) == 0)


def test_all_that_happened_comes_at_the_moment_due_and_not_before(bus, sink):
    clock = Clock(MORNING + timedelta(hours=1))
    publish(bus, story(2, 2))
    with running(bus, sink, clock):
        threading.Event().wait(0.5)
        publish(bus, [event(1, 3)])
        assert sink.batches == []
        assert waiting(bus) == 5
        clock.now = EIGHT
        settle(bus, sink, clock, 1)
    [batch] = sink.batches
    assert sorted(batch) == ["1.1", "1.2", "1.3", "2.1", "2.2"]


def test_a_letter_missed_while_nothing_ran_goes_out_at_the_start(bus, sink):
    publish(bus, story(2, 2))
    with running(bus, sink, Clock(EIGHT + timedelta(days=3, hours=5))):
        settle(bus, sink, Clock(EIGHT), 1)
    assert len(sink.batches) == 1
    assert len(sink.batches[0]) == 4


def test_what_came_after_the_moment_waits_for_the_next(bus, sink):
    clock = Clock(EIGHT + timedelta(hours=1))
    late = event(1, 1).model_copy(update={"time": EIGHT + timedelta(minutes=30)})
    publish(bus, [late])
    with running(bus, sink, clock):
        threading.Event().wait(0.5)
        assert sink.batches == []
        clock.now = EIGHT + timedelta(days=1)
        settle(bus, sink, clock, 1)
    assert sink.batches == [["1.1"]]


def test_a_receiver_that_fails_is_tried_again_and_nothing_is_lost(bus, sink):
    sink.failures = [
        DeliveryFailed("нет связи"),
        EventRefused("не нравится", "1.1"),
        DeliveryFailed("занято", retry_after=3),
    ]
    publish(bus, story(1, 3))
    with capture_logs() as logged, running(bus, sink, Clock(EIGHT), chance=lambda: 0.01):
        settle(bus, sink, Clock(EIGHT), 1)
    assert sink.batches == [["1.1", "1.2", "1.3"]]
    assert [one["reason"] for one in logged if one["event"] == "delivery_failed"] == [
        "нет связи",
        "не нравится",
        "занято",
    ]


def test_another_try_is_of_the_same_events_and_later_ones_wait(bus, sink):
    sink.failures = [DeliveryFailed("занято")]
    publish(bus, story(1, 3))
    late = event(1, 4).model_copy(update={"time": EIGHT + timedelta(minutes=1)})
    clock = Clock(EIGHT)
    with running(bus, sink, clock, chance=lambda: publish(bus, [late]) or 0.5):
        until(lambda: len(sink.batches) == 1 and waiting(bus) == 1)
        assert sink.batches == [["1.1", "1.2", "1.3"]]
        clock.now = EIGHT + timedelta(days=1)
        settle(bus, sink, clock, 2)
    assert sink.batches == [["1.1", "1.2", "1.3"], ["1.4"]]


def test_what_is_not_delivered_comes_again_after_a_restart(bus, sink):
    clock = Clock(MORNING + timedelta(hours=1))
    publish(bus, story(1, 3))
    with running(bus, sink, clock):
        threading.Event().wait(0.3)
    assert (sink.batches, waiting(bus)) == ([], 3)
    clock.now = EIGHT
    with running(bus, sink, clock):
        settle(bus, sink, clock, 1)
    assert sink.batches == [["1.1", "1.2", "1.3"]]


def test_another_process_takes_over_what_is_held(bus, sink):
    clock, other = Clock(MORNING + timedelta(hours=1)), Keeps()
    publish(bus, story(9, 1))
    with running(bus, sink, clock):
        threading.Event().wait(0.3)
        with running(bus, other, clock):
            threading.Event().wait(0.5)
            clock.now = EIGHT
            until(lambda: waiting(bus) == 0)
    found = sorted(id_ for batch in [*sink.batches, *other.batches] for id_ in batch)
    assert found == sorted(f"{number}.1" for number in range(1, 10))


def test_only_what_is_wanted_and_nothing_is_no_letter(bus, sink):
    publish(bus, story(2, 3))
    with running(bus, sink, Clock(EIGHT), when={"events": ["overdue"]}):
        until(lambda: waiting(bus) == 0)
    assert sink.batches == []


def test_a_record_that_is_no_event_is_set_aside(bus, sink):
    bus.publish(INCIDENTS, [Record("1", b"nonsense", MORNING, headers(IncidentEvent))])
    publish(bus, [event(1, 1)])
    with running(bus, sink, Clock(EIGHT)):
        settle(bus, sink, Clock(EIGHT), 1)
    assert sink.batches == [["1.1"]]
    [letter] = dead_letters.waiting(bus, INCIDENTS)
    assert (letter.record.value, letter.group) == (b"nonsense", GROUP)


def test_more_than_memory_should_hold_comes_in_parts(bus, sink, monkeypatch):
    monkeypatch.setattr("sinks.scheduled.MOST", 10)
    assert MOST == 20_000
    publish(bus, story(5, 5))
    with running(bus, sink, Clock(EIGHT)):
        settle(bus, sink, Clock(EIGHT), 3)
    assert sorted(map(len, sink.batches)) == [5, 10, 10]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("schedule", "now", "due"),
    [
        ("0 8 * * *", "2026-03-11T08:00", "2026-03-11T08:00"),
        ("0 8 * * *", "2026-03-11T07:59", "2026-03-10T08:00"),
        ("0 8 * * 1-5", "2026-03-15T12:00", "2026-03-13T08:00"),
        ("*/30 * * * *", "2026-03-11T07:59", "2026-03-11T07:30"),
        ("0 9 1 * *", "2026-03-11T07:59", "2026-03-01T09:00"),
    ],
)
def test_the_last_moment_due_is_by_the_regions_clock(schedule: str, now: str, due: str):
    assert last_due(schedule, at(now).astimezone(UTC), ZONE) == at(due)


def test_a_schedule_that_names_no_day_is_never_due(bus, sink):
    assert last_due("0 8 30 2 *", EIGHT, ZONE) is None


@pytest.mark.parametrize("line", ["8:00", "0 8 * *", "0 25 * * *", "каждый день", "0 8 * * * *"])
def test_what_is_no_schedule(line: str):
    with pytest.raises(ValidationError) as error:
        TypeAdapter(Schedule).validate_python(line)
    assert str(error.value.errors()[0]["ctx"]["error"]) == (
        f"«{line}» — не расписание: нужны пять полей cron, например «0 8 * * 1-5» (по будням в 8:00, время региона)"
    )
