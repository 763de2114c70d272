"""Letters, against a real SMTP server with TLS and passwords."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from prometheus_client import REGISTRY
from pydantic import ValidationError
from structlog.testing import capture_logs

from sinks import DeliveryFailed, EventRefused, Sink
from sinks.email import EmailSettings, EmailSink
from sinks.message import line
from sinks.probe import probe
from tests.servers import free_port
from tests.sinks.conformance import ScheduledConformance, Target
from tests.sinks.events import MORNING, digest, event, story

ZONE = ZoneInfo("Asia/Yekaterinburg")
NOW = datetime(2026, 3, 11, 3, 0, tzinfo=UTC)


class Post:
    """What the server does with letters: keeps them, or answers as it is told."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.reached: list[list[str]] = []
        """Of each letter, the addresses."""
        self.refuses: dict[str, str] = {}
        """Address to answer, for RCPT."""
        self.answer: str | None = None
        """To MAIL and DATA."""

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer:
            return self.answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.reached.append(envelope.rcpt_tos)
        return "250 OK"


def _login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"otklik", b"tajna"), handled=False)


class Server:
    """Wants STARTTLS and a password before anything else, as a real relay does."""

    def __init__(self, folder: Path) -> None:
        self.post = Post()
        self.ca = folder / "ca.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(self.context)
        self.port = free_port()

    @contextmanager
    def running(self, *, auth: bool = True) -> Iterator[None]:
        controller = Controller(
            self.post,
            hostname="127.0.0.1",
            port=self.port,
            tls_context=self.context,
            require_starttls=True,
            auth_required=auth,
            authenticator=_login if auth else None,
        )
        controller.start()
        try:
            yield
        finally:
            controller.stop()


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


@pytest.fixture
def running(server: Server) -> Iterator[Server]:
    with server.running():
        yield server


def settings(server: Server, **more: Any) -> EmailSettings:
    given = {
        "host": "127.0.0.1",
        "port": server.port,
        "ca": server.ca,
        "user": "otklik",
        "password": "tajna",
        "sender": "otklik@region.example",
        "to": ["duty@region.example", "chief@region.example"],
        "timeout": 5,
        **more,
    }
    return EmailSettings.model_validate(given)


def open_sink(server: Server, **more: Any) -> EmailSink:
    return EmailSink(settings(server, **more), "test", ZONE, "Челябинская область", now=lambda: NOW)


