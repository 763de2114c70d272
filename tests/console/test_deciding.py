"""The way back: what other systems say has become of an incident."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from console.settings import ConsoleSettings
from tests.console.conftest import Running
from tests.incidents.bench import Bench, tagged

NOTHING = "Нужно хотя бы одно: status, authority, answer, municipality, settlement, address."
READ, WRITE = "r" * 32, "w" * 32
WITH_TOKENS = ConsoleSettings.model_validate(
    {"tokens": [{"name": "лента", "token": READ}, {"name": "диспетчер", "scope": "write", "token": WRITE}]}
)


@pytest.fixture
def console(serve, bench: Bench) -> Running:
    running = serve(WITH_TOKENS)
    running.http.headers["Authorization"] = f"Bearer {WRITE}"
    bench.take(tagged("a"))
    return running


def patch(
    console: Running, body: object, if_match: str | None = '"1.1"', id_: int = 1, **headers: str
) -> httpx.Response:
    content = body if isinstance(body, str) else json.dumps(body)
    given = {**headers, **({"If-Match": if_match} if if_match else {})}
    return console.http.patch(f"/api/incidents/{id_}", content=content, headers=given)


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


def test_the_whole_way_by_the_etag_of_each_answer(console: Running, bench: Bench) -> None:
    tag = console.http.get("/api/incidents/1").headers["ETag"]
    assert tag == '"1.1"'
    for body, status in (
        ({"status": "confirmed"}, "confirmed"),
        ({"authority": "roads", "actor": "Иванов"}, "assigned"),
        ({"status": "waiting", "comment": "Какой дом?"}, "waiting"),
        ({"answer": "Воду дали, тел. 8-912-345-67-89"}, "answered"),
        ({"status": "solved"}, "solved"),
        ({"status": "closed"}, "closed"),
        ({"status": "reopened", "comment": "Опять нет"}, "reopened"),
        ({"status": "rejected", "comment": "Ошибка"}, "rejected"),
    ):
        answer = patch(console, body, tag)
        assert (answer.status_code, answer.json()["incident"]["status"]) == (200, status)
        tag = answer.headers["ETag"]
    assert tag == '"1.9"'
    incident = console.http.get("/api/incidents/1").json()
    assert incident["incident"]["authority_name"] == "Управление дорог"
    assert incident["incident"]["answer"] == "Воду дали, тел. [телефон]"
    assert [line["actor"] for line in incident["history"]][:4] == [
        "otklik", "диспетчер", "Иванов (диспетчер)", "диспетчер",
    ]  # fmt: skip
    assert bench.types() == [
        "opened 1.1", "confirmed 1.2", "assigned 1.3", "waiting 1.4", "answered 1.5", "solved 1.6", "closed 1.7",
        "reopened 1.8", "rejected 1.9",
    ][1:]  # fmt: skip


def test_a_place_is_said_in_a_request_of_its_own(console: Running, bench: Bench) -> None:
    body = {"municipality": "75701000", "settlement": "Шершни", "address": "ул. Мира, д. 3", "comment": "Звонок"}
    answer = patch(console, body | {"actor": "Иванов"})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1.2"')
    incident = answer.json()["incident"]
    assert (incident["municipality"], incident["municipality_name"], incident["address"]) == (
        "75701000", "Челябинский", "улица Мира, 3",
    )  # fmt: skip
    line = console.http.get("/api/incidents/1").json()["history"][-1]
    assert (line["type"], line["actor"], line["comment"], line["place"]) == (
        "incident.updated", "Иванов (диспетчер)", "Звонок",
        "место: Копейский → Челябинский, Шершни, улица Мира, 3",
    )  # fmt: skip
    assert refused(patch(console, {"settlement": "Синеглазово"}))[:2] == (412, "stale")
    assert refused(patch(console, {"municipality": "Капейский"}, "*")) == (
        404, "no_such", "Муниципалитета «Капейский» нет.",
    )  # fmt: skip
    assert refused(patch(console, {"address": "???"}, "*")) == (
        400, "invalid", "Это не адрес: нужны улица и дом, например «ул. Ленина, д. 5».",
    )  # fmt: skip
    assert refused(patch(console, {"status": "confirmed", "address": "Мира 3"}, "*")) == (
        400, "bad_body", "Место (municipality, settlement, address) меняют отдельным запросом.",
    )  # fmt: skip


def test_of_two_at_the_same_time_one_wins(console: Running) -> None:
    start = threading.Barrier(2)

    def confirm(_: int) -> int:
        start.wait()
        return patch(console, {"status": "confirmed"}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(confirm, range(2))) == [200, 412]


def test_whoever_comes_late_is_told_what_has_happened(console: Running) -> None:
    patch(console, {"status": "confirmed"})
    status, code, message = refused(patch(console, {"authority": "roads"}))
    assert (status, code) == (412, "stale")
    assert message.startswith("Инцидент №1 изменился, пока вы решали: вы видели версию 1, сейчас 2. Что было: ")
    assert "диспетчер — подтверждён" in message
    assert patch(console, {"authority": "roads"}, "*").status_code == 200


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("нет", (400, "bad_body", "Тело запроса — не JSON.")),
        ({}, (400, "bad_body", NOTHING)),
        ({"comment": "да"}, (400, "bad_body", NOTHING)),
        ({"staus": "new"}, (400, "bad_body", "Ключа «staus» нет. Может быть, «status»?")),
        ({"status": "new"}, (
            400, "bad_body",
            "Состояние new не ставят по API; можно: confirmed, assigned, waiting, answered, solved, closed, rejected, "
            "reopened.",
        )),
        ({"status": "done"}, (
            400, "bad_body",
            "Состояния «done» нет. Есть confirmed, assigned, waiting, answered, solved, closed, rejected, reopened.",
        )),
        ({"status": "answered"}, (400, "invalid", "Инцидент №1: нужен текст ответа или ссылка на него.")),
        ({"answer": ""}, (400, "bad_body", "В «answer» нужен непустой текст.")),
        ({"status": "solved"}, (
            409, "not_allowed",
            "Инцидент №1 сейчас в состоянии «новый»: нельзя решить (solve). Можно: подтвердить (confirm), "
            "передать (assign), отклонить (reject).",
        )),
        ({"authority": "vodakanal"}, (
            404, "no_such",
            "Ведомства «vodakanal» нет. Может быть, «vodokanal»? В разделе authorities есть: vodokanal, roads, duty.",
        )),
    ],
)  # fmt: skip
def test_what_cannot_be(console: Running, body: object, error: tuple[int, str, str]) -> None:
    if isinstance(body, dict) and body.get("status") == "answered":
        patch(console, {"status": "confirmed"})
        assert refused(patch(console, body, "*")) == error
        return
    assert refused(patch(console, body)) == error
    assert console.http.get("/api/incidents/1").headers["ETag"] == '"1.1"'


@pytest.mark.parametrize(
    ("if_match", "error"),
    [
        (None, (
            428, "if_match_required",
            "Нужен заголовок If-Match с ETag прочитанного инцидента: чтобы не затереть чужое решение.",
        )),
        ('"2.1"', (412, "stale", "If-Match «\"2.1\"» — не ETag инцидента №1.")),
        ('"1.999999999999999999999999999999"', (
            412, "stale", "If-Match «\"1.999999999999999999999999999999\"» — не ETag инцидента №1.",
        )),
        (f'"1.{"9" * 5000}"', (412, "stale", f"If-Match «\"1.{'9' * 5000}\"» — не ETag инцидента №1.")),
        ("latest", (412, "stale", "If-Match «latest» — не ETag инцидента №1.")),
    ],
)  # fmt: skip
def test_if_match(console: Running, if_match: str | None, error: tuple[int, str, str]) -> None:
    assert refused(patch(console, {"status": "confirmed"}, if_match)) == error


def test_an_incident_that_is_not_there(console: Running) -> None:
    assert refused(patch(console, {"status": "confirmed"}, "*", 7)) == (
        404, "no_such", "Инцидента №7 нет. Номера показывает otklik incidents list.",
    )  # fmt: skip


@pytest.mark.parametrize("id_", [10**30, 2**63, 0, -1])
def test_a_number_that_no_incident_can_have(console: Running, id_: int) -> None:
    assert refused(patch(console, {"status": "confirmed"}, "*", id_)) == (
        404, "no_such_incident", f"Инцидента №{id_} нет.",
    )  # fmt: skip


def test_who_may_only_read_changes_nothing(console: Running) -> None:
    answer = patch(console, {"status": "confirmed"}, Authorization=f"Bearer {READ}")
    assert refused(answer) == (403, "forbidden", "Этот токен только для чтения.")
    assert patch(console, {"status": "confirmed"}, Authorization="Bearer nobody").status_code == 401


def test_without_tokens_nobody_has_a_name(serve, bench: Bench) -> None:
    bench.take(tagged("a"))
    assert refused(patch(serve(), {"status": "confirmed"})) == (
        403, "token_required", "Менять можно только с токеном: его имя остаётся в истории.",
    )  # fmt: skip
