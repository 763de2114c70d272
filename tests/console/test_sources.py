"""Sources in the API and in the metrics."""

from datetime import timedelta

import pytest

from console.settings import ConsoleSettings
from schemas import Outcome
from store import Sources, Store
from tests.console.conftest import Running
from tests.store.checks.sources import health, only, row
from tests.store.kit import HOUR, MINUTE, Kit


@pytest.fixture
def visited(store: Store) -> Kit:
    """One source that fails, one that is well, one that nobody has visited."""
    kit = Kit(store.url, clock=store.now)  # type: ignore[arg-type]
    sources = Sources(store)
    sources.sync([row("a"), row("b", kind="vk"), row("c")])
    kit.clock.move(HOUR)
    for source, outcomes in (("a", [Outcome.OK]), ("b", [Outcome.OK, Outcome.GONE, Outcome.GONE])):
        for outcome in outcomes:
            sources.force_due(source)
            lease = only(sources.lease("me", ["news", "vk"], 1, MINUTE, only=[source]))
            visit = health(kit, source, kind=lease.kind, outcome=outcome, reason="почему", action="что делать")
            assert sources.finish(lease, visit)
            kit.clock.move(10 * MINUTE)
    return kit


def test_sources_in_trouble_come_first_with_reason_and_action(console: Running, visited: Kit) -> None:
    answer = console.http.get("/api/sources")
    assert answer.status_code == 200
    failing, well = answer.json()["sources"]
    moment = visited.clock() - 10 * MINUTE
    assert failing == {
        "source": "b",
        "kind": "vk",
        "health": "failing",
        "since": (moment - 10 * MINUTE - timedelta(seconds=3)).isoformat(),
        "outcome": "gone",
        "reason": "почему",
        "action": "что делать",
        "last_visit": moment.isoformat(),
        "last_success": (moment - 20 * MINUTE).isoformat(),
        "bad_visits": 2,
    }
    assert (well["source"], well["health"], well["since"]) == ("a", "healthy", None)


def test_sources_are_for_who_may_read(serve, visited: Kit) -> None:
    settings = ConsoleSettings.model_validate(
        {"listen": "127.0.0.1:0", "tokens": [{"name": "a", "scope": "read", "token": "r" * 32}]}
    )
    console = serve(settings)
    assert console.http.get("/api/sources").json()["error"]["code"] == "unauthorized"
    assert console.http.get("/api/sources", headers={"Authorization": f"Bearer {'r' * 32}"}).status_code == 200


def test_metrics_of_sources(console: Running, visited: Kit) -> None:
    lines = console.http.get("/metrics").text.splitlines()
    assert 'otklik_sources{outcome="gone"} 1.0' in lines
    assert 'otklik_sources_health{health="failing",kind="vk"} 1.0' in lines
    assert 'otklik_sources_health{health="healthy",kind="news"} 1.0' in lines
    assert 'otklik_sources_health{health="quiet",kind="vk"} 0.0' in lines
    assert "otklik_sources_oldest_success_seconds 2400.0" in lines
