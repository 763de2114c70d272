"""What every store must do, as plain functions over a `Kit`.

`test_conformance.py` runs them on SQLite and PostgreSQL, `test_broken.py` on implementations that are broken on
purpose. Checks over threads and processes use the real clock, the others one that stands until it is moved.
"""

import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas import Incident, IncidentData, IncidentEvent, Outcome, SourceHealth
from store import Lease, Outbox, Quotas, SourceRow, Sources, Store, Version, Versions

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def move(self, by: timedelta) -> None:
        self.time += by


@dataclass
class Kit:
    """A database and the implementation under test."""

    url: str
    sources: type[Sources] = Sources
    versions: type[Versions] = Versions
    quotas: type[Quotas] = Quotas
    outbox: type[Outbox] = Outbox
    clock: Clock = field(default_factory=Clock)
    stores: list[Store] = field(default_factory=list)

    def open(self, now: Callable[[], datetime] | None = None) -> Store:
        """As a newly started process would."""
        store = Store(self.url, now or self.clock)
        self.stores.append(store)
        return store

    def live(self) -> Store:
        return self.open(real_now)

    def close(self) -> None:
        for store in self.stores:
            store.close()


def real_now() -> datetime:
    return datetime.now(UTC)


CHECKS: list[Callable[[Kit], None]] = []


def check(function: Callable[[Kit], None]) -> Callable[[Kit], None]:
    CHECKS.append(function)
    return function


def row(id_: str, slot: str | None = None, **changes: Any) -> SourceRow:
    return SourceRow(
        **{"id": id_, "kind": "news", "slot": slot or id_, "every_seconds": 300.0, "settings_digest": "1"} | changes
    )


def health(kit: Kit, source: str, **changes: Any) -> SourceHealth:
    now = kit.clock()
    fields = {
        "source": source,
        "kind": "news",
        "started": now - timedelta(seconds=3),
        "finished": now,
        "outcome": Outcome.OK,
        "reason": "Новых сообщений: 2.",
        "posts": 2,
        "next_due": now + HOUR,
    }
    return SourceHealth.model_validate(fields | changes)


def due(kit: Kit, *rows: SourceRow) -> Sources:
    """The repository, with these sources due now."""
    sources = kit.sources(kit.open())
    sources.sync(rows)
    kit.clock.move(HOUR)
    return sources


def ids(leases: list[Lease]) -> list[str]:
    return [lease.source for lease in leases]


# Sources


