"""Open311 GeoReport v2 over real sockets: the names, the order and the nesting that the specification shows."""

import socket
from collections.abc import Callable

import httpx
import pytest
from lxml import etree

from bus.base import Bus
from console.open311 import Service
from console.settings import ConsoleSettings
from intake.publish import Intake
from schemas import Post, PostKind, decode, topics
from store import Audit, Forgotten, Store, Versions
from tests.console.conftest import Running
from tests.incidents.bench import Bench, tagged
from tests.incidents.make import CHELYABINSK, HOUR, NO_WATER, SNOW
from text import AuthorHasher

READ, WRITE = "r" * 32, "w" * 32
TOKENS = ConsoleSettings.model_validate(
    {"tokens": [{"name": "портал", "token": READ}, {"name": "приём", "scope": "write", "token": WRITE}]}
)
SERVICES = (
    Service("cold-water", "Нет холодной воды", "Нет воды или слабый напор", "ЖКХ", NO_WATER),
    Service("snow", "Снег на дорогах", "Дорога не убрана", "Дороги", SNOW),
)
REQUEST = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address",
    "address_id", "zipcode", "lat", "long", "media_url", "extended_attributes",
]  # fmt: skip
V2 = "/open311/v2"


@pytest.fixture
def console(serve: Callable[..., Running], store: Store, bus: Bus) -> Running:
    bus.ensure_topics({topics.POSTS: 1, topics.HISTORY: 1, topics.REACH: 1})
    intake = Intake(bus, Versions(store), Forgotten(store), AuthorHasher(b"k" * 64), store.now)
    running = serve(TOKENS, services=SERVICES, intake=intake)
    running.http.headers["Authorization"] = f"Bearer {READ}"
    return running


def xml(answer: httpx.Response) -> etree._Element:
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    return etree.fromstring(answer.content)


def flat(element: etree._Element) -> dict[str, object]:
    return {child.tag: flat(child) if len(child) else child.text for child in element}


def same(json: object) -> object:
    """What XML can hold of a JSON value."""
    if isinstance(json, dict):
        return {key: same(value) for key, value in json.items()}
    if isinstance(json, bool):
        return str(json).lower()
    return None if json is None else str(json)


def test_discovery(console: Running) -> None:
    found = console.http.get("/open311/discovery.json").json()
    assert list(found) == ["changeset", "contact", "key_service", "endpoints"]
    (endpoint,) = found["endpoints"]
    assert endpoint == {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": f"{console.url}/open311/v2",
        "changeset": "2026-11-28T00:00:00Z",
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    root = xml(console.http.get("/open311/discovery.xml"))
    assert [child.tag for child in root] == ["changeset", "contact", "key_service", "endpoints"]
    assert [one.text for one in root.findall("endpoints/endpoint/formats/format")] == ["text/xml", "application/json"]


def test_services_in_both_formats(console: Running) -> None:
    found = console.http.get(f"{V2}/services.json").json()
    assert found[0] == {
        "service_code": "cold-water",
        "service_name": "Нет холодной воды",
        "description": "Нет воды или слабый напор",
        "metadata": False,
        "type": "batch",
        "keywords": "ЖКХ",
        "group": "ЖКХ",
    }
    root = xml(console.http.get(f"{V2}/services.xml"))
    assert (root.tag, [child.tag for child in root]) == ("services", ["service", "service"])
    assert [flat(child) for child in root] == [same(one) for one in found]


def test_requests_in_both_formats(console: Running, bench: Bench) -> None:
    bench.take(tagged("a"), tagged("b", municipality=CHELYABINSK, topic=SNOW))
    found = console.http.get(f"{V2}/requests.json").json()
    assert [list(one) for one in found] == [REQUEST, REQUEST]
    assert [one["service_request_id"] for one in found] == ["2", "1"]
    assert found[1] | {"extended_attributes": None} == {
        "service_request_id": "1",
        "status": "open",
        "status_notes": "новый",
        "service_name": "Нет холодной воды",
        "service_code": "cold-water",
        "description": "Отсутствие холодной воды — Копейский",
        "agency_responsible": "Водоканал",
        "service_notice": None,
        "requested_datetime": "2026-03-02T09:00:00Z",
        "updated_datetime": "2026-03-02T09:00:00Z",
        "expected_datetime": "2026-03-03T09:00:00Z",
        "address": "Копейский",
        "address_id": "75728000",
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
        "extended_attributes": None,
    }
    assert found[1]["extended_attributes"]["status"] == "new"
    root = xml(console.http.get(f"{V2}/requests.xml"))
    assert (root.tag, [child.tag for child in root]) == ("service_requests", ["request", "request"])
    assert [flat(child) for child in root] == [same(one) for one in found]
    assert console.http.get(f"{V2}/requests/1.json").json() == [found[1]]


def test_an_answer_closes_nothing_and_a_solution_does(console: Running, bench: Bench) -> None:
    bench.take(tagged("a"))

    def change(**body: str) -> dict:
        headers = {"Authorization": f"Bearer {WRITE}", "If-Match": "*"}
        assert console.http.patch("/api/incidents/1", json=body, headers=headers).status_code == 200
        return console.http.get(f"{V2}/requests/1.json").json()[0]

    change(status="confirmed")
    answered = change(answer="Дадут к вечеру")
    assert (answered["status"], answered["status_notes"]) == ("open", "дан ответ: Дадут к вечеру")
    solved = change(status="solved")
    assert (solved["status"], solved["extended_attributes"]["status"]) == ("closed", "solved")


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("service_code=snow", ["2"]),
        ("service_code=snow,cold-water", ["3", "2", "1"]),
        ("service_request_id=1,3", ["3", "1"]),
        ("service_request_id=7", []),
        ("status=open", ["3", "2", "1"]),
        ("status=closed", []),
        ("start_date=2026-03-02T10:30:00Z", ["3"]),
        ("end_date=2026-03-02T14:30:00%2B05:00", ["2", "1"]),
        ("start_date=2026-03-03T00:00:00Z", []),
        ("page=2&page_size=2", ["1"]),
        ("page=101&page_size=1000", []),
        ("jurisdiction_id=chelyabinsk&page_size=1", ["3"]),
    ],
)
def test_filters_and_pages(console: Running, bench: Bench, query: str, numbers: list[str]) -> None:
    bench.take(tagged("a"), tagged("b", municipality=CHELYABINSK, topic=SNOW))
    bench.store.now.move(2 * HOUR)
    bench.take(tagged("c", municipality=CHELYABINSK))
    found = console.http.get(f"{V2}/requests.json?{query}").json()
    assert [one["service_request_id"] for one in found] == numbers


