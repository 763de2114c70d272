"""Indexes, against a real server that speaks the API of OpenSearch (noida-db) and one that misbehaves."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import noida_db
import pytest
from pydantic import ValidationError

from sinks import DeliveryFailed, EventRefused, Sink
from sinks.opensearch import OpenSearchSettings, OpenSearchSink
from tests.servers import free_port
from tests.sinks.conformance import KeyedConformance, Target
from tests.sinks.events import MORNING, TOPIC, digest, event, story

START_SECONDS = 30.0
INDEXES = ("otklik-events", "otklik-incidents")


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server for this module's tests."""
    folder, port = tmp_path_factory.mktemp("search"), free_port()
    program = Path(noida_db.__file__).with_name("noida-db")  # not its script, which would leave it behind
    options = ["--data-dir", str(folder), "--only", "elasticsearch", "--elasticsearch-port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "start", *options], stdout=log, stderr=log)
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + START_SECONDS
    try:
        while True:
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                assert server.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty(search: str) -> str:
    for index in INDEXES:
        httpx.delete(f"{search}/{index}")
        httpx.put(f"{search}/{index}")  # OpenSearch makes it at the update of `check`; this server does at a `create`
    return search


def open_sink(url: str, **settings: Any) -> OpenSearchSink:
    given = {"url": url, "allow_private": True, "timeout": 5, **settings}
    return OpenSearchSink(OpenSearchSettings.model_validate(given), "test")


def stored(url: str, index: str) -> list[dict[str, Any]]:
    """Documents in the order in which they were stored."""
    httpx.post(f"{url}/{index}/_refresh")
    query = {"size": 1000, "seq_no_primary_term": True, "query": {"match_all": {}}}
    answer = httpx.post(f"{url}/{index}/_search", json=query)
    if answer.status_code == 404:
        return []
    return sorted(answer.json()["hits"]["hits"], key=lambda hit: hit["_seq_no"])


class OpenSearchTarget(Target):
    once = True

    def __init__(self, url: str) -> None:
        self.url = url

    def open(self) -> Sink:
        return open_sink(self.url)

    def received(self) -> list[Mapping[str, Any]]:
        return [hit["_source"] for hit in stored(self.url, "otklik-events")]

    @contextmanager
    def down(self) -> Iterator[Sink]:
        with answering(503, {"error": "unavailable"}) as url:
            yield open_sink(url)


@contextmanager
def answering(status: int, body: object, **headers: str) -> Iterator[str]:
    """A server that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"content-length": str(len(content)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class TestConformance(KeyedConformance):
    @pytest.fixture
    def target(self, empty: str) -> OpenSearchTarget:
        return OpenSearchTarget(empty)


def failed(sink: OpenSearchSink, count: int = 1) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as error:
        sink.deliver(story(1, count))
    sink.close()
    return error.value


def test_an_incident_is_a_document_in_its_last_state(empty):
    sink = open_sink(empty)
    sink.deliver([event(1, 2, "incident.assigned", status="assigned"), event(2, 1), digest(1)])
    sink.deliver([event(1, 1)])  # late
    sink.close()
    found = {hit["_id"]: hit["_source"] for hit in stored(empty, "otklik-incidents")}
    assert {id_: (one["sequence"], one["status"]) for id_, one in found.items()} == {
        "1": (2, "assigned"),
        "2": (1, "new"),
    }
    assert [hit["_id"] for hit in stored(empty, "otklik-events")] == ["1.2", "2.1", "test.1", "1.1"]


def test_what_was_erased_goes_from_earlier_events_too(empty):
    links = ("https://vk.com/wall-1_2", "https://vk.com/wall-1_3")
    sink = open_sink(empty)
    sink.deliver([event(1, 1, title="Нет воды — Тютняры", urls=links), event(2, 1, title="Снег", urls=links[:1])])
    sink.deliver(
        [
            event(1, 3, title="Нет воды — Тютняры", urls=links),  # the second was of no interest here
            event(1, 4, "incident.redacted", title="Нет воды — Аргаяш", urls=links[1:]),
            event(1, 5, title="Нет воды — Аргаяш", urls=links[1:]),
        ]
    )
    sink.close()
    found = {hit["_id"]: hit["_source"]["data"]["incident"] for hit in stored(empty, "otklik-events")}
    assert {id_: (one["title"], one["urls"]) for id_, one in found.items()} == {
        "1.1": (TOPIC, []),
        "1.2": (TOPIC, []),  # keeps the place
        "1.3": (TOPIC, []),
        "1.4": ("Нет воды — Аргаяш", [links[1]]),
        "1.5": ("Нет воды — Аргаяш", [links[1]]),
        "2.1": ("Снег", [links[0]]),
    }
    assert found["1.1"]["posts"] == ["news:1"]


def test_large_batches_go_in_parts(empty, monkeypatch):
    monkeypatch.setattr("sinks.opensearch.ACTIONS_BYTES", 5_000)
    sink = open_sink(empty)
    sink.deliver(story(5, 4))
    sink.close()
    assert len(stored(empty, "otklik-events")) == 20


def result(status: int, **error: str) -> dict[str, Any]:
    return {"status": status, **({"error": error} if error else {})}


def bulk(*results: dict[str, Any]) -> dict[str, Any]:
    """An answer: each event is two actions."""
    return {"took": 1, "errors": True, "items": [{"create": one} for one in results]}


def test_an_event_that_does_not_fit_is_named(search):
    bad = result(400, type="mapper_parsing_exception", reason="failed to parse field [data]")
    with answering(200, bulk(result(201), result(201), bad, result(201), result(201), result(201))) as url:
        sink = open_sink(url)
        with pytest.raises(EventRefused) as error:
            sink.deliver(story(1, 3))
        sink.close()
    assert (error.value.event_id, error.value.taken) == ("1.2", 1)
    assert error.value.reason == (f"получатель «test» ({url}): ответ 400 на событие 1.2 (failed to parse field [data])")


def test_too_much_load_is_waited_out(search):
    full = result(429, type="es_rejected_execution_exception", reason="rejected execution")
    with answering(200, bulk(result(201), result(409), full, full)) as url:
        error = failed(open_sink(url), 2)
    assert (str(error), error.taken) == (
        f"получатель «test» ({url}): ответ 429 (rejected execution). События дождутся.", 1,
    )  # fmt: skip


def test_retry_after_is_passed_on():
    with answering(503, {}, retry_after="17") as url:
        assert failed(open_sink(url)).retry_after == 17.0


def test_a_date_to_wait_for_is_measured_from_now():
    now = MORNING + timedelta(days=3)  # of an event that has waited
    with answering(503, {}, retry_after=format_datetime(now + timedelta(seconds=40), usegmt=True)) as url:
        settings = OpenSearchSettings.model_validate({"url": url, "allow_private": True})
        assert failed(OpenSearchSink(settings, "test", now=lambda: now)).retry_after == 40.0


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "ответ 401. Получатель не пускает: сверьте user и password."),
        (404, "ответ 404. Это не OpenSearch: проверьте url."),
        (302, "ответ 302, перенаправление. Укажите в url окончательный адрес."),
        (500, "ответ 500. События дождутся; проверьте получателя."),
    ],
)
def test_an_answer_that_is_no_fault_of_events_waits_and_check_says_the_same(status: int, says: str):
    with answering(status, {}) as url:
        sink = open_sink(url)
        assert sink.check() == f"получатель «test» ({url}): {says}"
        assert str(failed(sink)) == f"получатель «test» ({url}): {says}"


@pytest.mark.parametrize("missing", INDEXES)
def test_a_missing_index_waits_for_whoever_makes_it(empty, missing):
    httpx.delete(f"{empty}/{missing}")
    sink = open_sink(empty)
    says = f"получатель «test» ({empty}): нет индекса (no such index [{missing}]). "
    assert sink.check() == f"{says}Создайте его или разрешите серверу создавать; события дождутся."
    httpx.put(f"{empty}/{missing}")
    assert sink.check() is None
    sink.close()


def test_an_event_is_not_at_fault_where_there_is_no_index():
    said = "no such index [otklik-incidents] and [action.auto_create_index] is [false]"
    none = result(404, type="index_not_found_exception", reason=said)
    with answering(200, bulk(result(201), result(201), result(201), none)) as url:
        error = failed(open_sink(url), 2)
    assert (str(error), error.taken) == (
        f"получатель «test» ({url}): нет индекса ({said}). Создайте его или разрешите серверу создавать; "
        "события дождутся.", 1,
    )  # fmt: skip


def test_who_may_read_and_not_write_is_found_by_the_check():
    forbidden = result(403, type="security_exception", reason="no permissions for [indices:data/write/bulk]")
    with answering(200, bulk(forbidden)) as url:
        sink = open_sink(url)
        assert sink.check() == (
            f"получатель «test» ({url}): писать в otklik-events нельзя (no permissions for [indices:data/write/bulk]). "
            "Дайте пользователю права."
        )
        sink.close()


def test_a_server_that_is_something_else():
    with answering(200, ["hello"]) as url:
        assert str(failed(open_sink(url))) == (f"получатель «test» ({url}): непонятный ответ на _bulk. Проверьте url.")


@pytest.mark.parametrize("given", [{"events": "Имя"}, {"events": "_a"}, {"user": "a"}, {"url": "почта"}])
def test_settings_that_cannot_be(given: dict[str, str]):
    with pytest.raises(ValidationError):
        OpenSearchSettings.model_validate({"url": "https://search.example.org", **given})