@check
def first_visits_are_staggered(kit: Kit) -> None:
    sources = kit.sources(kit.open())
    sources.sync([row(f"site-{n}") for n in range(1000)])
    offsets = sorted((state.next_due - kit.clock()).total_seconds() for state in sources.list())
    assert 0 <= offsets[0]
    assert offsets[-1] < 300
    # Spread evenly: each tenth of the interval holds about a tenth of the sources.
    assert all(60 < tenth < 140 for tenth in Counter(int(offset // 30) for offset in offsets).values())


@check
def a_few_new_sources_are_visited_within_seconds(kit: Kit) -> None:
    sources = kit.sources(kit.open())
    sources.sync([row("a"), row("b"), row("c", every_seconds=None)])
    assert all(state.next_due <= kit.clock() + timedelta(seconds=3) for state in sources.list())


@check
def sync_keeps_what_is_known(kit: Kit) -> None:
    sources = due(kit, row("a"), row("b"))
    (lease,) = sources.lease("me", ["news"], 1, MINUTE)
    assert sources.finish(lease, health(kit, lease.source), {"seen": 7}, 45.0)
    sources.sync([row("c")])
    states = {state.id: state for state in sources.list()}
    assert {id_: state.enabled for id_, state in states.items()} == {"a": False, "b": False, "c": True}
    kit.clock.move(2 * HOUR)
    assert ids(sources.lease("me", ["news"], 9, MINUTE)) == ["c"]
    sources.sync([row("a"), row("b"), row("c")])
    state = next(state for state in sources.list() if state.id == lease.source)
    assert (state.enabled, state.cursor, state.interval) == (True, {"seen": 7}, 45.0)
    assert sorted(ids(sources.lease("me", ["news"], 9, MINUTE))) == ["a", "b"]


@check
def changed_settings_are_tried_at_once(kit: Kit) -> None:
    sources = due(kit, row("a"))
    (lease,) = sources.lease("me", ["news"], 1, MINUTE)
    sources.finish(lease, health(kit, "a"), {"seen": 7})
    sources.sync([row("a")])
    assert sources.lease("me", ["news"], 1, MINUTE) == []
    sources.sync([row("a", settings_digest="2")])
    (lease,) = sources.lease("me", ["news"], 1, MINUTE)
    assert lease.cursor == {"seen": 7}
    sources.sync([row("a", kind="vk")])
    assert not sources.save_cursor(lease, {"seen": 8})
    assert sources.list()[0].cursor is None


@check
def only_due_sources_of_the_kind_are_leased(kit: Kit) -> None:
    sources = due(kit, row("a"), row("b", kind="vk"), row("c"))
    (lease,) = sources.lease("me", ["news"], 1, MINUTE)
    sources.finish(lease, health(kit, lease.source))
    rest = sources.lease("me", ["news", "vk"], 9, MINUTE)
    assert sorted([lease.source, *ids(rest)]) == ["a", "b", "c"]
    assert sources.lease("me", ["news", "vk"], 9, MINUTE) == []
    states = sources.list()
    assert [state.lease_owner for state in states if state.id != lease.source] == ["me", "me"]


@check
def the_longest_due_come_first(kit: Kit) -> None:
    sources = due(kit, *(row(f"s{n}") for n in range(20)))
    order = [state.id for state in sorted(sources.list(), key=lambda state: state.next_due)]
    assert ids(sources.lease("me", ["news"], 5, MINUTE)) == order[:5]
    assert ids(sources.lease("me", ["news"], 50, MINUTE)) == order[5:]


@check
def a_slot_is_leased_once(kit: Kit) -> None:
    sources = due(kit, row("a", "host"), row("b", "host"), row("c", "other"))
    first = sources.lease("me", ["news"], 9, MINUTE)
    assert len(first) == 2
    assert {lease.slot for lease in first} == {"host", "other"}
    assert sources.lease("you", ["news"], 9, MINUTE) == []
    on_host = next(lease for lease in first if lease.slot == "host")
    assert sources.finish(on_host, health(kit, on_host.source))
    (second,) = sources.lease("you", ["news"], 9, MINUTE)
    assert {on_host.source, second.source} == {"a", "b"}


@check
def a_lapsed_lease_is_taken_and_its_holder_refused(kit: Kit) -> None:
    sources = due(kit, row("a"))
    (crashed,) = sources.lease("me", ["news"], 1, MINUTE)
    assert sources.save_cursor(crashed, {"page": 1})
    kit.clock.move(MINUTE - timedelta(seconds=1))
    assert sources.lease("you", ["news"], 1, MINUTE) == []
    kit.clock.move(timedelta(seconds=1))
    (taken,) = sources.lease("you", ["news"], 1, MINUTE)
    assert (taken.cursor, taken.fence) == ({"page": 1}, crashed.fence + 1)
    assert sources.save_cursor(taken, {"page": 2})
    assert not sources.save_cursor(crashed, {"page": 99})
    assert not sources.renew(crashed, HOUR)
    assert not sources.finish(crashed, health(kit, "a"), {"page": 99})
    assert not sources.release(crashed)
    (state,) = sources.list()
    assert (state.cursor, state.lease_owner, state.outcome) == ({"page": 2}, "you", None)
    assert sources.runs("a") == []
    assert sources.finish(taken, health(kit, "a"))


@check
def one_owner_twice_is_told_apart_by_the_fence(kit: Kit) -> None:
    sources = due(kit, row("a"))
    (crashed,) = sources.lease("me", ["news"], 1, MINUTE)
    kit.clock.move(MINUTE)
    (taken,) = sources.lease("me", ["news"], 1, MINUTE)
    assert not sources.save_cursor(crashed, {"page": 99})
    assert sources.save_cursor(taken, {"page": 2})


@check
def a_lapsed_lease_frees_its_slot(kit: Kit) -> None:
    sources = due(kit, row("a", "host"), row("b", "host"))
    (crashed,) = sources.lease("me", ["news"], 9, MINUTE)
    kit.clock.move(MINUTE)
    sources.sync([row("a" if crashed.source == "b" else "b", "host")])
    (taken,) = sources.lease("you", ["news"], 9, MINUTE)
    assert taken.source != crashed.source
    assert not sources.save_cursor(crashed, {"page": 99})


@check
def a_renewed_lease_holds(kit: Kit) -> None:
    sources = due(kit, row("a"))
    (lease,) = sources.lease("me", ["news"], 1, MINUTE)
    for _ in range(3):
        kit.clock.move(timedelta(seconds=50))
        assert sources.renew(lease, MINUTE)
        assert sources.lease("you", ["news"], 1, MINUTE) == []
    assert sources.save_cursor(lease, {"page": 3})


@check
def a_finished_visit_is_on_record(kit: Kit) -> None:
    sources = due(kit, row("a"))
    (lease,) = sources.lease("me", ["news"], 1, MINUTE)
    good = health(kit, "a")
    assert sources.finish(lease, good, {"page": 1}, 60.0)
    assert not sources.finish(lease, good)
    kit.clock.move(HOUR)
    (lease,) = sources.lease("me", ["news"], 1, MINUTE)
    assert (lease.cursor, lease.interval) == ({"page": 1}, 60.0)
    bad = health(kit, "a", outcome=Outcome.BLOCKED, reason="Сайт просит капчу.", action="Откройте сайт.", posts=0)
    assert sources.finish(lease, bad)
    (state,) = sources.list()
    assert (state.outcome, state.reason, state.action) == (Outcome.BLOCKED, "Сайт просит капчу.", "Откройте сайт.")
    assert (state.posts, state.posts_total, state.cursor, state.interval) == (0, 2, {"page": 1}, 60.0)
    assert (state.lease_owner, state.next_due, state.last_finished) == (None, bad.next_due, bad.finished)
    assert sources.runs("a") == [bad, good]
    assert sources.runs("a", limit=1) == [bad]
    assert sources.prune_runs(bad.finished) == 1
    assert sources.runs("a") == [bad]


@check
def a_released_source_is_due_as_before(kit: Kit) -> None:
    sources = due(kit, row("a"))
    (lease,) = sources.lease("me", ["news"], 1, MINUTE)
    assert sources.release(lease)
    assert ids(sources.lease("you", ["news"], 1, MINUTE)) == ["a"]
    assert sources.runs("a") == []


@check
def a_source_can_be_made_due(kit: Kit) -> None:
    sources = due(kit, row("a"))
    (lease,) = sources.lease("me", ["news"], 1, MINUTE)
    sources.finish(lease, health(kit, "a"))
    assert sources.lease("me", ["news"], 1, MINUTE) == []
    assert sources.force_due("a")
    assert ids(sources.lease("me", ["news"], 1, MINUTE)) == ["a"]
    assert not sources.force_due("b")
    sources.sync([])
    assert not sources.force_due("a")


@check
def requests_to_a_slot_keep_their_distance(kit: Kit) -> None:
    sources = kit.sources(kit.open())
    delay = timedelta(seconds=2)
    start = kit.clock()
    assert [sources.reserve_slot("host", delay) for _ in range(3)] == [start, start + delay, start + 2 * delay]
    assert sources.reserve_slot("other", delay) == start
    kit.clock.move(MINUTE)
    assert kit.sources(kit.open()).reserve_slot("host", delay) == start + MINUTE
    assert sources.reserve_slot("host", delay) == start + MINUTE + delay


@check
def requests_of_many_threads_keep_their_distance(kit: Kit) -> None:
    sources = kit.sources(kit.live())
    delay = timedelta(seconds=2)
    with ThreadPoolExecutor(4) as pool:
        times = sorted(pool.map(lambda _: sources.reserve_slot("host", delay), range(24)))
    assert all(later - earlier >= delay for earlier, later in zip(times, times[1:], strict=False))


def crawl(kit: Kit, owner: str) -> list[tuple[str, str, float, float]]:
    """Visit sources until none is left; who was visited, on which slot, from when to when."""
    sources = kit.sources(kit.live())
    visits = []
    idle = 0
    while idle < 20:
        leases = sources.lease(owner, ["news"], 2, MINUTE)
        idle = 0 if leases else idle + 1
        start = time.monotonic()
        time.sleep(0.005)
        for lease in leases:
            end = time.monotonic()
            done = health(kit, lease.source, next_due=real_now() + HOUR)
            visits.append((lease.source, lease.slot, start, end))
            assert sources.finish(lease, done)
    return visits


def crawl_apart(kit: Kit, owner: str, answers: Any) -> None:
    try:
        answers.put(crawl(kit, owner))
    finally:
        kit.close()


def assert_crawled(kit: Kit, visits: list[tuple[str, str, float, float]], count: int) -> None:
    assert sorted(source for source, *_ in visits) == sorted(f"s{n}" for n in range(count))
    by_slot: dict[str, list[tuple[float, float]]] = {}
    for _, slot, start, end in visits:
        by_slot.setdefault(slot, []).append((start, end))
    for spans in by_slot.values():
        spans.sort()
        assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:], strict=False))
    assert all(state.posts_total == 2 for state in kit.sources(kit.open()).list())


