"""Reminders, overdue, escalation: each once, on both databases."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from bus.crashpoints import VARIABLE
from incidents.alarms import AlarmStep
from incidents.config import Alarms
from schemas import Incident
from store import IncidentFilter, Store
from tests.incidents.bench import Bench, tagged
from tests.incidents.make import BURST, CHELYABINSK, DAY, HOUR, SNOW, START
from tests.incidents.office import Office

ROOT = Path(__file__).parents[2]

SETTINGS = Alarms(remind=timedelta(hours=2), escalate_after=timedelta(hours=24), escalate_to="boss")


class Hands:
    """A clock that the test sets."""

    def __init__(self, store: Store) -> None:
        self.now = store.now()

    def __call__(self):
        return self.now


def test_each_is_told_once_whatever_the_clock_and_however_many_workers(bench: Bench) -> None:
    (opened,) = bench.take(tagged("a"))
    due = opened.data.incident.answer_due
    assert due is not None
    clock = Hands(bench.store)
    workers = [AlarmStep(bench.store, "chelyabinsk", SETTINGS, clock) for _ in range(2)]

    def told(at) -> list[str]:
        clock.now = at
        for worker in [*workers, AlarmStep(bench.store, "chelyabinsk", SETTINGS, clock)]:  # the last: a restart
            worker.step()
        return [event.type for event in bench.events()]

    assert told(due - 3 * HOUR) == []
    assert told(due - 2 * HOUR) == ["incident.due_soon"]
    assert told(due + HOUR) == ["incident.overdue"]
    assert told(due - 2 * HOUR) == []  # the clock jumps back
    assert told(due + 2 * HOUR) == []
    assert told(due + 24 * HOUR) == ["incident.escalated"]
    assert told(due + 48 * HOUR) == []
    (one,) = bench.incidents.find(IncidentFilter(overdue=due + 48 * HOUR))
    assert (one.overdue, one.escalated_to, one.sequence) == (True, "boss", 4)
    assert "срок прошёл (+20)" in one.priority_reasons
    assert [line.type for line in bench.incidents.history(one.id)][1:] == [
        "incident.due_soon",
        "incident.overdue",
        "incident.escalated",
    ]


def test_after_an_outage_overdue_is_told_without_due_soon(bench: Bench) -> None:
    (opened,) = bench.take(tagged("a"))
    clock = Hands(bench.store)
    clock.now = opened.data.incident.answer_due + HOUR
    AlarmStep(bench.store, "chelyabinsk", SETTINGS, clock).step()
    assert [event.type for event in bench.events()] == ["incident.overdue"]


def test_a_post_more_keeps_the_marks_of_the_same_term(bench: Bench) -> None:
    (opened,) = bench.take(tagged("a"))
    clock = Hands(bench.store)
    clock.now = opened.data.incident.answer_due + HOUR
    step = AlarmStep(bench.store, "chelyabinsk", SETTINGS, clock)
    step.step()
    bench.events()
    (updated,) = bench.take(tagged("b", 1))
    assert (updated.type, updated.data.incident.overdue) == ("incident.updated", True)
    step.step()
    assert bench.events() == []


def test_a_new_term_takes_its_mark_out_of_the_priority(store: Store) -> None:
    office = Office(store)
    office.take(tagged("a"))
    clock = Hands(store)

    def overdue() -> Incident:
        (one,) = office.all()
        assert one.answer_due is not None
        clock.now = one.answer_due + HOUR
        AlarmStep(store, "chelyabinsk", SETTINGS, clock).step()
        return office.all()[0]

    assert (overdue().priority, overdue().priority_reasons) == (20, ("срок прошёл (+20)",))
    office.act(1, "confirm")
    assert office.act(1, "solve").priority == 20
    store.now.move(DAY)
    again = office.act(1, "reopen", comment="снова")
    assert (again.overdue, again.priority, again.priority_reasons) == (False, 0, ())
    assert (overdue().priority, overdue().priority_reasons) == (20, ("срок прошёл (+20)",))


def test_the_list_by_priority(bench: Bench) -> None:
    bench.take(tagged("a"))
    bench.take(tagged("b", topic=BURST, municipality=CHELYABINSK, urgency="now"))
    assert [one.id for one in bench.incidents.by_priority()] == [2, 1]
    assert bench.incidents.by_priority()[0].priority_reasons == ("срочно (+40)",)


def test_a_term_that_moves_is_in_the_history(bench: Bench) -> None:
    bench.take(tagged("a"))
    before = bench.all()[0].answer_due
    bench.take(tagged("a", revision=1, topic=SNOW))
    changed = bench.all()[-1]
    assert before is not None
    assert changed.answer_due is not None
    told = bench.incidents.history(changed.id)[-1].details
    assert told["terms"] == f"срок ответа: {before:%d.%m.%Y %H:%M} → {changed.answer_due:%d.%m.%Y %H:%M}"
    assert "comment" not in told


def test_workers_at_the_same_time_tell_each_once(bench: Bench) -> None:
    bench.take(*(tagged(f"p{n:03}", municipality=None) for n in range(250)))
    clock = Hands(bench.store)
    clock.now = bench.all()[0].answer_due + HOUR
    start = threading.Barrier(3)

    def work() -> None:
        step = AlarmStep(bench.store, "chelyabinsk", SETTINGS, clock)
        start.wait()
        step.step()

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(work) for _ in range(3)]:
            done.result()
    AlarmStep(bench.store, "chelyabinsk", SETTINGS, clock).step()  # what was locked by another was left to it
    told = [event.subject for event in bench.events() if event.type == "incident.overdue"]
    assert sorted(map(int, told)) == list(range(1, 251))


@pytest.mark.parametrize("point", ["alarms.after_outbox_before_commit", "alarms.after_commit"])
def test_a_worker_that_is_killed_tells_each_once(bench: Bench, point: str) -> None:
    (opened,) = bench.take(tagged("a"))
    late = (opened.data.incident.answer_due + HOUR - START).total_seconds()
    command = [sys.executable, "-m", "tests.incidents.ringing", bench.store.url, str(late)]
    env = {name: value for name, value in os.environ.items() if name != VARIABLE}
    killed = subprocess.run(command, cwd=ROOT, env=env | {VARIABLE: point}, check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    for _ in range(2):
        subprocess.run(command, cwd=ROOT, env=env, check=True, timeout=120)
    assert [event.type for event in bench.events()] == ["incident.overdue"]
    assert [one.sequence for one in bench.all()] == [2]