def test_back_filled_incidents_are_no_requests_and_old_ones_are_asked_for_by_date(
    console: Running, bench: Bench
) -> None:
    bench.take(tagged("a", history=True), tagged("b", municipality=CHELYABINSK))
    bench.store.now.move(24 * 91 * HOUR)
    assert console.http.get(f"{V2}/requests.json").json() == []
    found = console.http.get(f"{V2}/requests.json?start_date=2026-03-01T00:00:00Z").json()
    assert [one["service_request_id"] for one in found] == ["2"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/services/snow", 404, "У услуги snow нет дополнительных вопросов (metadata: false)."),
        ("/services/x", 404, "Услуги x нет: они перечислены в services."),
        ("/requests/7", 404, "Обращения 7 нет."),
        ("/requests/abc", 404, "Обращения abc нет."),
        ("/tokens/abc", 404, "Обращения с token abc нет, или его ещё не разобрали."),
    ],
)
def test_what_is_not_there(console: Running, path: str, status: int, said: str) -> None:
    answer = console.http.get(f"{V2}{path}.json")
    assert (answer.status_code, answer.json()) == (status, [{"code": str(status), "description": said}])
    root = xml(console.http.get(f"{V2}{path}.xml"))
    assert (root.tag, [flat(one) for one in root]) == ("errors", [{"code": str(status), "description": said}])


DEEP = "Дальше 100000 обращений по страницам не пройти: сузьте start_date и end_date."


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("status=done", 400, "Состояния done нет: бывает open и closed."),
        ("service_code=x", 400, "Услуги x нет: они перечислены в services."),
        ("start_date=вчера", 400, "start_date «вчера» — не время с часовым поясом, например 2026-03-05T14:00:00Z."),
        (
            "end_date=2026-03-05",
            400,
            "end_date «2026-03-05» — не время с часовым поясом, например 2026-03-05T14:00:00Z.",
        ),
        ("page_size=5000", 400, "page — от 1, page_size — от 1 до 1000."),
        ("page=" + "9" * 5000, 400, "page — от 1, page_size — от 1 до 1000."),
        ("page=102&page_size=1000", 400, DEEP),
        (f"page={10**17}", 400, DEEP),
        ("page=0", 400, "page — от 1, page_size — от 1 до 1000."),
        ("jurisdiction_id=perm", 404, "Здесь отвечает jurisdiction_id chelyabinsk, а не perm."),
    ],
)
def test_questions_that_are_not_understood(console: Running, query: str, status: int, said: str) -> None:
    answer = console.http.get(f"{V2}/requests.json?{query}")
    assert (answer.status_code, answer.json()) == (status, [{"code": str(status), "description": said}])


REPORT = {
    "api_key": WRITE,
    "service_code": "cold-water",
    "description": "Третий день нет воды, тел. 8-912-345-67-89",
    "address_string": "Копейск, Ленина, 5",
    "email": "ivanov@example.org",
    "first_name": "Иван",
    "lat": "55.1",
    "long": "61.6",
    "media_url": "https://example.org/photo.jpg",
}


def posts(bus: Bus) -> list[Post]:
    return [decode(Post, one.record.value, one.record.headers) for one in bus.read(topics.POSTS)]