@check
def threads_never_share_a_source_or_a_slot(kit: Kit) -> None:
    due(kit, *(row(f"s{n}", f"host{n % 7}") for n in range(40)))
    with ThreadPoolExecutor(4) as pool:
        visits = [visit for some in pool.map(lambda n: crawl(kit, f"t{n}"), range(4)) for visit in some]
    assert_crawled(kit, visits, 40)


@check
def processes_never_share_a_source_or_a_slot(kit: Kit) -> None:
    due(kit, *(row(f"s{n}", f"host{n % 7}") for n in range(40)))
    visits = [visit for some in in_processes(crawl_apart, kit, 3) for visit in some]
    assert_crawled(kit, visits, 40)


def in_processes(work: Callable[[Kit, str, Any], None], kit: Kit, count: int) -> list[Any]:
    spawn = multiprocessing.get_context("spawn")
    answers: Any = spawn.Queue()
    mine = Kit(kit.url, kit.sources, kit.versions, kit.quotas, kit.outbox)
    processes = [spawn.Process(target=work, args=(mine, f"p{n}", answers)) for n in range(count)]
    for process in processes:
        process.start()
    try:
        found = [answers.get(timeout=60) for _ in processes]
    finally:
        for process in processes:
            process.join(timeout=60)
        answers.close()
    assert [process.exitcode for process in processes] == [0] * count
    return found


