import csv
import io
import threading
from collections.abc import Callable
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from bus import open_bus
from console.settings import ConsoleSettings
from schemas import IncidentData
from store import Outbox, Store
from store.outbox import MOST_SCANNED
from tests.console.conftest import Running
from tests.incidents.bench import Bench, tagged
from tests.incidents.make import CHELYABINSK, HOUR, KOPEYSK, SNOW

ATOM = "{http://www.w3.org/2005/Atom}"
READ, WRITE = "r" * 32, "w" * 32
WITH_TOKENS = ConsoleSettings.model_validate(
    {"tokens": [{"name": "лента", "token": READ}, {"name": "диспетчер", "scope": "write", "token": WRITE}]}
)


def test_atom(console: Running, bench: Bench) -> None:
    bench.take(tagged("a", settlement="Копейск"), tagged("b", 1, urgency="now"))
    bench.store.now.move(HOUR)
    bench.take(tagged("c", municipality=CHELYABINSK, topic=SNOW))
    answer = console.http.get("/feeds/incidents.atom")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert answer.headers["Last-Modified"] == "Mon, 02 Mar 2026 10:00:00 GMT"
    root = etree.fromstring(answer.content)
    # What RFC 4287 demands of a feed and of an entry, each exactly once.
    for element in (root, *root.findall(f"{ATOM}entry")):
        assert [len(element.findall(ATOM + name)) for name in ("id", "title", "updated")] == [1, 1, 1]
    assert root.find(f"{ATOM}author/{ATOM}name").text == "Otklik"
    assert root.find(f"{ATOM}link[@rel='self']").get("href") == f"{console.url}/feeds/incidents.atom"
    parsed = feedparser.parse(answer.content)
    assert (parsed.bozo, parsed.version) == (False, "atom10")
    assert parsed.feed.title == "Отклик: обращения, Челябинская область"
    assert [entry.title for entry in parsed.entries] == [
        "Неубранный снег — Челябинский",
        "Отсутствие холодной воды — Копейск",
    ]
    entry = parsed.entries[1]
    assert entry.id == "urn:otklik:chelyabinsk:incident:1"
    assert (entry.published, entry.updated) == ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z")
    assert entry.summary == ("Публикаций: 2, срочность: срочно, отвечает: Водоканал, ответить до 03.03.2026 14:00.")
    assert [tag.term for tag in entry.tags] == ["ЖКХ", "Отсутствие холодной воды"]
    assert [link.href for link in entry.links] == [
        f"{console.url}/api/incidents/1",
        "https://vk.example/a",
        "https://vk.example/b",
    ]


def test_json_feed(console: Running, bench: Bench) -> None:
    bench.take(tagged("a"))
    answer = console.http.get("/feeds/incidents.json")
    assert answer.headers["Content-Type"] == "application/feed+json"
    feed = answer.json()
    assert (feed["version"], feed["feed_url"]) == (
        "https://jsonfeed.org/version/1.1",
        f"{console.url}/feeds/incidents.json",
    )
    (item,) = feed["items"]
    assert item["id"] == "urn:otklik:chelyabinsk:incident:1"
    assert (item["title"], item["url"]) == ("Отсутствие холодной воды — Копейский", f"{console.url}/api/incidents/1")
    assert item["external_url"] == "https://vk.example/a"
    assert item["_otklik"]["incident"]["posts"] == ["a"]


def test_empty_feeds_are_valid(console: Running) -> None:
    parsed = feedparser.parse(console.http.get("/feeds/incidents.atom").content)
    assert (parsed.bozo, parsed.entries, parsed.feed.updated) == (False, [], "1970-01-01T00:00:00Z")
    assert console.http.get("/feeds/incidents.json").json()["items"] == []


@pytest.mark.parametrize("path", ["/feeds/incidents.atom", "/feeds/incidents.json"])
def test_a_known_feed_is_not_sent_again(console: Running, bench: Bench, path: str) -> None:
    bench.take(tagged("a"))
    first = console.http.get(path)
    tag = first.headers["ETag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = console.http.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    bench.take(tagged("b", 1))
    changed = console.http.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)
    head = console.http.head(path)
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", changed.headers["ETag"])


