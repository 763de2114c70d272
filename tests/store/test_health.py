"""How sources fare, in the database: on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from schemas import DigestData, Health, Outcome, SourceDigest, SourceEvent
from store import Digests, Fares, SourceEvents, Sources, Store
from store.health_tables import source_events
from store.standing import hour_of
from tests.store.checks.sources import due, health, only, row
from tests.store.kit import HOUR, MINUTE, Kit

TERM = 5 * MINUTE


def visit(kit: Kit, sources: Sources, source: str, outcome: Outcome = Outcome.OK, new: int = 0, **more: Any) -> None:
    """One visit by a crawler, now."""
    sources.force_due(source)
    lease = only(sources.lease("me", ["news"], 1, MINUTE, only=[source]))
    assert sources.finish(lease, health(kit, source, outcome=outcome, **more), new_posts=new)


def fail(kit: Kit, sources: Sources, source: str) -> None:
    for _ in range(2):
        visit(kit, sources, source, Outcome.BLOCKED, reason="Капча", action="Договоритесь")
        kit.clock.move(MINUTE)


def events(kit: Kit) -> list[SourceEvent]:
    return [event for _, event in SourceEvents(kit.open(), "chelyabinsk").after(0)]


def test_a_change_is_an_event_with_a_number(kit: Kit) -> None:
    sources = due(kit, row("a"))
    began = kit.clock() - timedelta(seconds=3)
    fail(kit, sources, "a")
    visit(kit, sources, "a")
    failing, recovered = events(kit)
    assert (failing.id, failing.type, failing.source, failing.subject) == (
        "a.1", "source.failing", "/otklik/chelyabinsk", "a",
    )  # fmt: skip
    assert (failing.data.since, failing.data.outcome) == (began, Outcome.BLOCKED)
    assert (failing.data.reason, failing.data.action) == ("Капча", "Договоритесь")
    assert (recovered.id, recovered.type, recovered.data.reason) == (
        "a.2", "source.recovered", "источник снова отвечает",
    )  # fmt: skip


def test_the_standing_survives_a_restart_and_says_nothing_twice(kit: Kit) -> None:
    sources = due(kit, row("a"))
    visit(kit, sources, "a", Outcome.GONE)
    kit.clock.move(HOUR)
    for _ in range(3):  # each time another crawler process
        visit(kit, kit.sources(kit.open()), "a", Outcome.GONE)
        kit.clock.move(HOUR)
    assert [event.id for event in events(kit)] == ["a.1"]
    (fare,) = Fares(kit.open()).list()
    assert (fare.standing.health, fare.standing.bad_visits, fare.outcome) == (Health.FAILING, 4, Outcome.GONE)
    (state,) = sources.list()
    assert state.standing == fare.standing


def test_a_lost_lease_leaves_no_trace(kit: Kit) -> None:
    sources = due(kit, row("a"))
    visit(kit, sources, "a", new=1)
    sources.force_due("a")
    lease = only(sources.lease("me", ["news"], 1, MINUTE))
    kit.clock.move(HOUR)
    only(sources.lease("you", ["news"], 1, MINUTE))
    before = sources.list()[0].standing
    assert not sources.finish(lease, health(kit, "a", outcome=Outcome.GONE), new_posts=5)
    assert sources.list()[0].standing == before
    assert Fares(kit.open()).hours("a") == {}


def test_posts_are_counted_by_the_hour_and_those_of_the_first_visit_are_not(kit: Kit) -> None:
    sources = due(kit, row("a"))
    visit(kit, sources, "a", new=90)
    for new in (2, 3, 0):
        visit(kit, sources, "a", new=new)
    kit.clock.move(HOUR)
    visit(kit, sources, "a", Outcome.BROKEN, new=1)
    hour = hour_of(kit.clock())
    fares = Fares(kit.open())
    assert fares.hours("a") == {hour - 1: 5, hour: 1}
    assert fares.prune_hours(kit.clock() + timedelta(weeks=7)) == 1
    assert fares.prune_hours(kit.clock() - timedelta(days=2)) == 1
    assert fares.hours("a") == {}


def test_a_source_falls_quiet_and_recovers(kit: Kit) -> None:
    sources = due(kit, row("a", every_seconds=6 * 3600.0))
    for n in range(5 * 28):  # every six hours, two new posts but at night
        visit(kit, sources, "a", new=2 if n % 4 else 0)
        kit.clock.move(6 * HOUR)
    assert events(kit) == []
    silent = 0
    while not events(kit):
        visit(kit, sources, "a", Outcome.EMPTY)
        kit.clock.move(6 * HOUR)
        silent += 1
        assert silent < 20
    assert silent >= 6  # one day without posts is chance
    (quiet,) = events(kit)
    assert (quiet.type, quiet.data.outcome) == ("source.quiet", Outcome.EMPTY)
    assert quiet.data.reason.startswith("за ")
    for _ in range(4 * 56):  # as long as its past is remembered, and longer
        visit(kit, sources, "a", Outcome.EMPTY)
        kit.clock.move(6 * HOUR)
    Fares(kit.open()).prune_hours(kit.clock())
    visit(kit, sources, "a", Outcome.EMPTY)
    assert len(events(kit)) == 1
    visit(kit, sources, "a", new=1)
    assert [event.type for event in events(kit)] == ["source.quiet", "source.recovered"]


def test_a_clock_that_jumps_makes_nobody_quiet(kit: Kit) -> None:
    sources = due(kit, row("a", every_seconds=6 * 3600.0))

    def ordinary(days: int) -> None:
        for _ in range(4 * days):
            visit(kit, sources, "a", new=2)
            kit.clock.move(6 * HOUR)

    ordinary(35)
    for jump in (
        timedelta(days=1000),
        timedelta(days=-1000),
        timedelta(days=3),
        timedelta(days=-3),
        timedelta(hours=14),
    ):
        kit.clock.move(jump)
        visit(kit, sources, "a", Outcome.EMPTY)
        kit.clock.move(6 * HOUR)
        visit(kit, sources, "a", Outcome.EMPTY)
        ordinary(2)
    assert events(kit) == []


def test_many_crawlers_number_the_changes_without_a_gap(kit: Kit) -> None:
    names = [f"s{n}" for n in range(24)]
    sources = due(kit, *(row(name) for name in names))
    kit.clock.move(HOUR)

    def crawl(mine: list[str]) -> None:
        own = kit.sources(kit.open())
        for name in mine:
            for _ in range(2):
                own.force_due(name)
                lease = only(own.lease(f"of {mine[0]}", ["news"], 1, MINUTE, only=[name]))
                assert own.finish(lease, health(kit, name, outcome=Outcome.GONE))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(crawl, [names[start::4] for start in range(4)]))
    assert sorted(event.id for event in events(kit)) == sorted(f"{name}.1" for name in names)
    with kit.open().reading() as conn:
        positions = list(conn.execute(select(source_events.c.position).order_by(source_events.c.position)).scalars())
    assert positions == list(range(1, 25))
    assert len(sources.list()) == 24


def test_events_wait_for_the_bus_and_leave_once(kit: Kit) -> None:
    sources = due(kit, row("a"), row("b"))
    fail(kit, sources, "a")
    box = SourceEvents(kit.open(), "chelyabinsk")

    def away(_: Any) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        box.relay(away)
    fail(kit, sources, "b")
    sent: list[Any] = []
    assert box.relay(sent.extend) == 2
    assert box.relay(sent.extend) == 0
    assert [event.id for event in sent] == ["a.1", "b.1"]
    assert box.prune(kit.clock() + HOUR) == 2


def digest(number: int = 1) -> SourceDigest:
    data = DigestData(summary="Всё хорошо.", changed=(), ongoing=(), changed_total=0, ongoing_total=0)
    time = Kit("").clock()
    return SourceDigest(id=f"duty.{number}", source="/otklik/x", subject="sources", time=time, data=data)


def test_a_digest_is_stored_before_it_is_sent_and_taken_by_one(kit: Kit, store: Store) -> None:
    mine, other = Digests(store), Digests(kit.open())
    seen, same = mine.of("duty"), other.of("duty")
    assert (seen.number, seen.sent, seen.named, seen.pending) == (0, None, {}, None)
    assert mine.plan(seen, digest(), 7, {"a": Health.FAILING}, TERM)
    assert not other.plan(same, digest(), 9, {}, TERM)
    pending = other.of("duty")
    assert pending.pending == digest()
    assert not other.take(pending, TERM)  # the first is at it
    kit.clock.move(TERM)  # and has crashed
    assert other.take(pending, TERM)
    other.delivered(pending)
    mine.delivered(seen)  # it was only slow
    done = mine.of("duty")
    assert (done.number, done.position, done.sent, done.named, done.pending) == (
        1, 7, kit.clock(), {"a": Health.FAILING}, None,
    )  # fmt: skip


def test_what_was_refused_is_still_to_be_told(kit: Kit, store: Store) -> None:
    digests = Digests(store)
    seen = digests.of("duty")
    assert digests.plan(seen, digest(), 7, {"a": Health.FAILING}, TERM)
    digests.refused(seen)
    after = digests.of("duty")
    assert (after.number, after.position, after.named, after.pending) == (1, 0, {}, None)


def test_a_digest_that_was_not_taken_is_free_at_once(store: Store) -> None:
    digests = Digests(store)
    seen = digests.of("duty")
    assert digests.plan(seen, digest(), 7, {}, TERM)
    digests.release(seen)
    assert digests.take(seen, TERM)
    assert not digests.take(seen, TERM)


def test_a_new_sink_is_not_told_of_what_has_been(kit: Kit, store: Store) -> None:
    sources = due(kit, row("a"))
    fail(kit, sources, "a")
    visit(kit, sources, "a")
    assert Digests(store).of("duty").position == 2