def plain(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def read(letter: EmailMessage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in plain(letter).split("\n"):
        if one.startswith("№"):
            number, _, title = one.removeprefix("№").partition(" ")
            id_, _, sequence = number.partition(".")
            incident = {"id": int(id_), "sequence": int(sequence), "title": title}
            found.append({"id": number, "data": {"incident": incident}})
    return found


class EmailTarget(Target):
    whole = False

    def __init__(self, server: Server) -> None:
        self.server = server

    def open(self) -> Sink:
        return open_sink(self.server)

    def received(self) -> list[Mapping[str, Any]]:
        return [one for letter in self.server.post.letters for one in read(letter)]

    def shown(self, title: str) -> str:
        return line(title)

    @contextmanager
    def down(self) -> Iterator[Sink]:
        self.server.post.answer = "451 Requested action aborted"
        yield self.open()
        self.server.post.answer = None


class TestConformance(ScheduledConformance):
    @pytest.fixture
    def target(self, running: Server) -> EmailTarget:
        return EmailTarget(running)


def failed(sink: EmailSink) -> str:
    with pytest.raises(DeliveryFailed) as error:
        sink.deliver([event()])
    return str(error.value)


def name(server: Server) -> str:
    return f"получатель «test» (почта через 127.0.0.1:{server.port})"


def test_a_letter_is_for_people_and_for_programs(running):
    sink = open_sink(running, link="https://console.example.org/{id}")
    sink.deliver(
        [
            digest(1),
            event(1, 1),
            event(2, 1, title="Нет <воды>", urls=("https://vk.com/wall-1_2",), answer_due=MORNING),
            event(2, 2, "incident.overdue", title="Нет <воды>", urls=("https://vk.com/wall-1_2",), answer_due=MORNING),
        ]
    )
    [letter] = running.post.letters
    assert letter["Subject"] == "Отклик, Челябинская область: новых 2, просрочено 1, всего 2"
    assert (letter["From"], letter["To"]) == ("otklik@region.example", "duty@region.example, chief@region.example")
    assert letter["Message-ID"] == "<otklik.test.test.1.2.2.4@region.example>"
    assert letter["Date"].datetime == NOW
    assert letter["Auto-Submitted"] == "auto-generated"
    assert plain(letter) == (
        "Не работают источники: vk-kasli.\n"
        "\n"
        "№2.2 Нет <воды>\n"
        "Открыт, просрочен. Срочность: обычная, публикаций: 1, ответить до 10.03.2026 11:30\n"
        "https://vk.com/wall-1_2\n"
        "https://console.example.org/2\n"
        "\n"
        "№1.1 В Касли на улице Лобашова не горят фонари\n"
        "Открыт. Срочность: обычная, публикаций: 1\n"
        "https://console.example.org/1\n"
    )
    html = letter.get_body(("html",))
    assert html is not None
    assert '<td><a href="https://console.example.org/2">2</a></td><td>Нет &lt;воды&gt;</td>' in html.get_content()


def test_more_than_a_day_is_counted_not_listed(running):
    open_sink(running).deliver([event(number) for number in range(1, 304)])
    [letter] = running.post.letters
    assert len(read(letter)) == 300
    assert plain(letter).endswith("И ещё 3: весь список — в консоли.\n")


def test_the_same_events_make_the_same_message_id(running):
    sink = open_sink(running)
    sink.deliver(story(2, 2))
    sink.deliver(story(2, 2))
    first, second = running.post.letters
    assert first["Message-ID"] == second["Message-ID"]


def refusals() -> float:
    return REGISTRY.get_sample_value("otklik_letters_refused_total", {"sink": "test"}) or 0.0


def test_an_address_that_is_gone_is_told_of_and_costs_the_others_nothing(running):
    running.post.refuses = {"chief@region.example": "550 No such user"}
    before, sink = refusals(), open_sink(running)
    assert sink.check() == (
        f"{name(running)}: сервер не принимает адрес chief@region.example: ответ 550 No such user. Исправьте его."
    )
    with capture_logs() as logged:
        sink.deliver(story(1, 2))
        sink.deliver([event(2)])
    assert [one["Message-ID"].split(".")[2:4] for one in running.post.letters] == [["1", "1"], ["2", "1"]]
    assert logged[0] == logged[1] == {
        "event": "address_refused", "log_level": "error", "sink": "test", "address": "chief@region.example",
        "reason": "ответ 550 No such user",
    }  # fmt: skip
    assert refusals() == before + 2


def test_a_test_event_names_the_address_that_is_gone(running):
    running.post.refuses = {"chief@region.example": "550 No such user"}
    with pytest.raises(EventRefused) as caught:
        open_sink(running).deliver([probe("chelyabinsk", NOW)])
    assert caught.value.reason == (
        f"{name(running)}: сервер не принимает письма для chief@region.example; остальные его получили"
    )
    assert len(running.post.letters) == 1


def test_an_address_that_is_busy_alone_gets_the_same_letter_again(running):
    running.post.refuses = {"chief@region.example": "450 Greylisted"}
    sink, says = open_sink(running), (
        f"{name(running)}: сервер пока не принимает письмо для chief@region.example: ответ 450 Greylisted. "
        "Остальные его получили; этим оно уйдёт ещё раз."
    )  # fmt: skip
    assert failed(sink) == says
    assert failed(sink) == says
    running.post.refuses = {}
    sink.deliver([event()])
    first, second = running.post.letters
    assert running.post.reached == [["duty@region.example"], ["chief@region.example"]]
    assert (first["Message-ID"], plain(first)) == (second["Message-ID"], plain(second))
    sink.deliver([event(2)])
    assert running.post.reached[2:] == [["duty@region.example", "chief@region.example"]]


def test_an_address_that_stays_busy_is_given_up_after_an_hour(running):
    running.post.refuses = {"chief@region.example": "452 Mailbox full"}
    moment = NOW
    sink = EmailSink(settings(running), "test", ZONE, "Челябинская область", now=lambda: moment)
    failed(sink)
    moment += timedelta(minutes=59)
    failed(sink)
    moment += timedelta(minutes=1)
    with capture_logs() as logged:
        sink.deliver([event()])
    assert [one["reason"] for one in logged] == ["ответ 452 Mailbox full"]
    assert running.post.reached == [["duty@region.example"]]


def test_a_server_that_hangs_up_loses_no_address(running):
    running.post.refuses = dict.fromkeys(("chief@region.example", "third@region.example"), "450 Greylisted")
    sink = open_sink(running, to=["duty@region.example", "chief@region.example", "third@region.example"])
    failed(sink)
    running.post.refuses = {"third@region.example": "421 Too many connections"}
    assert "для chief@region.example, third@region.example: ответ 421" in failed(sink)
    running.post.refuses = {}
    sink.deliver([event()])
    assert running.post.reached == [["duty@region.example"], ["chief@region.example", "third@region.example"]]


def test_when_no_address_is_taken_the_server_is_quoted(running):
    running.post.refuses = dict.fromkeys(("chief@region.example", "duty@region.example"), "550 No such user")
    assert failed(open_sink(running)) == (
        f"{name(running)}: сервер не принимает адреса: ответ 550 No such user. Исправьте to; события дождутся."
    )


def test_a_wrong_password(running):
    says = (
        f"{name(running)}: сервер не узнаёт user и password: ответ 535 5.7.8 Authentication credentials invalid. "
        "Исправьте их; события дождутся."
    )
    sink = open_sink(running, password="other")
    assert sink.check() == says
    assert failed(sink) == says


def test_a_relay_that_knows_no_users(server):
    with server.running(auth=False):
        sink = open_sink(server, user=None, password=None)
        assert sink.check() is None
        sink.deliver([event()])
    assert len(server.post.letters) == 1


def test_a_certificate_of_a_stranger(running):
    assert failed(open_sink(running, ca=None)) == (
        f"{name(running)}: сертификат не подошёл (CERTIFICATE_VERIFY_FAILED). "
        "Исправьте host, security или ca; события дождутся."
    )
    assert running.post.letters == []


def test_nobody_at_the_port(server):
    assert failed(open_sink(server)) == (
        f"{name(server)}: нет связи ([Errno 111] Connection refused). События дождутся; проверьте сервер."
    )


def test_a_password_never_goes_in_clear():
    given = {"host": "mail", "sender": "a@b.example", "to": ["c@d.example"], "security": "none"}
    EmailSettings.model_validate(given)
    with pytest.raises(ValidationError, match="с security: none пароль шёл бы открыто"):
        EmailSettings.model_validate({**given, "user": "u", "password": "p"})
    with pytest.raises(ValidationError, match="user и password — только латинские буквы"):
        EmailSettings.model_validate({**given, "security": "tls", "user": "u", "password": "пароль"})
    with pytest.raises(ValidationError, match="user и password пишут вместе"):
        EmailSettings.model_validate({**given, "user": "u"})


@pytest.mark.parametrize("address", ["почта", "a@", "@b.example", "Имя <a@b.example>", "a@b.example, c@d.example"])
def test_what_is_no_address(address: str):
    with pytest.raises(ValidationError, match="не адрес почты"):
        EmailSettings.model_validate({"host": "mail", "sender": address, "to": ["c@d.example"]})
