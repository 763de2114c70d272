"""Incident events out; a module per kind of receiver."""

from sinks.base import DeliveryFailed, EventRefused, Sink, SinkKind, SinkSettings
from sinks.email import EmailSettings, EmailSink
from sinks.file import FileSettings, FileSink
from sinks.filter import When
from sinks.kafka import KafkaSettings, KafkaSink
from sinks.opensearch import OpenSearchSettings, OpenSearchSink
from sinks.postgres import PostgresSettings, PostgresSink
from sinks.report import ReportSettings, ReportSink
from sinks.telegram import TelegramSettings, TelegramSink
from sinks.webhook import WebhookSettings, WebhookSink

KINDS: dict[str, SinkKind] = {
    "file": SinkKind(FileSettings, lambda settings, id, _: FileSink(settings, id)),
    "webhook": SinkKind(WebhookSettings, lambda settings, id, _: WebhookSink(settings, id)),
    "kafka": SinkKind(KafkaSettings, lambda settings, id, _: KafkaSink(settings, id)),
    "telegram": SinkKind(TelegramSettings, lambda settings, id, home: TelegramSink(settings, id, home.zone)),
    "email": SinkKind(
        EmailSettings,
        lambda settings, id, home: EmailSink(settings, id, home.zone, home.name),
        scheduled=True,
    ),
    "report": SinkKind(ReportSettings, lambda settings, id, home: ReportSink(settings, id, home.zone), scheduled=True),
    "postgres": SinkKind(PostgresSettings, lambda settings, id, _: PostgresSink(settings, id)),
    "opensearch": SinkKind(OpenSearchSettings, lambda settings, id, _: OpenSearchSink(settings, id)),
}
"""The key in the YAML file, to what it stands for."""

__all__ = ["KINDS", "DeliveryFailed", "EventRefused", "Sink", "SinkKind", "SinkSettings", "When"]
