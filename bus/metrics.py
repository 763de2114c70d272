"""Every Prometheus metric of the program, in one place: what is not in this list cannot be recorded.

Names follow https://prometheus.io/docs/practices/naming/: `otklik_<part>_<what>_<unit>`, counters end in `_total`.
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable, read by prometheus_client when it is imported: processes that are given the same folder there
count together."""

SECONDS = (0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120)
"""Buckets from a batch of an empty step to a receiver's time-out."""


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = SECONDS


METRICS: tuple[Metric, ...] = (
    Metric("otklik_worker_records_total", "counter", ("worker",), "Records whose processing has ended well."),
    Metric("otklik_worker_dead_letters_total", "counter", ("worker", "error_type"), "Records set aside."),
    Metric("otklik_worker_retries_total", "counter", ("worker", "reason"), "Attempts repeated after an error."),
    Metric("otklik_worker_batch_seconds", "histogram", ("worker",), "From poll to commit of one batch."),
    Metric("otklik_worker_event_age_seconds", "gauge", ("worker",), "Now minus the event time of the last record."),
    Metric("otklik_worker_lag_records", "gauge", ("worker", "topic"), "Records of our partitions not yet committed."),
    Metric("otklik_worker_in_hand_records", "gauge", ("worker",), "Records polled and not yet done."),
    Metric("otklik_bus_errors_total", "counter", ("worker",), "Times that the bus did not answer."),
    Metric("otklik_crawl_visits_total", "counter", ("kind", "outcome"), "Visits to sources that have ended."),
    Metric("otklik_crawl_posts_total", "counter", ("kind",), "New and changed posts put on the bus."),
    Metric("otklik_crawl_visit_seconds", "histogram", ("kind",), "From the start to the end of a visit."),
    Metric("otklik_crawl_running_visits", "gauge", (), "Sources that this process is visiting now."),
    Metric("otklik_incidents", "gauge", ("status",), "Incidents in the store."),
    Metric("otklik_incidents_overdue", "gauge", (), "Incidents past their term and unanswered."),
    Metric("otklik_outbox_unsent_events", "gauge", (), "Incident events that wait for the relay."),
    Metric("otklik_sources", "gauge", ("outcome",), "Enabled sources by the outcome of their last visit."),
    Metric("otklik_sources_health", "gauge", ("kind", "health"), "Enabled sources: healthy, failing or quiet."),
    Metric("otklik_sources_oldest_success_seconds", "gauge", (), "Longest time since a good visit, of all sources."),
    Metric("otklik_digests_total", "counter", ("sink", "result"), "Digests of sources, delivered or refused."),
    Metric("otklik_letters_refused_total", "counter", ("sink",), "Addresses left out of a letter that others got."),
)


def exposition() -> bytes:
    """In Prometheus' text format: what this process has counted, and where `SHARED_FOLDER` is set, the others too."""
    if SHARED_FOLDER not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def forget(pid: int, folder: str | None) -> None:
    """Leave the gauges of a process that has ended out of the sums in the shared folder, if there is one."""
    if folder is not None:
        mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]


def serve(address: str) -> None:
    """Answer Prometheus at `host:port` from a thread of its own, until the process ends.

    Raises:
        OSError: the address is taken or not of this machine.
        ValueError: it is no `host:port`.
    """
    host, _, port = address.rpartition(":")
    start_http_server(int(port), host)


Kind = TypeVar("Kind", Counter, Gauge, Histogram)


def counter(name: str, **labels: str) -> Counter:
    """The counter with these label values.

    Raises:
        KeyError: no such counter in `METRICS`.
        ValueError: other labels than declared.
    """
    return _labelled(_counter(name), labels)


def gauge(name: str, **labels: str) -> Gauge:
    """As `counter`, for gauges."""
    return _labelled(_gauge(name), labels)


def histogram(name: str, **labels: str) -> Histogram:
    """As `counter`, for histograms."""
    return _labelled(_histogram(name), labels)


def _labelled(metric: Kind, labels: dict[str, str]) -> Kind:
    return metric.labels(**labels) if labels else metric


def _declared(name: str, kind: str) -> Metric:
    for metric in METRICS:
        if (metric.name, metric.kind) == (name, kind):
            return metric
    raise KeyError(f"no {kind} {name!r} in bus.metrics.METRICS")


@cache
def _counter(name: str) -> Counter:
    metric = _declared(name, "counter")
    return Counter(metric.name, metric.help, metric.labels)


@cache
def _gauge(name: str) -> Gauge:
    metric = _declared(name, "gauge")
    # Counting together, a gauge is the sum over living processes: each has labels or a share of its own.
    return Gauge(metric.name, metric.help, metric.labels, multiprocess_mode="livesum")


@cache
def _histogram(name: str) -> Histogram:
    metric = _declared(name, "histogram")
    return Histogram(metric.name, metric.help, metric.labels, buckets=metric.buckets)
