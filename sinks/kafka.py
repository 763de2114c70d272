"""A topic of another Kafka: CloudEvents in structured mode, keyed by subject, which is the incident's id."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from bus import BusError, Record, RecordTooLarge, is_kafka, open_bus
from schemas import CloudEvent, headers
from sinks.base import DeliveryFailed, EventRefused, SinkSettings

CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"
"""https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md, structured mode."""


def _kafka(value: str) -> str:
    if not is_kafka(value):
        raise ValueError(f"«{value}» — не адрес Kafka; он выглядит так: kafka://узел-1:9092,узел-2:9092")
    return value


class KafkaSettings(SinkSettings):
    url: Annotated[str, AfterValidator(_kafka)]
    """`kafka://host:port,host:port`, as `bus:` is written."""
    topic: str = Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$")
    """The receiver makes it: how many partitions it has is not ours to say."""


class KafkaSink:
    """All events of an incident have its id, their subject, as their key and so stay in order within a partition."""

    def __init__(self, settings: KafkaSettings, id: str) -> None:
        self._id = id
        self._url = settings.url
        self._topic = settings.topic
        self._bus = open_bus(settings.url)

    def deliver(self, events: Sequence[CloudEvent]) -> None:
        """Publish the events and wait until all are acknowledged.

        Raises:
            DeliveryFailed: the brokers do not answer, or the topic does not exist.
            EventRefused: an event is over the brokers' limit.
        """
        if not events:
            return
        records = [_record(event) for event in events]
        taken = 0
        try:
            self._bus.publish(self._topic, records)
        except RecordTooLarge as error:
            # None of the batch was published. Those before the large one go first, or they would be lost with it.
            if error.index:
                self.deliver(events[: error.index])
                taken = error.index
            event = events[error.index]
            raise EventRefused(f"{self._name}: {error}", event.id, taken=taken) from error
        except BusError as error:
            raise DeliveryFailed(self._down) from error

    def check(self) -> str | None:
        """Asks the brokers for the topic."""
        try:
            self._bus.ends(self._topic)
        except BusError:
            return self._down
        return None

    def close(self) -> None:
        self._bus.close()

    @property
    def _down(self) -> str:
        return f"{self._name}: не принимает события. Проверьте, что брокеры запущены и тема создана; события дождутся."

    @property
    def _name(self) -> str:
        return f"получатель «{self._id}» ({self._url}, тема {self._topic})"


def _record(event: CloudEvent) -> Record:
    return Record(
        key=event.subject,
        value=event.encode(),
        time=event.time,
        headers={**headers(event), "content-type": CONTENT_TYPE},
    )
