"""`otklik telegram login`, a process at a terminal, against a server that speaks Telegram's protocol."""

import asyncio
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from telethon import TelegramClient
from telethon.sessions import StringSession

from crawlers.telegram.session import SessionFile
from tests.otklik.conftest import Program
from tests.simulators.telegram import Person, TelegramSimulator, load

TRUSTING = ("-m", "tests.simulators.telegram.trusting")
"""The program, trusting the simulator as it trusts Telegram."""
PHONE = "Телефон аккаунта, с кодом страны"
CODE = "Код, который прислал Telegram"
PASSWORD = "Пароль двухэтапной проверки (не показывается)"
CTRL_C = "\x03"
SECRET = "второй секрет"
KEY = Fernet.generate_key().decode()
SOURCE = """
sources:
  - id: tg
    telegram:
      {{channel: zavodskoy_ryadom, api_id: 1, api_hash: "${{API_HASH}}", session: {session}, api_server: "{server}"}}
"""


@pytest.fixture
def simulator() -> Iterator[TelegramSimulator]:
    people = [
        Person("79990000001", "12345"),
        Person("79990000002", "23456", SECRET),
        Person("79990000003", "34567", expired=True),
    ]
    with TelegramSimulator(load(datetime.now(UTC)), people=people) as running:
        yield running


