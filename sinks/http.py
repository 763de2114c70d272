"""What sinks that speak HTTP share: a guarded client, and what to say when the receiver does not answer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from net import AddressRefused, exempt_for, safe_client
from net.addresses import host_port

TRANSIENT = {408, 425, 429}
"""Request Timeout, Too Early, Too Many Requests: the 4xx that say "later", not "never"."""
ANSWER_BYTES = 64 * 1024
"""Of an answer whose body means nothing to us. One this short is read, so that the connection can be used again."""
LONGEST_WAIT = 3600.0
"""Seconds. A Retry-After beyond an hour is cut: a mistaken date must not silence a sink for a year."""


def http_url(value: str) -> str:
    """The value, for a pydantic field.

    Raises:
        ValueError: it is no address of HTTP.
    """
    try:
        host_port(value)
    except ValueError:
        raise ValueError(f"«{value}» — не адрес; он начинается с https:// или http://") from None
    return value


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in any case."""
    body: bytes
    """Cut where it is long."""

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_refusal(self) -> bool:
        """The receiver will not take this at any time."""
        return 400 <= self.status < 500 and self.status not in TRANSIENT


class Endpoint:
    """A server at `url`, and how messages about it begin. `shown` stands for the address where that holds a secret."""

    def __init__(self, id: str, url: str, *, timeout: float, allow_private: bool, shown: str | None = None) -> None:
        self.name = f"получатель «{id}» ({shown or url})"
        self._timeout = timeout
        self._http = safe_client(allow_private=exempt_for(url, allow_private=allow_private), timeout=timeout)

    def send(self, method: str, url: str, *, most: int = ANSWER_BYTES, **given: Any) -> Answer:
        """What the receiver answers; of its body about `most` bytes.

        Raises:
            httpx.HTTPError: there is no answer.
        """
        with self._http.stream(method, url, **given) as answer:
            return Answer(answer.status_code, answer.headers, self._read(answer, most))

    def close(self) -> None:
        self._http.close()

    def no_answer(self, error: httpx.HTTPError) -> str:
        """What to tell an operator, in Russian."""
        if _refused(error):
            return (
                f"{self.name}: адрес не из открытого интернета. "
                "Если получатель и правда в вашей сети, поставьте allow_private: true."
            )
        if isinstance(error, httpx.TimeoutException):
            return f"{self.name}: не ответил за {self._timeout:g} с. События дождутся; проверьте получателя."
        return f"{self.name}: нет связи ({error}). События дождутся; проверьте получателя."

    def bad_status(self, status: int) -> str:
        """What to tell an operator of an answer that means "not now", in Russian."""
        if 300 <= status < 400:
            return f"{self.name}: ответ {status}, перенаправление. Укажите в url окончательный адрес."
        return f"{self.name}: ответ {status}. События дождутся; проверьте получателя."

    def _read(self, answer: httpx.Response, most: int) -> bytes:
        """A short body; of a long or slow one what came, and the connection is left. The status stands either way."""
        body, deadline = bytearray(), time.monotonic() + self._timeout
        try:
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > most or time.monotonic() > deadline:
                    break
        except httpx.HTTPError:
            pass
        return bytes(body)


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
