"""A webhook: each event an HTTP POST of a CloudEvent, signed as https://www.standardwebhooks.com says."""

import base64
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated

import httpx
from pydantic import AfterValidator, Field, SecretStr
from standardwebhooks import Webhook

from net import AddressRefused, exempt_for, safe_client
from net.addresses import host_port
from schemas import CloudEvent
from sinks.base import DeliveryFailed, EventRefused, SinkSettings

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
"""Structured mode of https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md."""
SECRET_BYTES = range(24, 65)
"""Standard Webhooks: a secret is 24 to 64 random bytes."""
TRANSIENT = {408, 425, 429}
"""Request Timeout, Too Early, Too Many Requests: the 4xx that say "later", not "never"."""
ANSWER_BYTES = 64 * 1024
"""An answer's body means nothing to us. One this short is read, so that the connection can be used again."""
LONGEST_WAIT = 3600.0
"""Seconds. A Retry-After beyond an hour is cut: a mistaken date must not silence a sink for a year."""


def _url(value: str) -> str:
    try:
        host_port(value)
    except ValueError:
        raise ValueError(f"«{value}» — не адрес; он начинается с https:// или http://") from None
    return value


def _secret(value: SecretStr) -> SecretStr:
    encoded = value.get_secret_value().removeprefix("whsec_")
    try:
        size = len(base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True))
    except ValueError:
        size = 0
    if size not in SECRET_BYTES:
        raise ValueError(
            "секрет — от 24 до 64 случайных байтов в base64, можно с приставкой whsec_; "
            "новый даёт команда: openssl rand -base64 32"
        )
    return value


class WebhookSettings(SinkSettings):
    url: Annotated[str, AfterValidator(_url)]
    secret: Annotated[SecretStr, AfterValidator(_secret)]
    """`whsec_` and base64; the receiver checks signatures with it."""
    timeout: float = Field(default=15.0, gt=0, le=60)
    """Seconds the receiver has to answer; Standard Webhooks advises 15 to 30. It should store first and work later."""
    allow_private: bool = False
    """The URL's host and port may lie at a private address."""


class WebhookSink:
    """Events go one by one, in order; the first that is not taken stops the batch.

    `webhook-id` is the event's id, the same at every attempt: a receiver drops what it has seen.
    """

    def __init__(
        self, settings: WebhookSettings, id: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._url = settings.url
        self._id = id
        self._now = now
        self._timeout = settings.timeout
        self._signer = Webhook(settings.secret.get_secret_value())
        exempt = exempt_for(settings.url, allow_private=settings.allow_private)
        self._http = safe_client(allow_private=exempt, timeout=settings.timeout)

    def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Post the events; 2xx means taken.

        Raises:
            DeliveryFailed: no answer, 5xx, a redirect, or a 4xx of `TRANSIENT`; Retry-After is passed on.
            EventRefused: any other 4xx.
        """
        for taken, event in enumerate(events):
            try:
                status, retry_after = self._send("POST", event.id, event.encode())
            except httpx.HTTPError as error:
                raise DeliveryFailed(self._no_answer(error), taken=taken) from error
            if 400 <= status < 500 and status not in TRANSIENT:
                raise EventRefused(f"{self._name}: ответ {status} на событие {event.id}", event.id, taken=taken)
            if not 200 <= status < 300:
                raise DeliveryFailed(self._bad_status(status), taken=taken, retry_after=retry_after)

    def check(self) -> str | None:
        """Asks the receiver with OPTIONS; a receiver that knows no OPTIONS is there all the same."""
        try:
            status, _ = self._send("OPTIONS", "check", b"")
        except httpx.HTTPError as error:
            return self._no_answer(error)
        if 200 <= status < 300 or status in {400, 405, 501}:
            return None
        if status in {401, 403}:
            return f"{self._name}: ответ {status}. Получатель не пускает: сверьте адрес и секрет."
        if status in {404, 410}:
            return f"{self._name}: ответ {status}. По этому адресу никто не принимает: проверьте url."
        return self._bad_status(status)

    def close(self) -> None:
        self._http.close()

    def _send(self, method: str, id: str, body: bytes) -> tuple[int, float | None]:
        """Status, and the seconds that a Retry-After asks for.

        Raises:
            httpx.HTTPError: there is no answer.
        """
        now = self._now()
        headers = {
            "content-type": CONTENT_TYPE,
            "user-agent": "Otklik",
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(id, now, body.decode()),
        }
        with self._http.stream(method, self._url, content=body, headers=headers) as answer:
            self._drain(answer)
            return answer.status_code, retry_after(answer.headers.get("retry-after"), now)

    def _drain(self, answer: httpx.Response) -> None:
        """Read a short body; a long or slow one is left, and the connection with it. The status stands either way."""
        size, deadline = 0, time.monotonic() + self._timeout
        try:
            for piece in answer.iter_raw():
                size += len(piece)
                if size > ANSWER_BYTES or time.monotonic() > deadline:
                    return
        except httpx.HTTPError:
            return

    @property
    def _name(self) -> str:
        return f"получатель «{self._id}» ({self._url})"

    def _no_answer(self, error: httpx.HTTPError) -> str:
        if _refused(error):
            return (
                f"{self._name}: адрес не из открытого интернета. "
                "Если получатель и правда в вашей сети, поставьте allow_private: true."
            )
        if isinstance(error, httpx.TimeoutException):
            return f"{self._name}: не ответил за {self._timeout:g} с. События дождутся; проверьте получателя."
        return f"{self._name}: нет связи ({error}). События дождутся; проверьте получателя."

    def _bad_status(self, status: int) -> str:
        if 300 <= status < 400:
            return f"{self._name}: ответ {status}, перенаправление. Укажите в url окончательный адрес."
        return f"{self._name}: ответ {status}. События дождутся; проверьте получателя."


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (seconds or an HTTP date), 0 to `LONGEST_WAIT`; None if unreadable."""
    if value is None:
        return None
    if value.strip().isdigit():
        seconds = float(value)
    else:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        if moment.tzinfo is None:  # "-0000": UTC of an unknown place
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _refused(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, AddressRefused):
            return True
        error = error.__cause__ or error.__context__
    return False
