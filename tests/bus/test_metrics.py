"""The list of metrics keeps Prometheus's conventions."""

import re

import pytest

from bus import metrics
from bus.metrics import METRICS

UNITS = {"seconds", "bytes", "ratio"}
COUNTED = {"records", "posts", "sources", "incidents", "events", "visits"}
"""What a gauge without a unit may count: `otklik_incidents_overdue`."""


def test_names_follow_the_conventions() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"otklik(_[a-z]+)+", metric.name), metric.name
        if metric.kind == "counter":
            assert metric.name.endswith("_total"), metric.name
        else:
            words = metric.name.split("_")
            assert words[-1] in UNITS or COUNTED & set(words), metric.name
            assert not metric.name.endswith("_total"), metric.name
        assert metric.help.endswith("."), metric.name
        assert all(re.fullmatch(r"[a-z][a-z_]*", label) for label in metric.labels), metric.name
        assert list(metric.buckets) == sorted(metric.buckets)


def test_names_are_unique() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_every_metric_can_be_recorded() -> None:
    makers = {"counter": metrics.counter, "gauge": metrics.gauge, "histogram": metrics.histogram}
    for metric in METRICS:
        recorded = makers[metric.kind](metric.name, **dict.fromkeys(metric.labels, "test"))
        assert recorded is makers[metric.kind](metric.name, **dict.fromkeys(metric.labels, "test"))


def test_what_is_not_in_the_list_cannot_be_recorded() -> None:
    with pytest.raises(KeyError, match="otklik_unheard_of_total"):
        metrics.counter("otklik_unheard_of_total")
    with pytest.raises(KeyError):
        metrics.gauge("otklik_worker_records_total", worker="a gauge it is not")