def test_a_report_becomes_an_appeal_with_nobodys_name_in_it(console: Running, bus: Bus) -> None:
    answer = console.http.post(f"{V2}/requests.json", data=REPORT)
    assert answer.status_code == 201
    [given] = answer.json()
    assert list(given) == ["token"]
    (post,) = posts(bus)
    assert (post.id, post.kind, post.source) == (f"appeal:{given['token']}", PostKind.APPEAL, "open311")
    assert (post.title, post.text) == ("Нет холодной воды", "Третий день нет воды, тел. [телефон]")
    assert (post.address, post.geo.lat, post.media[0].url) == (
        "Копейск, Ленина, 5",
        55.1,
        "https://example.org/photo.jpg",
    )
    whole = post.encode().decode()
    assert "ivanov" not in whole
    assert "Иван" not in whole
    assert post.author


def test_which_token_sent_a_report_is_on_record(console: Running, store: Store) -> None:
    [given] = console.http.post(f"{V2}/requests.json", data=REPORT).json()
    console.http.post(f"{V2}/requests.json", data=REPORT | {"service_code": "x"})
    assert [(one.actor, one.action, one.object, one.details) for one in Audit(store).list()] == [
        ("приём", "report", f"post:appeal:{given['token']}", {"through": "open311"}),
    ]


def said(answer: httpx.Response) -> tuple[int, str]:
    [error] = answer.json()
    assert error["code"] == str(answer.status_code)
    return answer.status_code, error["description"]


FILES = "Это не форма, или в ней файлы или больше 50 полей: фотографии — ссылкой в media_url."


def test_what_a_stranger_sends_is_not_kept_on_the_disk_nor_in_memory(console: Running, bus: Bus) -> None:
    url, form = f"{V2}/requests.json", "application/x-www-form-urlencoded"
    long = console.http.post(url, data={"description": "я" * 20_000})
    assert said(long) == (413, "Обращение длиннее 64 КБ не принимается.")
    chunked = console.http.post(url, content=iter([b"api_key=", b"x"]), headers={"content-type": form})
    assert said(chunked) == (411, "Нужен заголовок Content-Length.")
    assert said(console.http.post(url, data=REPORT, files={"media": b"jpeg"})) == (400, FILES)
    many = {f"attribute[{n}]": (None, "x") for n in range(51)}
    assert said(console.http.post(url, files=many)) == (400, FILES)
    as_parts = {name: (None, value) for name, value in REPORT.items()}
    assert console.http.post(url, files=as_parts).status_code == 201
    assert len(posts(bus)) == 1


def test_the_head_of_a_report_that_is_too_long_is_enough(console: Running) -> None:
    with socket.create_connection(("127.0.0.1", console.port), timeout=5) as line:
        head = "POST /open311/v2/requests.json HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000000000\r\n"
        line.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_token_gives_the_number_once_the_report_was_looked_at(console: Running, bench: Bench) -> None:
    answer = console.http.post(f"{V2}/requests.xml", data=REPORT)
    token = xml(answer).findtext("request/token")
    assert console.http.get(f"{V2}/tokens/{token}.json").status_code == 404
    bench.take(tagged(f"appeal:{token}"))
    assert console.http.get(f"{V2}/tokens/{token}.json").json() == [{"service_request_id": "1", "token": token}]
    root = xml(console.http.get(f"{V2}/tokens/{token}.xml"))
    assert flat(root[0]) == {"service_request_id": "1", "token": token}


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"api_key": ""}, 403, "Нужен api_key: токен консоли со scope: write."),
        ({"api_key": READ}, 403, "Этот токен только для чтения."),
        ({"service_code": ""}, 400, "Не хватает или не годится: service_code."),
        ({"service_code": "x"}, 404, "Услуги x нет: они перечислены в services."),
        ({"description": ""}, 400, "Не хватает или не годится: description."),
        ({"description": "я" * 4001}, 400, "Не хватает или не годится: description."),
        ({"media_url": "javascript:alert(1)"}, 400, "Не хватает или не годится: media_url."),
        ({"media_url": "data:text/html,x", "lat": "91"}, 400, "Не хватает или не годится: lat, media_url."),
        ({"media_url": "/photo.jpg"}, 400, "Не хватает или не годится: media_url."),
        ({"lat": "91"}, 400, "Не хватает или не годится: lat."),
        ({"address_string": "", "lat": ""}, 400, "Нужно место: address_string или lat и long."),
        ({"jurisdiction_id": "perm"}, 404, "Здесь отвечает jurisdiction_id chelyabinsk, а не perm."),
    ],
)
def test_reports_that_are_not_taken(console: Running, bus: Bus, change: dict[str, str], status: int, said: str) -> None:
    answer = console.http.post(f"{V2}/requests.json", data=REPORT | change)
    assert answer.status_code == status
    [error] = answer.json()
    assert error["description"] == said
    assert posts(bus) == []


def test_without_a_key_for_authors_nothing_is_taken(serve: Callable[..., Running]) -> None:
    answer = serve(TOKENS, services=SERVICES).http.post(f"{V2}/requests.json", data=REPORT)
    assert (answer.status_code, answer.json()[0]["description"]) == (
        403, "Обращения здесь не принимают: у консоли нет ключа авторов.",
    )  # fmt: skip


def test_who_may_not_read_is_told_so(serve: Callable[..., Running]) -> None:
    assert serve(TOKENS, services=SERVICES).http.get(f"{V2}/requests.json").status_code == 401
