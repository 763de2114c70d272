"""The Kafka sink against a real Apache Kafka, read back with kafka-python itself."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from pydantic import ValidationError

from bus import open_bus
from bus.kafka_consumer import CLIENT
from sinks import DeliveryFailed, EventRefused, Sink
from sinks.kafka import KafkaSettings, KafkaSink
from tests.servers import KafkaServer
from tests.sinks.conformance import SinkConformance, Target
from tests.sinks.events import event, story


class KafkaTarget(Target):
    """A topic of its own with three partitions."""

    def __init__(self, server: KafkaServer) -> None:
        self.server = server
        self.topic = f"their-{uuid.uuid4().hex}"
        bus = open_bus(f"kafka://{server.bootstrap}")
        bus.ensure_topics({self.topic: 3})
        bus.close()

    def open(self) -> KafkaSink:
        return KafkaSink(KafkaSettings(url=f"kafka://{self.server.bootstrap}", topic=self.topic), "test")

    def records(self) -> list[Any]:
        """Kafka's own records, partition after partition."""
        consumer = KafkaConsumer(bootstrap_servers=self.server.bootstrap, group_id=None)
        partitions = [TopicPartition(self.topic, number) for number in range(3)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        found: list[Any] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for batch in consumer.poll(timeout_ms=200).values():
                found += batch
        consumer.close()
        return found

    def received(self) -> list[Mapping[str, Any]]:
        return [json.loads(record.value) for record in self.records()]

    @contextmanager
    def down(self) -> Iterator[Sink]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(CLIENT, "bootstrap_timeout_ms", 500)  # nobody is there: waiting 10 s tells no more
            yield KafkaSink(KafkaSettings(url="kafka://127.0.0.1:1", topic=self.topic), "test")


@pytest.fixture
def target(kafka_server: KafkaServer) -> KafkaTarget:
    return KafkaTarget(kafka_server)


class TestConformance(SinkConformance):
    @pytest.fixture
    def target(self, kafka_server: KafkaServer) -> KafkaTarget:
        return KafkaTarget(kafka_server)


def test_records_are_cloudevents_in_structured_mode_keyed_by_incident(target):
    sink = target.open()
    sink.deliver([event(7, 2)])
    sink.close()
    [record] = target.records()
    assert record.key == b"7"
    assert dict(record.headers)["content-type"] == b"application/cloudevents+json; charset=UTF-8"
    assert record.timestamp == int(event(7, 2).time.timestamp() * 1000)


def test_an_event_over_the_limit_is_refused_and_those_before_it_are_taken(target):
    huge = event(1, 3, title="я" * 6_000_000)
    sink = target.open()
    with pytest.raises(EventRefused) as error:
        sink.deliver([*story(1, 2), huge, event(1, 4)])
    assert (error.value.event_id, error.value.taken) == ("1.3", 2)
    assert sorted(item["id"] for item in target.received()) == ["1.1", "1.2"]
    sink.deliver([event(1, 4)])
    assert sorted(item["id"] for item in target.received()) == ["1.1", "1.2", "1.4"]
    sink.close()


def test_a_topic_that_does_not_exist_is_not_made(kafka_server: KafkaServer):
    url = f"kafka://{kafka_server.bootstrap}"
    sink = KafkaSink(KafkaSettings(url=url, topic="nobodys"), "test")
    with pytest.raises(DeliveryFailed) as error:
        sink.deliver([event()])
    assert str(error.value) == (
        f"получатель «test» ({url}, тема nobodys): не принимает события. "
        "Проверьте, что брокеры запущены и тема создана; события дождутся."
    )
    assert sink.check() == str(error.value)
    sink.close()


@pytest.mark.parametrize("url", ["localhost:9092", "kafka://", "kafka://host", "memory:"])
def test_an_address_that_is_none_is_a_mistake(url: str):
    with pytest.raises(ValidationError) as error:
        KafkaSettings(url=url, topic="t")
    assert error.value.errors()[0]["msg"] == (
        f"Value error, «{url}» — не адрес Kafka; он выглядит так: kafka://узел-1:9092,узел-2:9092"
    )