# Versions


@check
def versions_outlive_the_process(kit: Kit) -> None:
    rows = [Version(f"vk:{n}", n, f"d{n}", None if n % 2 else f"r{n}") for n in range(1200)]
    kit.versions(kit.open()).store(rows)
    known = kit.versions(kit.open()).known([*(row.id for row in rows), "vk:absent"])
    assert known == {row.id: row for row in rows}
    assert kit.versions(kit.open()).known([]) == {}


@check
def a_version_only_rises(kit: Kit) -> None:
    versions = kit.versions(kit.open())
    versions.store([Version("a", 5, "five")])
    versions.store([Version("a", 4, "four", "r")])
    assert versions.known(["a"]) == {"a": Version("a", 5, "five")}
    versions.store([Version("a", 5, "five", "r2")])
    versions.store([])
    assert versions.known(["a"]) == {"a": Version("a", 5, "five", "r2")}
    versions.store([Version("a", 6, "six"), Version("a", 7, "seven")])
    assert versions.known(["a"]) == {"a": Version("a", 7, "seven")}


@check
def posts_unseen_for_long_are_forgotten(kit: Kit) -> None:
    versions = kit.versions(kit.open())
    versions.store([Version("old", 0, "x"), Version("pinned", 0, "x")])
    kit.clock.move(timedelta(days=30))
    versions.store([Version("pinned", 0, "x"), Version("new", 0, "x")])
    assert versions.prune(kit.clock() - timedelta(days=29)) == 1
    assert set(versions.known(["old", "pinned", "new"])) == {"pinned", "new"}


# Quotas


def assert_paced(grants: list[datetime], per_second: int) -> None:
    """No sliding second, closed at both ends, holds more than `per_second`."""
    grants = sorted(grants)
    for first, last in zip(grants, grants[per_second:], strict=False):
        assert last - first > timedelta(seconds=1)


