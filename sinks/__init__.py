"""Incident events out; a module per kind of receiver."""

from sinks.base import DeliveryFailed, EventRefused, Sink, SinkKind, SinkSettings
from sinks.file import FileSettings, FileSink
from sinks.filter import When
from sinks.kafka import KafkaSettings, KafkaSink
from sinks.webhook import WebhookSettings, WebhookSink

KINDS: dict[str, SinkKind] = {
    "file": SinkKind(FileSettings, FileSink),
    "webhook": SinkKind(WebhookSettings, WebhookSink),
    "kafka": SinkKind(KafkaSettings, KafkaSink),
}
"""The key in the YAML file, to what it stands for."""

__all__ = ["KINDS", "DeliveryFailed", "EventRefused", "Sink", "SinkKind", "SinkSettings", "When"]