class Desk:
    """The program at a terminal, and who types."""

    def __init__(self, otklik: Program, simulator: TelegramSimulator) -> None:
        self.otklik = otklik
        self.session = otklik.folder / "var" / "reader.session"
        otklik.env |= {"OTKLIK_SESSION_KEY": KEY, "API_HASH": "a-hash-that-is-secret"}
        otklik.config(SOURCE.format(session="var/reader.session", server=f"127.0.0.1:{simulator.port}"))

    def login(self, *answers: tuple[str, str], options: tuple[str, ...] = ("--source", "tg")) -> tuple[int, str]:
        """Type each answer once its question shows; the exit code and all that was shown."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, *TRUSTING, "telegram", "login", "region.yaml", *options],
            cwd=self.otklik.folder,
            env=self.otklik.env | {"TERM": "dumb"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,  # else a password is asked for at the terminal of whoever runs the tests
        )
        os.close(theirs)
        try:
            shown = ""
            for question, answer in answers:
                asked = len(shown)
                while not re.search(re.escape(question) + r".*: $", shown[asked:]):
                    shown += _read(ours)
                if answer == CTRL_C:
                    time.sleep(
                        0.5
                    )  # for the program to wait: a signal between question and wait ends only the next one
                    process.send_signal(signal.SIGINT)
                else:
                    os.write(ours, f"{answer}\n".encode())
            while more := _read(ours):
                shown += more
            return process.wait(20), shown.replace("\r\n", "\n")
        finally:
            os.close(ours)
            if process.poll() is None:
                process.kill()
            process.wait()

    def saved(self) -> str:
        """The session that was written."""
        assert self.session.stat().st_mode & 0o077 == 0
        return SessionFile(self.session, KEY).load()


def _read(terminal: int, patience: float = 60) -> str:
    """What is shown next; "" when the program has ended."""
    end = time.monotonic() + patience
    while not select.select([terminal], [], [], 0.2)[0]:
        assert time.monotonic() < end, "the program shows nothing"
    try:
        data = os.read(terminal, 4096)
        while True:  # no letter cut in two
            try:
                return data.decode()
            except UnicodeDecodeError:
                data += os.read(terminal, 1)
    except OSError:
        return ""


@pytest.fixture
def desk(otklik: Program, simulator: TelegramSimulator) -> Desk:
    return Desk(otklik, simulator)


def last(shown: str) -> str:
    """What follows the last answer."""
    return [line for line in shown.split("\n") if line][-1]


def test_phone_code_and_a_password_make_a_session_that_reads(desk: Desk) -> None:
    code, shown = desk.login((PHONE, "+7 999 000-00-02"), (CODE, "23456"), (PASSWORD, SECRET))
    assert (code, last(shown)) == (
        0,
        "Вход выполнен. Сессия записана в var/reader.session, зашифрованной; не копируйте файл на другие машины.",
    )
    saved = desk.saved()
    for secret in (SECRET, saved, "a-hash-that-is-secret", KEY):
        assert secret not in shown
    assert saved.encode() not in desk.session.read_bytes()

    async def read() -> int:
        async with TelegramClient(StringSession(saved), 1, "hash") as telegram:
            return len(await telegram.get_messages("zavodskoy_ryadom", limit=3))

    assert asyncio.run(read()) == 3


def test_what_was_mistyped_is_typed_again(desk: Desk) -> None:
    code, shown = desk.login(
        (PHONE, "79990000002"),
        (CODE, "11111"),
        (CODE, "23456"),
        (PASSWORD, "первый секрет"),
        (PASSWORD, SECRET),
        options=(),
    )
    assert code == 0
    assert re.findall(r"\w+ неверный, попробуйте ещё раз\.", shown) == [
        "Код неверный, попробуйте ещё раз.",
        "Пароль неверный, попробуйте ещё раз.",
    ]


def test_a_session_file_of_ones_own_and_one_that_is_there(desk: Desk) -> None:
    answers = ((PHONE, "79990000001"), (CODE, "12345"))
    assert desk.login(*answers, options=("--session", "elsewhere.session"))[0] == 0
    path = desk.otklik.folder / "elsewhere.session"
    first = SessionFile(path, KEY).load()
    assert not desk.session.exists()
    code, shown = desk.login(("Войти заново", "n"), options=("--session", "elsewhere.session"))
    assert code == 130
    assert "Файл elsewhere.session уже есть. Войти заново и заменить его?" in shown
    assert SessionFile(path, KEY).load() == first
    assert desk.login(("Войти заново", "y"), *answers, options=("--session", "elsewhere.session"))[0] == 0
    assert SessionFile(path, KEY).load() != first


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (
            [(PHONE, "79990000009")],
            "Войти не удалось: Telegram не знает такого номера телефона. Повторите: номер с кодом страны, "
            "например +7 900 123-45-67.",
        ),
        (
            [(PHONE, "не номер")],
            "Войти не удалось: это не номер телефона. Повторите: номер с кодом страны, например +7 900 123-45-67.",
        ),
        (
            [(PHONE, "79990000001"), (CODE, "1"), (CODE, "2"), (CODE, "3")],
            "Войти не удалось: код неверный. Повторите вход: Telegram пришлёт новый код.",
        ),
        (
            [(PHONE, "79990000003"), (CODE, "34567")],
            "Войти не удалось: код устарел. Повторите вход: Telegram пришлёт новый код; введите его сразу.",
        ),
        (
            [(PHONE, "79990000002"), (CODE, "23456"), (PASSWORD, "а"), (PASSWORD, "б"), (PASSWORD, "в")],
            "Войти не удалось: пароль неверный. Повторите вход с паролем двухэтапной проверки; забытый сбрасывают "
            "в приложении.",
        ),
    ],
)
def test_what_the_person_got_wrong(desk: Desk, answers: list[tuple[str, str]], message: str) -> None:
    code, shown = desk.login(*answers)
    assert (code, last(shown)) == (2, message)
    assert not desk.session.exists()


def test_a_flood_wait_and_a_refused_api_id(desk: Desk, simulator: TelegramSimulator) -> None:
    simulator.fail("SendCode", "FLOOD_WAIT_72000", 420)
    code, shown = desk.login((PHONE, "79990000001"))
    assert (code, last(shown)) == (
        3,
        "Войти не удалось: Telegram просит подождать 20 ч, прежде чем входить снова (FLOOD_WAIT). "
        "Подождите; попытки до того времени его только продлят.",
    )
    simulator.fail("SendCode", "API_ID_INVALID")
    code, shown = desk.login((PHONE, "79990000001"))
    assert (code, last(shown)) == (
        2,
        "Войти не удалось: Telegram не принимает api_id и api_hash. "
        "Возьмите свои на https://my.telegram.org и исправьте настройки.",
    )


def test_nobody_there(desk: Desk) -> None:
    desk.otklik.config(SOURCE.format(session="var/reader.session", server="127.0.0.1:1"))
    assert desk.login() == (
        3,
        "Войти не удалось: нет связи с Telegram: ConnectionError. Проверьте, что с этой машины Telegram доступен.\n",
    )


@pytest.mark.parametrize("answers", [[(PHONE, CTRL_C)], [(PHONE, "79990000001"), (CODE, CTRL_C)]])
def test_ctrl_c_at_a_question_ends_it_at_once(desk: Desk, answers: list[tuple[str, str]]) -> None:
    assert desk.login(*answers)[0] == 130
    assert not desk.session.exists()


def test_without_a_key_nobody_is_asked_for_anything(desk: Desk) -> None:
    del desk.otklik.env["OTKLIK_SESSION_KEY"]
    done = desk.otklik("telegram", "login", "region.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Не задан ключ сессий Telegram OTKLIK_SESSION_KEY. Создайте ключ один раз и храните его: "
        'export OTKLIK_SESSION_KEY=$(python -c "from cryptography.fernet import Fernet; '
        'print(Fernet.generate_key().decode())").\n'
    )


def test_whose_account_is_unclear(desk: Desk, otklik: Program, tmp_path: Path) -> None:
    assert otklik("telegram", "login", "region.yaml", "--source", "tgg").stderr == (
        "В файле region.yaml нет источника «tgg». Есть: tg. Может быть, «tg»?\n"
    )
    otklik.config("sources: [{id: web, telegram: {channel: zavodskoy_ryadom}}]\n")
    assert otklik("telegram", "login", "region.yaml", "--source", "web").stderr == (
        "Источник web не читается через API Telegram: входить незачем. Нужны api_id и api_hash.\n"
    )
    done = otklik("telegram", "login", "region.yaml")
    assert (done.returncode, done.stderr) == (
        2,
        "В файле region.yaml нет источников, которые читаются через API Telegram: добавьте api_id и api_hash.\n",
    )
    one = "telegram: {channel: zavodskoy_ryadom, api_id: 1, api_hash: '${API_HASH}', session: %s.session}"
    otklik.config(f"sources:\n  - {{id: a, {one % 'a'}}}\n  - {{id: b, {one % 'b'}}}\n")
    assert otklik("telegram", "login", "region.yaml").stderr == (
        "В файле region.yaml несколько аккаунтов Telegram: назовите источник, --source ID.\n"
    )
