"""Who looked at what through the console is on record: the token's name, the thing, the filter, and no text."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from console.settings import ConsoleSettings, Token
from store import Audit, Store
from tests.console.conftest import Running
from tests.incidents.bench import Bench, tagged

SECRET = "s" * 40


@pytest.fixture
def seen(store: Store) -> Callable[[Running], list[tuple[object, ...]]]:
    def found(running: Running) -> list[tuple[object, ...]]:
        running.reads.close()
        return [(one.actor, one.action, one.object, one.details) for one in Audit(store).list()][::-1]

    return found


def test_looks_at_incidents_are_noted_and_the_rest_is_not(console: Running, bench: Bench, seen) -> None:
    bench.take(tagged("a"))
    for path in (
        "/", "/healthz", "/metrics", "/api/sources", "/api/openapi.json",
        "/api/incidents/1", "/api/incidents?group=ЖКХ&limit=5", "/feeds/incidents.atom?status=new&status=closed",
        "/api/incidents?group=ЖКХ&limit=6", "/api/incidents/77",
    ):  # fmt: skip
        assert console.http.get(path).status_code in (200, 404)
    through = {"through": "console"}
    assert seen(console) == [
        ("эта машина", "read", "incident:1", through),
        ("эта машина", "read", "/api/incidents", through | {"filter": {"group": ["ЖКХ"]}}),
        ("эта машина", "read", "/feeds/incidents.atom", through | {"filter": {"status": ["new", "closed"]}}),
        ("эта машина", "read", "incident:77", through),
    ]


def test_the_name_of_the_token_stands_there_and_never_the_token(serve, bench: Bench, store: Store, seen) -> None:
    bench.take(tagged("a"))
    running = serve(ConsoleSettings(tokens=[Token(name="дежурный", token=SECRET)]))
    assert running.http.get("/api/incidents/1").status_code == 401
    assert running.http.get("/api/incidents/1", headers={"Authorization": f"Bearer {SECRET}"}).status_code == 200
    assert running.http.get("/feeds/incidents.json", auth=("", SECRET)).status_code == 200
    beside = f"/open311/v2/requests.json?api_key={SECRET}&API_Key={SECRET}&status=open"
    assert running.http.get(beside, auth=("", SECRET)).status_code == 200
    assert seen(running) == [
        ("дежурный", "read", "incident:1", {"through": "console"}),
        ("дежурный", "read", "/feeds/incidents.json", {"through": "console"}),
        ("дежурный", "read", "/open311/v2/requests.json", {"through": "console", "filter": {"status": ["open"]}}),
    ]
    with store.reading() as conn:
        assert SECRET not in str(conn.execute(text("SELECT * FROM audit")).all())


def test_a_number_in_an_address_is_masked(console: Running, seen) -> None:
    console.http.get("/api/incidents?topic=89120001122")
    assert [details for *_, details in seen(console)] == [{"through": "console", "filter": {"topic": ["[телефон]"]}}]
