"""A webhook: each event an HTTP POST of a CloudEvent, signed as https://www.standardwebhooks.com says."""

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import httpx
from pydantic import AfterValidator, Field, SecretStr
from standardwebhooks import Webhook

from schemas import CloudEvent
from sinks.base import DeliveryFailed, EventRefused, SinkSettings
from sinks.http import Answer, Endpoint, http_url, retry_after

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
"""Structured mode of https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md."""
SECRET_BYTES = range(24, 65)
"""Standard Webhooks: a secret is 24 to 64 random bytes."""


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
    url: Annotated[str, AfterValidator(http_url)]
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
        self._now = now
        self._signer = Webhook(settings.secret.get_secret_value())
        self._endpoint = Endpoint(id, settings.url, timeout=settings.timeout, allow_private=settings.allow_private)

    def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Post the events; 2xx means taken.

        Raises:
            DeliveryFailed: no answer, 5xx, a redirect, or a 4xx of `TRANSIENT`; Retry-After is passed on.
            EventRefused: any other 4xx.
        """
        name = self._endpoint.name
        for taken, event in enumerate(events):
            try:
                answer = self._send("POST", event.id, event.encode())
            except httpx.HTTPError as error:
                raise DeliveryFailed(self._endpoint.no_answer(error), taken=taken) from error
            if answer.is_refusal:
                raise EventRefused(f"{name}: ответ {answer.status} на событие {event.id}", event.id, taken=taken)
            if not answer.is_taken:
                wait = retry_after(answer.headers.get("retry-after"), self._now())
                raise DeliveryFailed(self._endpoint.bad_status(answer.status), taken=taken, retry_after=wait)

    def check(self) -> str | None:
        """Asks the receiver with OPTIONS; a receiver that knows no OPTIONS is there all the same."""
        name = self._endpoint.name
        try:
            answer = self._send("OPTIONS", "check", b"")
        except httpx.HTTPError as error:
            return self._endpoint.no_answer(error)
        if answer.is_taken or answer.status in {400, 405, 501}:
            return None
        if answer.status in {401, 403}:
            return f"{name}: ответ {answer.status}. Получатель не пускает: сверьте адрес и секрет."
        if answer.status in {404, 410}:
            return f"{name}: ответ {answer.status}. По этому адресу никто не принимает: проверьте url."
        return self._endpoint.bad_status(answer.status)

    def close(self) -> None:
        self._endpoint.close()

    def _send(self, method: str, id: str, body: bytes) -> Answer:
        now = self._now()
        headers = {
            "content-type": CONTENT_TYPE,
            "user-agent": "Otklik",
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(id, now, body.decode()),
        }
        return self._endpoint.send(method, self._url, content=body, headers=headers)