def test_feeds_leave_out_merged_incidents_and_take_filters(console: Running, bench: Bench) -> None:
    bench.take(tagged("a"), tagged("c", 40))
    bench.take(tagged("s", topic=SNOW, municipality=CHELYABINSK))
    bench.take(tagged("n", 0, None))
    bench.take(tagged("bridge", 20))

    def ids(query: str) -> list[str]:
        items = console.http.get(f"/feeds/incidents.json{query}").json()["items"]
        return [item["id"].rpartition(":")[2] for item in items]

    assert ids("") == ["4", "3", "1"]
    assert ids("?status=merged") == ["2"]
    assert ids(f"?municipality={KOPEYSK}") == ["1"]
    assert ids(f"?municipality={KOPEYSK}&municipality=none") == ["4", "1"]
    assert ids("?group=Дороги") == ids("?authority=roads") == ids(f"?topic={SNOW}") == ["3"]


def test_events_are_paged_by_an_opaque_cursor(console: Running, bench: Bench) -> None:
    bench.take(tagged("a"), tagged("s", topic=SNOW))
    bench.take(tagged("b", 1))
    first = console.http.get("/api/incidents", params={"limit": 2}).json()
    assert ([event["id"] for event in first["events"]], first["more"]) == (["1.1", "2.1"], True)
    assert first["events"][0]["specversion"] == "1.0"
    second = console.http.get("/api/incidents", params={"limit": 2, "after": first["next"]}).json()
    assert ([event["id"] for event in second["events"]], second["more"]) == (["1.2"], False)
    last = console.http.get("/api/incidents", params={"after": second["next"]}).json()
    assert last == {"events": [], "next": second["next"], "more": False}
    bench.take(tagged("c", 2))
    assert [e["id"] for e in console.http.get("/api/incidents", params={"after": last["next"]}).json()["events"]] == [
        "1.3"
    ]


def test_a_filtered_cursor_moves_past_what_it_leaves_out(console: Running, bench: Bench) -> None:
    bench.take(tagged("a"), tagged("s", topic=SNOW), tagged("n", 0, None))
    roads = console.http.get("/api/incidents", params={"group": "Дороги"}).json()
    assert [event["data"]["incident"]["posts"] for event in roads["events"]] == [["s"]]
    everything = console.http.get("/api/incidents").json()
    assert roads["next"] == everything["next"]
    nowhere = console.http.get("/api/incidents", params={"municipality": "none", "status": "new"}).json()
    assert [event["data"]["incident"]["posts"] for event in nowhere["events"]] == [["n"]]


def test_one_answer_looks_at_so_many_events_and_says_where_to_go_on(console: Running, bench: Bench) -> None:
    bench.take(tagged("a"))
    ((_, opened),) = Outbox(bench.store).after(0).events
    fillers = [
        opened.model_copy(
            update={
                "id": f"1.{n}",
                "data": IncidentData(incident=opened.data.incident.model_copy(update={"sequence": n})),
            }
        )
        for n in range(2, MOST_SCANNED + 1)
    ]
    with bench.store.transaction() as conn:
        Outbox(bench.store).add_all(conn, fillers)
    bench.take(tagged("s", topic=SNOW))
    while Outbox(bench.store).relay(lambda _: None):
        pass
    roads = {"group": "Дороги"}
    first = console.http.get("/api/incidents", params=roads).json()
    assert (first["events"], first["more"]) == ([], True)
    second = console.http.get("/api/incidents", params=roads | {"after": first["next"]}).json()
    assert [event["data"]["incident"]["posts"] for event in second["events"]] == [["s"]]
    assert second["more"] is False
    last = console.http.get("/api/incidents", params=roads | {"after": second["next"]}).json()
    assert last == {"events": [], "next": second["next"], "more": False}


def test_one_incident_with_its_history(console: Running, bench: Bench) -> None:
    bench.take(tagged("a"))
    bench.take(tagged("b", 1))
    answer = console.http.get("/api/incidents/1")
    assert answer.headers["ETag"] == '"1.2"'
    found = answer.json()
    assert (found["incident"]["posts"], found["incident"]["sequence"]) == (["a", "b"], 2)
    assert [(one["sequence"], one["type"], one["posts_added"]) for one in found["history"]] == [
        (1, "incident.opened", ["a"]),
        (2, "incident.updated", ["b"]),
    ]


