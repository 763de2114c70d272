"""A letter on a schedule with all that has happened since the last one, by SMTP."""

import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bus import metrics
from schemas import CloudEvent, Incident, IncidentEvent, SourceDigest
from schemas.words import STATUSES
from sinks.base import DeliveryFailed, EventRefused, SinkSettings
from sinks.message import Link, about, counted, happened, latest, line
from sinks.schedule import EVERY_MORNING, Schedule

PATIENCE = timedelta(hours=1)
"""For which addresses are tried again that the server does not take now, while the others have the letter: greylisting
ends within minutes, and a mailbox that is full for days must not hold up the next letter to everybody."""
LISTED = 300
"""Incidents in a letter: a day of the busiest region. The number of the rest is told."""


def _address(value: str) -> str:
    try:
        found = Address(addr_spec=value)
    except Exception as error:  # its parser raises IndexError and errors of its own at some nonsense
        raise ValueError(f"«{value}» — не адрес почты") from error
    if not found.domain or not value.isascii():
        raise ValueError(f"«{value}» — не адрес почты")
    return value


Mailbox = Annotated[str, AfterValidator(_address)]


def _is_ascii(user: str, password: SecretStr) -> bool:
    return user.isascii() and password.get_secret_value().isascii()


class EmailSettings(SinkSettings):
    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` is for a relay on this machine or in a closed network: the password would go in clear, so none is sent."""
    ca: Path | None = None
    """Certificates of an authority of one's own; without it those of the system."""
    user: str | None = None
    password: SecretStr | None = None
    sender: Mailbox
    to: tuple[Mailbox, ...] = Field(min_length=1, max_length=50)
    schedule: Schedule = EVERY_MORNING
    link: Link | None = None
    timeout: float = Field(default=30.0, gt=0, le=300)

    @model_validator(mode="after")
    def _password_is_safe(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user и password пишут вместе")
        if self.user is not None and self.password is not None and not _is_ascii(self.user, self.password):
            raise ValueError("user и password — только латинские буквы, цифры и знаки: другие по SMTP не передать")
        if self.password is not None and self.security == "none":
            raise ValueError("с security: none пароль шёл бы открыто: поставьте starttls или tls или уберите пароль")
        return self


@dataclass
class _Begun:
    """A letter that was tried: `left` are the addresses that do not have it, `taken` whether any has."""

    letter: EmailMessage
    left: list[str]
    since: datetime
    taken: bool = False


class EmailSink:
    """A batch is one letter. Its Message-ID is made of the events' ids, so mail programs show a repeated one once."""

    def __init__(
        self,
        settings: EmailSettings,
        id: str,
        zone: ZoneInfo,
        region: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._id = id
        self._zone = zone
        self._region = region
        self._now = now
        self._begun: _Begun | None = None

    def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Send one letter to all addresses. One that the server refuses for good, while it takes others, is logged and
        counted, and left out.

        Raises:
            DeliveryFailed: the server did not take it: then it comes again; or not now for some address: then it comes
                again to that one alone, for `PATIENCE`.
        """
        if not events:
            return
        begun = self._begun_with(events)
        refused: Mapping[str, tuple[int, bytes]]
        try:
            with self._connection() as server:
                refused = server.send_message(begun.letter, self._settings.sender, begun.left)
        except smtplib.SMTPRecipientsRefused as error:
            if not begun.taken:
                raise DeliveryFailed(self._explain(error)) from error
            # An answer 421 ends the conversation: those not named were not asked, or will not get it.
            refused = dict.fromkeys(begun.left, (421, b"")) | error.recipients
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryFailed(self._explain(error)) from error
        if not begun.taken:
            begun.taken, begun.since = True, self._now()
        asked = begun.left
        begun.left = self._worth_another_try(refused, begun.since)
        if begun.left:
            said = _said(*refused[begun.left[0]])
            raise DeliveryFailed(
                f"{self._name}: сервер пока не принимает письмо для {', '.join(begun.left)}: {said}. "
                "Остальные его получили; этим оно уйдёт ещё раз."
            )
        self._begun = None
        lost = [address for address in asked if address in refused]
        tests = [event for event in events if isinstance(event, IncidentEvent) and event.data.test]
        if lost and tests:  # somebody waits for the answer, and would not look for it in a log
            who = ", ".join(lost)
            raise EventRefused(
                f"{self._name}: сервер не принимает письма для {who}; остальные его получили", tests[0].id
            )

    def check(self) -> str | None:
        """Connects, logs in, names sender and addresses, and takes it all back before a letter is written."""
        settings = self._settings
        try:
            with self._connection() as server:
                for code, answer, whose in [
                    (*server.mail(settings.sender), settings.sender),
                    *((*server.rcpt(one), one) for one in settings.to),
                ]:
                    if not 200 <= code < 300:
                        return f"{self._name}: сервер не принимает адрес {whose}: {_said(code, answer)}. Исправьте его."
                server.rset()
        except (OSError, smtplib.SMTPException) as error:
            return self._explain(error)
        return None

    def close(self) -> None:
        """A connection lives for one letter."""

    def _begun_with(self, events: Sequence[CloudEvent]) -> _Begun:
        """The letter of these events: the one that some have already, or a new one."""
        letter = self._letter(events)
        if self._begun is None or self._begun.letter["Message-ID"] != letter["Message-ID"]:
            self._begun = _Begun(letter, list(self._settings.to), self._now())
        return self._begun

    def _worth_another_try(self, refused: Mapping[str, tuple[int, bytes]], since: datetime) -> list[str]:
        """Of the refused addresses those that may take the letter yet; the others are told of."""
        import structlog  # noqa: PLC0415  (brings in twisted, which reading the settings need not wait for)

        found = []
        for address, (code, answer) in refused.items():
            if code < 500 and self._now() < since + PATIENCE:
                found.append(address)
                continue
            structlog.get_logger().error("address_refused", sink=self._id, address=address, reason=_said(code, answer))
            metrics.counter("otklik_letters_refused_total", sink=self._id).inc()
        return found

    @property
    def _name(self) -> str:
        return f"получатель «{self._id}» (почта через {self._settings.host}:{self._settings.port})"

    def _connection(self) -> smtplib.SMTP:
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.ca)
        server: smtplib.SMTP
        if settings.security == "tls":
            server = smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout, context=context)
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
        try:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user is not None and settings.password is not None:
                server.login(settings.user, settings.password.get_secret_value())
            server.ehlo_or_helo_if_needed()  # forgotten at STARTTLS; a login repeats it
        except BaseException:
            server.close()
            raise
        return server

    def _explain(self, error: Exception) -> str:
        return f"{self._name}: {_why(error)}"

    def _letter(self, events: Sequence[CloudEvent]) -> EmailMessage:
        found = latest(events)
        digests = [event for event in events if isinstance(event, SourceDigest)]
        subject = counted(found) if found else digests[-1].data.summary
        letter = EmailMessage()
        letter["Subject"] = f"Отклик, {self._region}: {line(subject)}"
        letter["From"] = self._settings.sender
        letter["To"] = ", ".join(self._settings.to)
        letter["Date"] = format_datetime(self._now())
        domain = self._settings.sender.rpartition("@")[2]
        letter["Message-ID"] = f"<otklik.{self._id}.{events[0].id}.{events[-1].id}.{len(events)}@{domain}>"
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notices in answer
        shown, rest = found[:LISTED], len(found) - LISTED
        more = f"И ещё {rest}: весь список — в консоли." if rest > 0 else ""
        sources = [event.data.summary for event in digests]
        plain = [*sources, *(self._plain(one, types) for one, types in shown), more]
        letter.set_content("\n\n".join(part for part in plain if part) + "\n")
        letter.add_alternative(self._html(sources, shown, more), subtype="html")
        return letter

    def _plain(self, incident: Incident, types: Sequence[str]) -> str:
        lines = [
            f"№{incident.id}.{incident.sequence} {line(incident.title)}",
            f"{happened(types)}. {about(incident, self._zone)}",
            *incident.urls[:1],
        ]
        if self._settings.link:
            lines.append(self._settings.link.format(id=incident.id))
        return "\n".join(lines)

    def _html(self, sources: Sequence[str], shown: Sequence[tuple[Incident, list[str]]], more: str) -> str:
        rows = "".join(
            f"<tr><td>{self._number(one)}</td><td>{escape(line(one.title))}</td><td>{escape(happened(types))}</td>"
            f"<td>{STATUSES.get(one.status, one.status)}</td><td>{escape(about(one, self._zone))}</td></tr>\n"
            for one, types in shown
        )
        head = "<tr><th>№</th><th>Что и где</th><th>Что произошло</th><th>Состояние</th><th>Подробнее</th></tr>"
        table = f'<table border="1" cellpadding="4" cellspacing="0">\n{head}\n{rows}</table>' if shown else ""
        paragraphs = "".join(f"<p>{escape(one)}</p>\n" for one in [*sources, more] if one)
        return f'<!doctype html>\n<html lang="ru"><meta charset="utf-8">\n{paragraphs}{table}\n</html>\n'

    def _number(self, incident: Incident) -> str:
        if not self._settings.link:
            return str(incident.id)
        return f'<a href="{escape(self._settings.link.format(id=incident.id))}">{incident.id}</a>'


def _said(code: int, answer: bytes | str) -> str:
    words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"ответ {code} {line(words)}"


def _why(error: Exception) -> str:  # noqa: PLR0911  (one per kind of error)
    """What is wrong, and who must do what."""
    match error:
        case smtplib.SMTPAuthenticationError():
            said = _said(error.smtp_code, error.smtp_error)
            return f"сервер не узнаёт user и password: {said}. Исправьте их; события дождутся."
        case smtplib.SMTPRecipientsRefused():
            said = _said(*next(iter(error.recipients.values())))
            return f"сервер не принимает адреса: {said}. Исправьте to; события дождутся."
        case smtplib.SMTPSenderRefused():
            said = _said(error.smtp_code, error.smtp_error)
            return f"сервер не принимает отправителя: {said}. Исправьте sender; события дождутся."
        case smtplib.SMTPNotSupportedError():
            return "сервер не умеет STARTTLS или вход по паролю. Поставьте другой security; события дождутся."
        case ssl.SSLError():
            return f"сертификат не подошёл ({error.reason}). Исправьте host, security или ca; события дождутся."
        case smtplib.SMTPResponseException():
            return f"{_said(error.smtp_code, error.smtp_error)}. События дождутся; проверьте сервер."
        case _:
            return f"нет связи ({error}). События дождутся; проверьте сервер."
