import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from bus import open_bus
from bus.base import Bus
from console.app import create_app
from console.query import Names
from console.server import ConsoleError, Server
from console.settings import ConsoleSettings
from store import Store
from tests.console.conftest import HOME, desk_of

PROGRAM = """
import signal
import sys
from bus import open_bus
from console.app import create_app
from console.query import Names
from console.server import Server
from console.settings import ConsoleSettings
from store import Store
from tests.console.conftest import HOME, desk_of

store, bus = Store(sys.argv[1]), open_bus(sys.argv[2])
names = Names({}, (), (), ())
app = create_app(store, bus, ConsoleSettings(), "chelyabinsk", names, desk=desk_of(store), **HOME)
server = Server(app, "127.0.0.1", 0)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: server.stop())
print(server.port, flush=True)
server.run()
store.close()
bus.close()
print("stopped", flush=True)
"""


def test_a_taken_port_is_told(store: Store, bus: Bus) -> None:
    first = Server(FastAPI(), "127.0.0.1", 0)
    with pytest.raises(ConsoleError) as caught:
        Server(FastAPI(), "127.0.0.1", first.port)
    assert str(caught.value) == (
        f"Консоль не может слушать 127.0.0.1:{first.port} (порт занят). Освободите порт "
        "или укажите другой адрес в console.listen."
    )
    first.stop()
    first.run()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(store: Store, tmp_path: Path, number: signal.Signals) -> None:
    open_bus(f"sqlite:///{tmp_path}/bus.db").close()
    command = [sys.executable, "-c", PROGRAM, store.url, f"sqlite:///{tmp_path}/bus.db"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        for _ in range(200):
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        assert answer.status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out.splitlines()[-1:]) == (0, ["stopped"]), err


def test_a_bug_is_told_in_the_one_shape(store: Store, bus: Bus) -> None:
    app = create_app(
        store,
        bus,
        ConsoleSettings(),
        "chelyabinsk",
        Names({}, (), (), ()),
        desk=desk_of(store),
        **HOME,
    )

    @app.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError("a text that nobody should see")

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/broken")

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (500, "nosniff")
    assert answer.json() == {
        "error": {
            "code": "internal",
            "message": "Ошибка программы.",
            "hint": "Подробности в журнале консоли: передайте их разработчикам.",
        }
    }
