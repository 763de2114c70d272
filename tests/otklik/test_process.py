"""What every role's process does around its work."""

import io
import sys

import structlog

from otklik.process import set_up_logs


def test_a_log_that_cannot_be_written_stops_no_work(monkeypatch):
    set_up_logs("info")
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    structlog.get_logger().warning("disk_full")

    writable = io.StringIO()
    monkeypatch.setattr(sys, "stderr", writable)
    structlog.get_logger().warning("disk_free")
    assert '"event": "disk_free"' in writable.getvalue()
