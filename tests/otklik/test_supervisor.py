"""The supervisor with real processes: they are killed, they refuse, they hang, they lose their parent."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from otklik import supervisor
from otklik.exits import Exit
from otklik.supervisor import Role, Supervisor, delay

WORK = """
import os, signal, sys, time
folder, name = sys.argv[1:3]
def write(word):
    with open(f"{folder}/events", "a") as file:
        file.write(f"{name} {word}\\n")
def stop(*_):
    write("stopped")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
write("started")
while True:
    time.sleep(0.05)
"""
STUBBORN = WORK.replace("sys.exit(0)", "pass")
REFUSES = "import sys; sys.exit(2)"


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []

    def role(self, name: str, script: str = WORK) -> Role:
        return Role(name, (sys.executable, "-c", script, str(self.folder), name))

    def supervisor(self, *roles: Role, reload: Callable[[], Awaitable[Sequence[Role] | None]] | None = None):
        return Supervisor(roles, self.said.append, os.environ, reload)

    @property
    def events(self) -> list[str]:
        file = self.folder / "events"
        return file.read_text().splitlines() if file.exists() else []

    async def until(self, true: Callable[[], bool]) -> None:
        for _ in range(600):
            if true():
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"it never came; events: {self.events}, said: {self.said}")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_roles_stop_in_the_order_given(world):
    async def scenario() -> Exit:
        kept = world.supervisor(world.role("crawl"), world.role("classify"), world.role("console"))
        running = asyncio.create_task(kept.run())
        await world.until(lambda: len(world.events) == 3)
        os.kill(os.getpid(), signal.SIGTERM)
        return await running

    assert asyncio.run(scenario()) == Exit.OK
    assert world.events[3:] == ["crawl stopped", "classify stopped", "console stopped"]
    assert world.said == []


def test_a_killed_role_is_started_again(world):
    async def scenario() -> None:
        kept = world.supervisor(world.role("crawl"), world.role("classify"))
        running = asyncio.create_task(kept.run())
        await world.until(lambda: len(world.events) == 2 and "classify" in kept.pids)
        first = kept.pids["classify"]
        os.kill(first, signal.SIGKILL)
        await world.until(lambda: world.events.count("classify started") == 2 and "classify" in kept.pids)
        assert kept.pids["classify"] != first
        assert world.events.count("crawl started") == 1
        kept.stop()
        await running

    asyncio.run(scenario())
    assert world.said == ["Роль classify остановилась (сигнал SIGKILL). Запущу снова через 1 с."]


def test_a_role_that_cannot_be_started_is_tried_again(world, monkeypatch):
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 0.05)
    program = world.folder / "program"

    async def scenario():
        running = world.supervisor(Role("late", (str(program), str(world.folder), "late")))
        ended = asyncio.create_task(running.run())
        await world.until(lambda: len(world.said) >= 2)
        program.write_text(f"#!{sys.executable}{WORK}")
        program.chmod(0o755)
        await world.until(lambda: "late started" in world.events)
        running.stop()
        return await ended

    assert asyncio.run(scenario()) == Exit.OK
    assert world.said[0] == "Роль late не запускается: нет такого файла или папки. Запущу снова через 0 с."


def test_a_role_that_refuses_its_configuration_stops_everything(world):
    async def scenario() -> Exit:
        return await world.supervisor(world.role("crawl"), world.role("deliver", REFUSES)).run()

    assert asyncio.run(scenario()) == Exit.USAGE
    assert world.said == ["Роль deliver не может работать с этим файлом региона (сказано выше). Останавливаюсь."]
    assert "crawl started" not in world.events or "crawl stopped" in world.events


def test_a_role_that_halted_itself_is_left_alone_until_a_reload(world):
    async def reload() -> Sequence[Role]:
        return [world.role("classify")]

    async def scenario() -> None:
        halted = world.role("classify", "import sys; sys.exit(6)")
        kept = world.supervisor(world.role("crawl"), halted, reload=reload)
        running = asyncio.create_task(kept.run())
        await world.until(lambda: len(world.said) == 1 and world.events == ["crawl started"])
        await asyncio.sleep(1.5)  # longer than the pause before a restart
        assert list(kept.pids) == ["crawl"]
        os.kill(os.getpid(), signal.SIGHUP)
        await world.until(lambda: "classify started" in world.events)
        kept.stop()
        await running

    asyncio.run(scenario())
    assert world.said == [
        "Роль classify остановила себя (сказано выше) и сама не запустится. "
        "Исправьте причину и дайте сигнал SIGHUP или перезапустите otklik."
    ]


def test_a_role_that_does_not_stop_is_killed(world, monkeypatch):
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)

    async def scenario() -> Exit:
        kept = world.supervisor(world.role("crawl", STUBBORN))
        running = asyncio.create_task(kept.run())
        await world.until(lambda: world.events == ["crawl started"] and "crawl" in kept.pids)
        kept.stop()
        return await running

    assert asyncio.run(scenario()) == Exit.OK
    assert world.said == ["Роль crawl не остановилась за 0 с и снята. Данные не потеряны."]


def test_a_role_that_is_just_being_started_is_asked_to_stop_and_waited_for(world):
    async def scenario() -> Exit:
        kept = world.supervisor(world.role("crawl"))
        running = asyncio.create_task(kept.run())
        await asyncio.sleep(0)  # now its process is being made
        assert kept.pids == {}
        kept.stop()
        return await running

    with capture_logs() as logged:
        assert asyncio.run(scenario()) == Exit.OK
    assert [one["event"] for one in logged] == ["role_started", "role_ended"]
    assert logged[1]["code"] in (Exit.OK, -signal.SIGTERM)  # not SIGKILL
    assert world.said == []


def test_a_stop_does_not_wait_for_the_pause_before_a_restart(world, monkeypatch):
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 60.0)

    async def scenario() -> None:
        kept = world.supervisor(world.role("crawl"))
        running = asyncio.create_task(kept.run())
        await world.until(lambda: world.events == ["crawl started"] and "crawl" in kept.pids)
        os.kill(kept.pids["crawl"], signal.SIGKILL)
        await world.until(lambda: bool(world.said))
        kept.stop()
        await asyncio.wait_for(running, 30)

    asyncio.run(scenario())


def test_hangup_takes_over_the_new_roles(world):
    async def reload() -> Sequence[Role]:
        return [world.role("crawl"), world.role("deliver")]

    async def scenario() -> None:
        kept = world.supervisor(world.role("crawl"), reload=reload)
        running = asyncio.create_task(kept.run())
        await world.until(lambda: world.events == ["crawl started"])
        os.kill(os.getpid(), signal.SIGHUP)
        await world.until(lambda: len(world.events) == 4)
        kept.stop()
        await running

    asyncio.run(scenario())
    assert sorted(world.events[2:4]) == ["crawl started", "deliver started"]
    assert world.events[:2] + world.events[4:] == ["crawl started", "crawl stopped", "crawl stopped", "deliver stopped"]


def test_hangup_with_a_broken_file_changes_nothing(world):
    asked = []

    async def reload() -> None:
        asked.append(True)

    async def scenario() -> None:
        kept = world.supervisor(world.role("crawl"), reload=reload)
        running = asyncio.create_task(kept.run())
        await world.until(lambda: world.events == ["crawl started"])
        os.kill(os.getpid(), signal.SIGHUP)
        await world.until(lambda: bool(asked))
        kept.stop()
        await running

    asyncio.run(scenario())
    assert world.events == ["crawl started", "crawl stopped"]


def test_the_pause_before_a_restart_doubles_up_to_a_minute():
    assert [delay(deaths) for deaths in (1, 2, 3, 6, 7, 50)] == [1, 2, 4, 32, 60, 60]


PARENT = """
import asyncio, os, sys
from otklik.process import SUPERVISED, set_up_logs
from otklik.supervisor import Role, Supervisor
set_up_logs("warning")
child = "import threading; from otklik.process import on_stop; e = threading.Event(); on_stop(e.set); e.wait()"
role = Role("crawl", (sys.executable, "-c", child))
kept = Supervisor([role], print, os.environ | {SUPERVISED: "1"})
async def main():
    task = asyncio.create_task(kept.run())
    while not kept.pids:
        await asyncio.sleep(0.02)
    await asyncio.sleep(1)
    print(kept.pids["crawl"], flush=True)
    await task
asyncio.run(main())
"""


def test_roles_do_not_outlive_a_killed_supervisor():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        line = parent.stdout.readline()
        assert re.fullmatch(r"\d+\n", line)
        child = psutil.Process(int(line))
        parent.kill()
    _, alive = psutil.wait_procs([child], timeout=60)
    assert alive == []