@pytest.mark.parametrize(
    ("path", "status", "code", "message", "hint"),
    [
        ("/nothing", 404, "not_found", "Такой страницы нет.", "Что есть, перечислено на странице /."),
        (
            "/api/incidents/7",
            404,
            "no_such_incident",
            "Инцидента №7 нет.",
            "Номера есть в /api/incidents и в лентах.",
        ),
        (
            f"/api/incidents/{10**30}",
            404,
            "no_such_incident",
            f"Инцидента №{10**30} нет.",
            "Номера есть в /api/incidents и в лентах.",
        ),
        (
            "/api/incidents/seven",
            400,
            "bad_parameter",
            "Значения «seven» в id не бывает.",
            "Какие значения бывают, сказано в /api/openapi.json.",
        ),
        *[
            (
                f"/api/incidents?after={cursor}",
                400,
                "bad_cursor",
                "Непонятный курсор.",
                "Передавайте в after значение next из прошлого ответа без изменений; без after — с начала.",
            )
            for cursor in ("1", "djEuLTE", "djIuMQ", "%00", "djEuOTk5OTk5OTk5OTk5OTk5OTk5OTk", "я")
        ],
    ],
)
def test_errors_have_one_shape(console: Running, path: str, status: int, code: str, message: str, hint: str) -> None:
    answer = console.http.get(path)
    assert answer.json() == {"error": {"code": code, "message": message, "hint": hint}}
    assert answer.status_code == status


def test_other_methods_are_refused(console: Running) -> None:
    answer = console.http.post("/api/incidents")
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/", "/feeds/incidents.atom", "/api/incidents", "/healthz", "/metrics", "/nothing"])
def test_every_answer_is_hardened(console: Running, path: str) -> None:
    headers = console.http.get(path).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] in ("no-store", "private, no-cache")
    assert "Server" not in headers


def test_the_index_lists_what_there_is(console: Running) -> None:
    page = console.http.get("/").text
    for path in ("/feeds/incidents.atom", "/feeds/incidents.json", "/api/incidents", "/healthz", "/metrics"):
        assert f'href="{path}"' in page
        assert console.http.get(path).status_code == 200


def test_health(console: Running) -> None:
    answer = console.http.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"store": {"ok": True}, "bus": {"ok": True}}}


