"""Two indexes of OpenSearch or Elasticsearch: every event, and each incident in its last state, by the bulk API.

https://docs.opensearch.org/latest/api-reference/document-apis/bulk/
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Self

import httpx
import orjson
from pydantic import AfterValidator, Field, SecretStr, model_validator

from schemas import CloudEvent, IncidentEvent
from sinks.base import DeliveryFailed, EventRefused, SinkSettings
from sinks.http import TRANSIENT, Answer, Endpoint, http_url, retry_after

INDEX = r"^[a-z0-9][a-z0-9._-]{0,200}$"
"""What OpenSearch allows: no capitals, no leading _ or -."""
NO_INDEX = "index_not_found_exception"
"""Of a 404: the server does not make indexes by itself, or this one went away."""
EXISTS = 409
"""The event is stored already, or the incident in a newer state: as it should be."""
ACTIONS_BYTES = 5_000_000
"""Of one request: OpenSearch advises 5 to 15 MB, and a proxy before it may allow less."""

ANSWER_BYTES = 20_000_000
"""A bulk request is answered with a line per action: some 200 bytes, and 400 for one of the smallest, of 150."""


class OpenSearchSettings(SinkSettings):
    url: Annotated[str, AfterValidator(http_url)]
    events: str = Field(default="otklik-events", pattern=INDEX)
    incidents: str = Field(default="otklik-incidents", pattern=INDEX)
    user: str | None = None
    password: SecretStr | None = None
    timeout: float = Field(default=30.0, gt=0, le=300)
    allow_private: bool = False

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user и password пишут вместе")
        return self


class OpenSearchSink:
    """An event is created once, by its id; an incident is indexed with its sequence as its version, so that a repeated
    or late event brings back nothing. What was erased goes from earlier events, and from those that come later."""

    def __init__(
        self, settings: OpenSearchSettings, id: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._settings = settings
        self._now = now
        self._url = settings.url.rstrip("/")
        self._auth = None
        if settings.user is not None and settings.password is not None:
            self._auth = httpx.BasicAuth(settings.user, settings.password.get_secret_value())
        self._endpoint = Endpoint(id, settings.url, timeout=settings.timeout, allow_private=settings.allow_private)

    def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Store the events, in requests of some megabytes.

        Raises:
            DeliveryFailed: no answer, a refused login, too much load, no room.
            EventRefused: an event does not fit the index's mapping.
        """
        taken = 0
        for part in self._parts(events):
            actions = [action for event in part for action in self._actions(event)]
            try:
                answer = self._send("POST", "/_bulk", b"".join(lines for _, lines in actions))
            except httpx.HTTPError as error:
                raise DeliveryFailed(self._endpoint.no_answer(error), taken=taken) from error
            if not answer.is_taken:
                wait = retry_after(answer.headers.get("retry-after"), self._now())
                raise DeliveryFailed(self._reason(answer), taken=taken, retry_after=wait)
            self._look_through([event for event, _ in actions], answer, part, taken)
            taken += len(part)

    def check(self) -> str | None:
        """Asks who is there, then whether this user may write: with a bulk request that changes documents that are not
        there. At such a one the server makes a missing index, if it would at a delivery."""
        settings = self._settings
        nothing = b"".join(
            orjson.dumps({"update": {"_index": index, "_id": "otklik-check"}}) + b"\n" + b'{"doc": {}}\n'
            for index in (settings.events, settings.incidents)
        )
        for method, path, body in (("GET", "/", b""), ("POST", "/_bulk", nothing)):
            try:
                answer = self._send(method, path, body)
            except httpx.HTTPError as error:
                return self._endpoint.no_answer(error)
            if not answer.is_taken:
                return self._reason(answer)
        for index, (status, kind, said) in zip((settings.events, settings.incidents), _results(answer), strict=False):
            if status in {401, 403}:
                return f"{self._endpoint.name}: писать в {index} нельзя ({said}). Дайте пользователю права."
            if kind == NO_INDEX:
                return f"{self._endpoint.name}: {_no_index(said)}"
        return None

    def close(self) -> None:
        self._endpoint.close()

    def _send(self, method: str, path: str, body: bytes) -> Answer:
        return self._endpoint.send(
            method,
            self._url + path,
            content=body,
            headers={"content-type": "application/x-ndjson"},
            auth=self._auth,
            most=ANSWER_BYTES,
        )

    def _parts(self, events: Sequence[CloudEvent]) -> list[list[CloudEvent]]:
        parts: list[list[CloudEvent]] = []
        size = ACTIONS_BYTES
        for event in events:
            weight = sum(len(lines) for _, lines in self._actions(event))
            if size + weight > ACTIONS_BYTES:
                parts.append([])
                size = 0
            parts[-1].append(event)
            size += weight
        return parts

    def _actions(self, event: CloudEvent) -> list[tuple[CloudEvent, bytes]]:
        """The event, its incident, and what changes in earlier events, as lines of a bulk request."""
        create = {"create": {"_index": self._settings.events, "_id": event.id}}
        actions = [(event, orjson.dumps(create) + b"\n" + event.encode() + b"\n")]
        if isinstance(event, IncidentEvent):
            incident = event.data.incident
            index = {
                "_index": self._settings.incidents,
                "_id": str(incident.id),
                "version": incident.sequence,
                "version_type": "external",
            }
            actions.append((event, orjson.dumps({"index": index}) + b"\n" + incident.encode() + b"\n"))
        if isinstance(event, IncidentEvent) and event.type == "incident.redacted":
            # Earlier snapshots keep neither links, of which an erasure took some, nor an address, nor a title in which
            # a settlement stood: the topic takes its place, so that the order of erasures is all the same. Their ids
            # are known, so that nothing need be searched for. Of one that is not here a stub takes the place: else it
            # would bring back what was erased, should it come late.
            left: dict[str, object] = {"urls": [], "address": None, "title": incident.topic}
            doc = {"data": {"place": None, "incident": left}}
            for sequence in range(1, incident.sequence):
                id_ = f"{incident.id}.{sequence}"
                earlier = {"_index": self._settings.events, "_id": id_, "retry_on_conflict": 3}
                known = {"id": incident.id, "sequence": sequence, **left}
                stub = {"id": id_, "subject": event.subject, "data": {"place": None, "incident": known}}
                change = orjson.dumps({"update": earlier}) + b"\n" + orjson.dumps({"doc": doc, "upsert": stub}) + b"\n"
                actions.append((event, change))
        return actions

    def _look_through(
        self, acted: Sequence[CloudEvent], answer: Answer, part: Sequence[CloudEvent], taken: int
    ) -> None:
        results = _results(answer)
        if len(results) != len(acted):
            raise DeliveryFailed(f"{self._endpoint.name}: непонятный ответ на _bulk. Проверьте url.", taken=taken)
        for event, (status, _, said) in zip(acted, results, strict=True):
            if 200 <= status < 300 or status == EXISTS:
                continue
            done = taken + [one.id for one in part].index(event.id)
            if status == 404:
                raise DeliveryFailed(f"{self._endpoint.name}: {_no_index(said)}", taken=done)
            if status in {401, 403} or status in TRANSIENT or status >= 500:
                raise DeliveryFailed(f"{self._endpoint.name}: ответ {status} ({said}). События дождутся.", taken=done)
            reason = f"{self._endpoint.name}: ответ {status} на событие {event.id} ({said})"
            raise EventRefused(reason, event.id, taken=done)

    def _reason(self, answer: Answer) -> str:
        if answer.status in {401, 403}:
            return f"{self._endpoint.name}: ответ {answer.status}. Получатель не пускает: сверьте user и password."
        if answer.status in {404, 405}:
            return f"{self._endpoint.name}: ответ {answer.status}. Это не OpenSearch: проверьте url."
        return self._endpoint.bad_status(answer.status)


def _no_index(said: str) -> str:
    return f"нет индекса ({said}). Создайте его или разрешите серверу создавать; события дождутся."


def _results(answer: Answer) -> list[tuple[int, str, str]]:
    """Of each action of a bulk request: its status, and the kind of error and what was said, if there is one."""
    try:
        items: list[dict[str, Any]] = orjson.loads(answer.body)["items"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []
    found = []
    for item in items:
        [result] = item.values()
        error = result.get("error") or {}
        found.append((int(result["status"]), str(error.get("type", "")), str(error.get("reason", ""))))
    return found
