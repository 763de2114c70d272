"""What an operator sees and gets as an exit code when something outside is wrong."""

import os
import socket
import subprocess
import time
from pathlib import Path
from pkgutil import resolve_name

import pytest

from otklik.exits import CODES, Exit, Failed, exit_code
from text.refusal import refusal


@pytest.fixture
def taken() -> int:
    """A port at which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.mark.parametrize("name", CODES)
def test_every_error_with_a_code_is_there(name):
    assert issubclass(resolve_name(name), Exception)


def test_codes_of_errors():
    class Narrower(resolve_name("bus.base:BusError")):
        pass

    errors = [Narrower("x"), PermissionError(13, "x"), Failed("x", Exit.BUSY), KeyError("x")]
    assert [exit_code(error) for error in errors] == [Exit.UNREACHABLE, Exit.UNREACHABLE, Exit.BUSY, Exit.BUG]


def test_a_refusal_that_nobody_has_translated():
    assert refusal(OSError(5, os.strerror(5))) == "Input/output error"


def test_a_full_disk_under_the_output(otklik):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*otklik.command, "tag"],
            input='{"text": "нет воды"}\n',
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=otklik.folder,
            env=otklik.env,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (3, "Система отказала: на диске нет места.\n")


def test_a_reader_that_has_left(otklik):
    """`otklik tag | head -1`: its output was not wanted any more, and that is no error."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*otklik.command, "tag"],
        input='{"text": "нет воды"}\n',
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=otklik.folder,
        env=otklik.env,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_corrupt_model(otklik):
    (otklik.folder / "bad.npz").write_bytes(b"PK\x03\x04 no model")
    said = "Файл модели bad.npz повреждён"
    head = otklik("tag", "--head", "x=bad.npz", stdin="")
    assert (head.returncode, head.stdout) == (2, "")
    assert head.stderr.startswith(said)
    otklik.config("classifier: {model: bad.npz}\n")
    for command in (("check", "region.yaml"), ("classify", "region.yaml"), ("tag", "--config", "region.yaml")):
        done = otklik(*command)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"region.yaml:5:21  classifier.model\n  {said}")
        assert done.stderr.endswith("  Подробнее: docs/configuration.md#classifier\n\nОшибок: 1.\n")


def test_the_port_of_the_console_is_taken(otklik, taken):
    otklik.config()
    text = (otklik.folder / "region.yaml").read_text().replace("127.0.0.1:0", f"127.0.0.1:{taken}")
    (otklik.folder / "region.yaml").write_text(text)
    assert otklik("db", "upgrade", "region.yaml").returncode == 0
    said = (
        f"Консоль не может слушать 127.0.0.1:{taken} (порт занят). "
        "Освободите порт или укажите другой адрес в console.listen.\n"
    )
    done = otklik("console", "region.yaml")
    assert (done.returncode, done.stderr) == (3, said)
    running = otklik.start("run", "region.yaml")
    try:  # the other roles go on, and the console is started again and again
        again = "Роль console остановилась (код 3). Запущу снова через 2 с.\n"
        end = time.monotonic() + 90
        while again not in otklik.stderr:
            assert time.monotonic() < end, otklik.stderr
            time.sleep(0.1)
        assert otklik.stderr.count(said) == 2
        assert (
            "Отклик работает. Лент и API пока нет: консоль не запускается (почему, скажет она сама). "
            "Остановить: Ctrl-C.\n"
        ) in otklik.stderr
        assert running.poll() is None
    finally:
        running.terminate()
        code = running.wait(60)
    assert code == 0