def test_health_says_what_does_not_answer(serve: Callable[..., Running], tmp_path: Path) -> None:
    gone = Store("postgresql://otklik@127.0.0.1:1/none")
    for settings, told in ((ConsoleSettings(), True), (WITH_TOKENS, False)):
        console = serve(settings, store=gone)
        answer = console.http.get("/healthz")
        assert answer.status_code == 503
        health = answer.json()
        assert (health["status"], health["checks"]["bus"]) == ("fail", {"ok": True})
        assert health["checks"]["store"]["ok"] is False
        assert ("не отвечает" in health["checks"]["store"].get("reason", "")) is told
    headers = {"Authorization": f"Bearer {READ}"}
    answer = console.http.get("/api/incidents", headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json() == {
        "error": {
            "code": "unavailable",
            "message": "База или шина сейчас не отвечает.",
            "hint": "Повторите через несколько секунд; подробности в журнале консоли и в /healthz.",
        }
    }
    gone.close()


def test_health_asks_the_bus_too(serve: Callable[..., Running], tmp_path: Path) -> None:
    bus = open_bus(f"sqlite:///{tmp_path}/empty.db")
    answer = serve(bus=bus).http.get("/healthz")
    assert answer.status_code == 503
    health = answer.json()
    assert (health["status"], health["checks"]["store"], health["checks"]["bus"]["ok"]) == ("fail", {"ok": True}, False)
    assert health["checks"]["bus"]["reason"].startswith("Темы «incidents» нет на шине.")
    bus.close()


def test_a_bus_that_hangs_holds_up_one_check_only(serve: Callable[..., Running]) -> None:
    asked, release = threading.Event(), threading.Event()

    class Hanging:
        def ends(self, topic: str) -> dict[int, int]:
            asked.set()
            release.wait(60)
            return {}

    console = serve(bus=Hanging())
    first = threading.Thread(target=console.http.get, args=("/healthz",), kwargs={"timeout": 60})
    first.start()
    assert asked.wait(30)
    try:
        answer = console.http.get("/healthz", timeout=30)
    finally:
        release.set()
        first.join()
    assert answer.status_code == 503
    assert answer.json()["checks"]["bus"]["reason"] == "Шина не отвечает: прошлая проверка всё ещё ждёт её ответа."


def test_metrics(console: Running, bench: Bench) -> None:
    bench.take(tagged("a"), tagged("s", topic=SNOW))
    bench.store.now.move(30 * HOUR)
    lines = console.http.get("/metrics").text.splitlines()
    assert 'otklik_incidents{status="new"} 2.0' in lines
    assert 'otklik_incidents{status="merged"} 0.0' in lines
    assert "otklik_incidents_overdue 1.0" in lines
    assert "otklik_outbox_unsent_events 0.0" in lines


def test_tokens(serve: Callable[..., Running]) -> None:
    console = serve(WITH_TOKENS)

    def status(**more) -> int:
        return console.http.get("/feeds/incidents.atom", **more).status_code

    assert status(headers={"Authorization": f"Bearer {READ}"}) == 200
    assert status(headers={"Authorization": f"Bearer {WRITE}"}) == 200
    assert status(auth=("anyone", READ)) == 200
    assert status(headers={"Authorization": "Bearer wrong"}) == 401
    assert status(headers={"Authorization": "Basic ???"}) == 401
    assert status(headers={"Authorization": "Digest a"}) == 401
    answer = console.http.get("/")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (
        401,
        'Bearer realm="otklik", Basic realm="otklik"',
    )
    assert answer.json() == {
        "error": {
            "code": "unauthorized",
            "message": "Нужен токен.",
            "hint": "Заголовок Authorization: Bearer ТОКЕН, или токен вместо пароля.",
        }
    }
    assert console.http.get("/healthz").status_code == 200
    assert console.http.get("/metrics").status_code == 401


def test_without_tokens_only_names_of_this_machine_are_answered(console: Running) -> None:
    for host, status in (("localhost:1", 200), ("[::1]:1", 200), ("127.0.0.1", 200), ("evil.example", 403)):
        assert console.http.get("/", headers={"Host": host}).status_code == status
    assert console.http.get("/", headers={"Host": "evil.example"}).json() == {
        "error": {
            "code": "foreign_host",
            "message": "Без токенов консоль отвечает только по адресу этой машины.",
            "hint": "Откройте http://127.0.0.1:порт или добавьте console.tokens в файл региона.",
        }
    }


def test_feeds_have_pages(console: Running, bench: Bench) -> None:
    bench.take(*(tagged(f"p{n:03}", municipality=None) for n in range(205)))
    seen: list[str] = []
    url: str | None = "/feeds/incidents.json?group=ЖКХ"
    while url:
        page = console.http.get(url).json()
        seen += [item["id"].rpartition(":")[2] for item in page["items"]]
        url = page.get("next_url")
    assert seen == [str(number) for number in range(205, 0, -1)]
    parsed = feedparser.parse(console.http.get("/feeds/incidents.atom?before=150").content)
    assert [link.href for link in parsed.feed.links if link.rel == "next"] == [
        f"{console.url}/feeds/incidents.atom?before=50"
    ]


def test_csv(console: Running, bench: Bench) -> None:
    bench.take(tagged("a"), *(tagged(f"p{n:03}", municipality=None) for n in range(100)))
    answer = console.http.get("/feeds/incidents.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Link"] == f'<{console.url}/feeds/incidents.csv?before=2>; rel="next"'
    assert (
        console.http.get("/feeds/incidents.csv", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    )
    last = console.http.get("/feeds/incidents.csv?before=2").content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(last))
    assert (row["номер"], row["состояние"], row["что и где"], row["открыт"], row["ответить до"]) == (
        "1", "новый", "Отсутствие холодной воды — Копейский", "2026-03-02 09:00", "2026-03-03 09:00",
    )  # fmt: skip


def test_the_queue_is_by_priority_and_of_what_is_open(console: Running, bench: Bench) -> None:
    bench.take(tagged("a"), tagged("b", municipality=CHELYABINSK, urgency="now"))
    bench.take(tagged("c", municipality=None))
    found = console.http.get("/api/queue?limit=2").json()["incidents"]
    assert [(one["id"], one["priority"]) for one in found] == [(2, 40), (3, 0)]
    assert console.http.get("/api/queue?status=closed").json() == {"incidents": []}


@pytest.mark.parametrize("mark", ["utm_source=mail", "yclid=1", "gclid=1", "fbclid=1", "_openstat=1"])
def test_marks_of_mailers_are_passed_over(console: Running, bench: Bench, mark: str) -> None:
    bench.take(tagged("a"))
    assert len(console.http.get(f"/feeds/incidents.json?{mark}").json()["items"]) == 1
    assert console.http.get(f"/api/incidents?{mark}").status_code == 200
