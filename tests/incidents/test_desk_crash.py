"""A decision whose process is killed is stored whole or not at all, and asking again never does it twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bus.crashpoints import VARIABLE
from store import Rulings, Store
from tests.incidents.bench import tagged
from tests.incidents.make import CHELYABINSK
from tests.incidents.office import Office

ROOT = Path(__file__).parents[2]
BEFORE = ("desk.after_effect_before_outbox", "desk.after_outbox_before_commit")
EVENTS = {
    "act": ["assigned 1.2"],
    "merge": ["updated 1.2", "merged 2.2"],
    "undo": ["split 1.3", "reopened 2.3"],
}
AGAIN = {
    "act": "Инцидент №1 изменился, пока вы решали: вы видели версию 1, сейчас 2. Что было: ",
    "merge": "Инцидент №1 изменился, пока вы решали: вы видели версию 1, сейчас 2. Что было: ",
    "undo": "Решение №1 уже отменено.",
}


def decide(store: Store, what: str, crash_at: str | None = None) -> tuple[int, str]:
    env = {k: v for k, v in os.environ.items() if k != VARIABLE} | ({VARIABLE: crash_at} if crash_at else {})
    command = [sys.executable, "-m", "tests.incidents.deciding", store.url, what, "1"]
    done = subprocess.run(command, cwd=ROOT, env=env, check=False, timeout=120, capture_output=True, text=True)
    return done.returncode, done.stderr


def state(office: Office) -> tuple[object, ...]:
    histories = [office.incidents.history(one.id) for one in office.all()]
    return (office.all(), histories, office.standing(), Rulings(office.store).list())


@pytest.fixture
def office(store: Store) -> Office:
    found = Office(store)
    found.take(tagged("a"), tagged("b", municipality=CHELYABINSK))
    return found


def ready(office: Office, what: str) -> None:
    if what == "undo":
        office.desk.merge(1, [2], "petrova")
        office.events()


@pytest.mark.parametrize("point", BEFORE)
@pytest.mark.parametrize("what", EVENTS)
def test_killed_before_the_commit_nothing_has_happened(office: Office, what: str, point: str) -> None:
    ready(office, what)
    before = state(office)
    assert decide(office.store, what, point) == (-signal.SIGKILL, "")
    assert state(office) == before
    assert office.events() == []
    assert decide(office.store, what)[0] == 0
    assert sorted(f"{e.type.removeprefix('incident.')} {e.id}" for e in office.events()) == sorted(EVENTS[what])


@pytest.mark.parametrize("what", EVENTS)
def test_killed_after_the_commit_all_has_happened_once(office: Office, what: str) -> None:
    ready(office, what)
    assert decide(office.store, what, "desk.after_commit") == (-signal.SIGKILL, "")
    after = state(office)
    code, said = decide(office.store, what)
    assert (code, said.startswith(AGAIN[what])) == (9, True)
    assert state(office) == after
    assert sorted(f"{e.type.removeprefix('incident.')} {e.id}" for e in office.events()) == sorted(EVENTS[what])
    assert office.partition() == office.expected()
