"""What Prometheus hears of the roles."""

import socket
import time
import urllib.request

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from tests.servers import free_port
from tests.simulators.news.server import NewsSite


def test_roles_under_one_supervisor_count_together(otklik):
    with NewsSite() as site:
        otklik.config(
            f'sources:\n  - id: vesti\n    news: {{feed: "{site.url}/vesti/rss.xml", allow_private: true}}\n'
            "    every: 1h\ncrawler: {pause: 0}\nauthorities:\n  - {id: omsu, name: Местная власть, default: true}\n"
        )
        done = otklik("run", "region.yaml", "--once", timeout=250)
    assert done.returncode == 0, done.stderr
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(otklik.folder / "metrics"))
    collected = registry.get_sample_value("otklik_crawl_posts_total", {"kind": "news"})
    assert collected
    assert registry.get_sample_value("otklik_worker_records_total", {"worker": "classify"}) == collected
    assert registry.get_sample_value("otklik_worker_records_total", {"worker": "incidents"}) == collected
    # A gauge of a process that has ended is nobody's.
    assert registry.get_sample_value("otklik_worker_lag_records", {"worker": "classify", "topic": "posts"}) is None


def test_a_role_by_itself_answers_where_the_environment_says(otklik):
    otklik.config()
    assert otklik("db", "upgrade", "region.yaml").returncode == 0
    port = free_port()
    otklik.env["OTKLIK_METRICS"] = f"127.0.0.1:{port}"
    role = otklik.start("classify", "region.yaml")
    try:
        text, deadline = "", time.monotonic() + 60
        while 'otklik_worker_lag_records{topic="posts",worker="classify"}' not in text:
            assert time.monotonic() < deadline, otklik.stderr
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                    text = answer.read().decode()
            except OSError:
                time.sleep(0.1)
    finally:
        role.terminate()
        assert role.wait(60) == 0


def test_a_taken_address_for_metrics_is_told(otklik):
    otklik.config()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        otklik.env["OTKLIK_METRICS"] = address
        done = otklik("classify", "region.yaml")
    assert done.returncode == 2
    assert done.stderr == (
        f"Показатели не отдать по адресу «{address}» из переменной OTKLIK_METRICS: [Errno 98] Address already in use. "
        "Укажите свободный адрес этой машины, например 127.0.0.1:9101.\n"
    )
