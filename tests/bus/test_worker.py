"""The worker loop, on the memory bus with a clock that does not wait."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bus import Bus, NoSpace, Received, Record, metrics
from bus.memory import MemoryBus
from bus.worker import LONGEST_WAIT, Retry, TooManyFailures, Worker

T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def filled(count: int, partitions: int = 1, headers: dict[str, str] | None = None) -> Bus:
    bus = MemoryBus()
    bus.ensure_topics({"posts": partitions})
    bus.publish(
        "posts", [Record(f"k{n % 5}", b"%d" % n, T0 + timedelta(seconds=n), headers or {}) for n in range(count)]
    )
    return bus


class Recorder:
    """A step that keeps what it was given, and stops its worker when `enough` records have had their effect."""

    def __init__(self, enough: int, fail: Callable[[int], Exception | None] = lambda n: None) -> None:
        self.enough = enough
        self.fail = fail
        self.calls: list[list[int]] = []
        self.effects: set[int] = set()
        self.worker: Worker | None = None

    def process(self, records: Sequence[Received]) -> None:
        numbers = [int(r.record.value) for r in records]
        self.calls.append(numbers)
        for number in numbers:
            problem = self.fail(number)
            if problem is not None:
                raise problem
            self.effects.add(number)
            if len(self.effects) >= self.enough and self.worker is not None:
                self.worker.stop()


def worker(bus: Bus, step: Recorder, *, naps: list[float] | None = None, **options: object) -> Worker:
    slept: list[float] = [] if naps is None else naps
    options.setdefault("poll_timeout", 0.05)
    made = Worker(
        bus,
        ["posts"],
        "group",
        step,
        name="test",
        sleep=slept.append,
        chance=lambda: 1.0,
        now=lambda: T0,
        **options,  # type: ignore[arg-type]
    )
    step.worker = made
    return made


def test_batches_are_processed_in_order_and_committed() -> None:
    bus, step = filled(600), Recorder(600)
    worker(bus, step).run()
    assert [len(call) for call in step.calls] == [256, 256, 88]
    assert [n for call in step.calls for n in call] == list(range(600))
    assert bus.group_lag("posts", "group") == {0: 0}


def test_a_retry_waits_longer_each_time_and_sets_nothing_aside() -> None:
    attempts = {"left": 12}

    def unavailable(_: int) -> Exception | None:
        attempts["left"] -= 1
        return Retry("store is away") if attempts["left"] >= 0 else None

    bus, step, naps = filled(10), Recorder(99, unavailable), []
    made = worker(bus, step, naps=naps)
    step.fail = lambda n: unavailable(n) or (made.stop() if n == 9 else None)
    made.run()
    assert step.effects == set(range(10))
    assert bus.ends("posts.dead") == {0: 0}
    assert bus.group_lag("posts", "group") == {0: 0}
    # Waits are cut into slices that keep the membership alive.
    assert max(naps) == 0.5
    expected = sum(min(0.2 * 2**n, LONGEST_WAIT) for n in range(12))
    assert sum(naps) == pytest.approx(expected)


def test_the_failing_record_is_found_and_set_aside_with_its_story() -> None:
    bus, step = (
        filled(100, headers={"schema": "post/1"}),
        Recorder(99, lambda n: ValueError("no") if n == 41 else None),
    )
    worker(bus, step).run()
    assert step.effects == set(range(100)) - {41}
    assert step.calls.count([41]) == 3
    (dead,) = bus.read("posts.dead")
    assert dead.record == Record(
        "k1",
        b"41",
        T0 + timedelta(seconds=41),
        {
            "schema": "post/1",
            "error": "no",
            "error_type": "ValueError",
            "failed_at": "2026-03-01T08:00:00+00:00",
            "group": "group",
            "origin_topic": "posts",
            "origin_partition": "0",
            "origin_offset": "41",
        },
    )
    assert bus.group_lag("posts", "group") == {0: 0}


def test_a_step_that_fails_once_sets_nothing_aside() -> None:
    failures = [41]
    bus, step = filled(100), Recorder(100)
    step.fail = lambda n: OSError("once") if n in failures and not failures.remove(n) else None  # type: ignore[func-returns-value]
    worker(bus, step).run()
    assert step.effects == set(range(100))
    assert bus.ends("posts.dead") == {0: 0}


def test_the_worker_stops_when_most_records_fail() -> None:
    bus, step = filled(100), Recorder(10**6, lambda n: ValueError("bad deploy"))
    with pytest.raises(TooManyFailures) as caught:
        worker(bus, step).run()
    assert str(caught.value) == (
        "Обработчик «test» остановлен: из последних 10 записей не удалось обработать 10. Похоже на ошибку программы "
        "или настройки, а не данных (ValueError). Исправьте её и запустите otklik снова: необработанные записи "
        "остались в теме."
    )
    assert sum(bus.ends("posts.dead").values()) == 9
    assert bus.group_lag("posts", "group") == {0: 100}


@pytest.mark.parametrize(("every", "stops"), [(2, False), (3, False), (1, True)])
def test_the_stop_rule_wants_more_than_half(every: int, stops: bool) -> None:
    bus, step = filled(199), Recorder(199 - 199 // every, lambda n: ValueError("x") if n % every == every - 1 else None)
    made = worker(bus, step, batch=1)
    if stops:
        with pytest.raises(TooManyFailures):
            made.run()
    else:
        made.run()
        assert sum(bus.ends("posts.dead").values()) == 199 // every


def test_a_stop_finishes_and_commits_the_batch_in_hand() -> None:
    bus, step = filled(100), Recorder(1)
    worker(bus, step, batch=30).run()
    assert step.calls == [list(range(30))]
    assert bus.group_lag("posts", "group") == {0: 70}


def test_a_stop_while_waiting_commits_what_was_done() -> None:
    bus = filled(8)
    step = Recorder(99)
    made = worker(bus, step)

    def fail(n: int) -> Exception | None:
        if n == 6:
            if [6, 7] in step.calls:
                made.stop()
                return Retry("receiver is away")
            return ValueError("bisect")
        return None

    step.fail = fail
    made.run()
    assert bus.group_lag("posts", "group") == {0: 2}
    assert bus.ends("posts.dead") == {0: 0}


def test_a_joining_member_takes_over_while_the_first_waits() -> None:
    """A step that retries for ever does not hold the group up, and commits nothing of what it gave away."""
    bus = filled(50, partitions=4)
    made = Worker(bus, ["posts"], "group", Recorder(99, lambda n: Retry("away")), name="test", poll_timeout=0.05)
    thread = threading.Thread(target=made.run)
    thread.start()
    received: list[Received] = []
    second = bus.consume(["posts"], "group")
    deadline = time.monotonic() + 60
    try:
        while len(received) < 50 and time.monotonic() < deadline:
            received += second.poll(100, 0.1)
            if received:  # its share came while the first was waiting; the rest comes when that one leaves
                made.stop()
        thread.join(60)
    finally:
        made.stop()
        second.close()
    assert sorted(int(r.record.value) for r in received) == list(range(50))


def test_a_partition_that_goes_and_comes_back_within_one_poll_loses_nothing() -> None:
    bus = filled(0, partitions=2)
    step = Recorder(20)
    made = Worker(bus, ["posts"], "group", step, name="test", poll_timeout=20)
    step.worker = made
    thread = threading.Thread(target=made.run)
    thread.start()
    second = bus.consume(["posts"], "group")
    deadline = time.monotonic() + 60
    while not second.lag():  # the first gives its share from within its long poll
        second.poll(1, 0.05)
        assert time.monotonic() < deadline
    second.close()
    time.sleep(0.2)  # and has it back
    bus.publish("posts", [Record(f"k{n % 5}", b"%d" % n, T0) for n in range(20)])
    thread.join(60)
    made.stop()
    assert step.effects == set(range(20))
    assert bus.group_lag("posts", "group") == {0: 0, 1: 0}


def test_the_lag_is_told_although_records_come_without_a_pause() -> None:
    bus, step = filled(100), Recorder(30)
    worker(bus, step, batch=30).run()
    gauge = metrics.gauge("otklik_worker_lag_records", worker="test", topic="posts")
    assert gauge.collect()[0].samples[0].value == 70


def test_a_replayed_record_is_only_for_the_group_that_failed() -> None:
    bus = filled(1)
    bus.publish(
        "posts", [Record("k", b"1", T0, {"replay-for": "other"}), Record("k", b"2", T0, {"replay-for": "group"})]
    )
    step = Recorder(2)
    worker(bus, step).run()
    assert step.calls == [[0, 2]]
    assert bus.group_lag("posts", "group") == {0: 0}


def test_a_record_in_the_journal_of_a_dead_process_goes_alone(tmp_path: Path) -> None:
    journal = tmp_path / "worker.journal"
    journal.write_text('{"work": [["posts", 0, 3, 5]], "deaths": []}')
    bus, step = filled(10), Recorder(10)
    worker(bus, step, journal=journal).run()
    assert step.calls == [[0, 1, 2], [3], [4], [5], [6, 7, 8, 9]]
    assert journal.read_text().strip() == '{"work":[],"deaths":[]}'


def test_a_record_that_killed_twice_is_set_aside(tmp_path: Path) -> None:
    journal = tmp_path / "worker.journal"
    journal.write_text('{"work": [["posts", 0, 4, 4]], "deaths": [["posts", 0, 4, 1]]}')
    bus, step = filled(10), Recorder(9)
    worker(bus, step, journal=journal).run()
    assert step.effects == set(range(10)) - {4}
    (dead,) = bus.read("posts.dead")
    assert dead.record.value == b"4"
    assert dead.record.headers["error_type"] == "crash"
    assert dead.record.headers["error"] == "The process was killed twice while it worked on this record alone."


def test_one_death_alone_is_forgiven(tmp_path: Path) -> None:
    journal = tmp_path / "worker.journal"
    journal.write_text('{"work": [["posts", 0, 4, 4]], "deaths": []}')
    bus, step = filled(10), Recorder(10)
    worker(bus, step, journal=journal).run()
    assert step.effects == set(range(10))
    assert [4] in step.calls


@pytest.mark.parametrize("content", ["", "{", "[]", '{"work": 5}', "\x00" * 50])
def test_an_unreadable_journal_is_an_empty_one(tmp_path: Path, content: str) -> None:
    journal = tmp_path / "worker.journal"
    journal.write_text(content)
    bus, step = filled(10), Recorder(10)
    worker(bus, step, journal=journal).run()
    assert step.calls == [list(range(10))]


def test_what_is_final_behind_a_retry_is_not_waited_out() -> None:
    class Full(Exception):
        pass

    class Step:
        def process(self, records: Sequence[Received]) -> None:
            raise Retry("full") from Full("full")

    bus = filled(3)
    worker = Worker(bus, ["posts"], "g", Step(), name="t", is_final=lambda error: isinstance(error, Full))
    with pytest.raises(Full):
        worker.run()
    assert sum(bus.group_lag("posts", "g").values()) == 3


def test_a_final_error_of_the_bus_is_not_waited_out() -> None:
    class Full(MemoryBus):
        def ensure_topics(self, topics: object) -> None:
            raise NoSpace("full")

    worker = Worker(Full(), ["posts"], "g", Recorder(1), name="t", is_final=lambda error: isinstance(error, NoSpace))
    with pytest.raises(NoSpace):
        worker.run()