@check
def no_sliding_second_holds_one_more(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    dice = random.Random(5)
    grants = []
    for n in range(200):
        at = quotas.take("vk", f"method{n % 3}", "token", 3, None)
        assert at is not None
        assert at >= kit.clock()
        grants.append(at)
        kit.clock.move(timedelta(seconds=dice.choice([0, 0, 0.01, 0.2, 0.5, 1.5])))
        if n == 100:  # a restart
            quotas = kit.quotas(kit.open())
    assert grants == sorted(grants)
    assert_paced(grants, 3)
    # And little is wasted: tokens are scarce.
    busy = [quotas.take("vk", "wall.get", "other", 3, None) for _ in range(31)]
    assert busy[0] is not None
    assert busy[-1] is not None
    assert busy[-1] - busy[0] < timedelta(seconds=11)


@check
def tokens_and_services_have_quotas_of_their_own(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    calls = [("vk", "a"), ("vk", "b"), ("telegram", "a")]
    assert [quotas.take(service, "get", token, 1, 1) for service, token in calls] == [kit.clock()] * 3
    assert [quotas.take(service, "get", token, 1, 1) for service, token in calls] == [None] * 3


@check
def the_day_is_used_up_and_comes_back(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    start = kit.clock()
    for _ in range(5):
        assert quotas.take("vk", "wall.get", "token", 20, 5) is not None
        kit.clock.move(HOUR)
    assert quotas.take("vk", "wall.get", "token", 20, 5) is None
    assert quotas.take("vk", "wall.search", "token", 20, 5) is not None
    restarted = kit.quotas(kit.open())
    assert restarted.take("vk", "wall.get", "token", 20, 5) is None
    assert restarted.used_today("vk", "wall.get", "token") == 5
    free = restarted.free_at("vk", "wall.get", "token", 5)
    assert start + timedelta(days=1) <= free <= start + timedelta(days=1, minutes=15)
    kit.clock.time = free - timedelta(microseconds=1)
    assert restarted.take("vk", "wall.get", "token", 20, 5) is None
    kit.clock.time = free
    assert restarted.take("vk", "wall.get", "token", 20, 5) == free
    assert restarted.take("vk", "wall.get", "token", 20, 5) is None


@check
def no_sliding_day_holds_one_more(kit: Kit) -> None:
    quotas = kit.quotas(kit.open())
    dice = random.Random(6)
    grants: list[datetime] = []
    for _ in range(300):
        at = quotas.take("vk", "wall.get", "token", 20, 7)
        if at is not None:
            grants.append(at)
        kit.clock.move(timedelta(minutes=dice.choice([1, 30, 200])))
    assert len(grants) > 50
    for first, last in zip(grants, grants[7:], strict=False):
        assert last - first >= timedelta(days=1)


def take_apart(kit: Kit, owner: str, answers: Any) -> None:
    quotas = kit.quotas(kit.live())
    answers.put([quotas.take("vk", owner, "token", 10, None) for _ in range(20)])
    kit.close()


@check
def processes_share_a_quota(kit: Kit) -> None:
    grants = [at for some in in_processes(take_apart, kit, 3) for at in some]
    assert len(grants) == 60
    assert_paced(grants, 10)


# Outbox


def event(incident: int, sequence: int, kind: str = "incident.updated") -> IncidentEvent:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    body = Incident(
        id=incident,
        sequence=sequence,
        title="Прорыв трубы на улице Труда",
        group="ЖКХ",
        topic="★ Прорыв трубы/трубопровода",
        opened=now,
        updated=now,
        first_published=now,
        last_published=now,
        posts=("vk:-1_2",),
    )
    return IncidentEvent.model_validate(
        {
            "id": f"{incident}.{sequence}",
            "source": "/otklik/chelyabinsk",
            "type": kind,
            "subject": str(incident),
            "time": now,
            "data": IncidentData(incident=body),
        }
    )


def add(kit: Kit, *events: IncidentEvent) -> Outbox:
    store = kit.open()
    outbox = kit.outbox(store)
    with store.transaction() as conn:
        for one in events:
            outbox.add(conn, one)
    return outbox


def assert_in_order(events: list[IncidentEvent]) -> None:
    """The first arrivals of each incident's events rise by one from 1."""
    seen: Counter[int] = Counter()
    for one in events:
        incident = one.data.incident
        assert incident.sequence <= seen[incident.id] + 1
        seen[incident.id] = max(seen[incident.id], incident.sequence)


@check
def events_leave_once_and_in_order(kit: Kit) -> None:
    events = [event(incident, sequence) for sequence in range(1, 6) for incident in (1, 2, 3)]
    outbox = add(kit, *events)
    assert outbox.unsent() == 15
    sent: list[IncidentEvent] = []
    assert [outbox.relay(sent.extend, limit=4) for _ in range(6)] == [4, 4, 4, 3, 0, 0]
    assert sent == events
    assert (outbox.unsent(), outbox.last_position()) == (0, 15)
    assert outbox.after(0, 99) == list(enumerate(events, start=1))


@check
def a_rolled_back_effect_sends_nothing(kit: Kit) -> None:
    store = kit.open()
    outbox = kit.outbox(store)
    with pytest.raises(ZeroDivisionError), store.transaction() as conn:
        outbox.add(conn, event(1, 1))
        raise ZeroDivisionError
    add(kit, event(2, 1))
    sent: list[IncidentEvent] = []
    assert outbox.relay(sent.extend) == 1
    assert sent == [event(2, 1)]
    assert [position for position, _ in outbox.after(0)] == [1]


class BusIsDown(Exception):
    pass


def fail(_: object = None) -> None:
    raise BusIsDown


@check
def a_failed_publish_loses_nothing(kit: Kit) -> None:
    outbox = add(kit, event(1, 1), event(1, 2))
    with pytest.raises(BusIsDown):
        outbox.relay(fail)
    assert outbox.unsent() == 2
    sent: list[IncidentEvent] = []
    assert outbox.relay(sent.extend) == 2
    assert sent == [event(1, 1), event(1, 2)]


@check
def a_crash_before_the_mark_sends_again(kit: Kit) -> None:
    outbox = add(kit, event(1, 1))
    sent: list[IncidentEvent] = []
    with pytest.raises(BusIsDown):
        outbox.relay(sent.extend, after_publish=fail)
    assert sent == [event(1, 1)]
    assert kit.outbox(kit.open()).relay(sent.extend) == 1
    assert sent == [event(1, 1)] * 2
    assert [position for position, _ in outbox.after(0)] == [1]


@check
def a_slow_bus_holds_up_no_writer_and_no_second_relay_overtakes(kit: Kit) -> None:
    outbox = add(kit, event(1, 1))
    second: list[IncidentEvent] = []

    def publish(_: list[IncidentEvent]) -> None:
        other = add(kit, event(1, 2))
        assert other.relay(second.extend) == 0

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(outbox.relay, publish).result(timeout=10) == 1
    assert second == []
    assert outbox.relay(second.extend) == 1
    assert second == [event(1, 2)]


@check
def a_filter_pages_through(kit: Kit) -> None:
    outbox = add(kit, *(event(1, n, "incident.overdue" if n % 5 == 0 else "incident.updated") for n in range(1, 31)))
    outbox.relay(lambda _: None)

    def overdue(one: IncidentEvent) -> bool:
        return one.type == "incident.overdue"

    assert [position for position, _ in outbox.after(0, 4, overdue)] == [5, 10, 15, 20]
    assert [position for position, _ in outbox.after(20, 4, overdue)] == [25, 30]
    assert [position for position, _ in outbox.after(28, 9)] == [29, 30]
    assert outbox.after(30) == []


@check
def old_events_are_pruned_when_sent(kit: Kit) -> None:
    outbox = add(kit, event(1, 1))
    outbox.relay(lambda _: None)
    kit.clock.move(HOUR)
    add(kit, event(1, 2)).relay(lambda _: None)
    add(kit, event(1, 3))
    assert outbox.prune(kit.clock()) == 1
    assert outbox.after(0) == [(2, event(1, 2))]
    sent: list[IncidentEvent] = []
    assert outbox.relay(sent.extend) == 1
    assert outbox.after(2) == [(3, event(1, 3))]


@check
def writers_and_relays_at_once_lose_and_reorder_nothing(kit: Kit) -> None:
    incidents, per_incident = 4, 25
    done = threading.Event()
    arrived: list[IncidentEvent] = []
    followed: list[int] = []

    def write(incident: int) -> None:
        for sequence in range(1, per_incident + 1):
            add(kit, event(incident, sequence))

    def relay() -> None:
        outbox = kit.outbox(kit.live())
        while not done.is_set() or outbox.unsent():
            outbox.relay(arrived.extend, limit=7)
            time.sleep(0.001)

    def follow() -> None:
        """A reader that never looks back."""
        outbox = kit.outbox(kit.live())
        while len(followed) < incidents * per_incident and not gave_up.is_set():
            followed.extend(position for position, _ in outbox.after(followed[-1] if followed else 0, 10))
            time.sleep(0.001)

    gave_up = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        relays = [pool.submit(relay) for _ in range(2)]
        reader = pool.submit(follow)
        try:
            for writer in [pool.submit(write, incident) for incident in range(1, incidents + 1)]:
                writer.result(timeout=60)
            done.set()
            for one in relays:
                one.result(timeout=60)
            reader.result(timeout=10)
        finally:
            done.set()
            gave_up.set()
    assert len(arrived) == incidents * per_incident
    assert_in_order(arrived)
    assert followed == list(range(1, incidents * per_incident + 1))
