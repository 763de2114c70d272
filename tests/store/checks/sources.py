import multiprocessing
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

from schemas import Outcome, SourceHealth
from store import Lease, SourceRow, Sources
from tests.store.kit import HOUR, MINUTE, Kit, check, in_processes, real_now


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


def only(leases: list[Lease]) -> Lease:
    assert len(leases) == 1
    return leases[0]


def ids(leases: list[Lease]) -> list[str]:
    return [lease.source for lease in leases]


@check
def first_visits_are_staggered(kit: Kit) -> None:
    sources = kit.sources(kit.open())
    sources.sync([row(f"site-{n}") for n in range(1000)])
    offsets = sorted((state.next_due - kit.clock()).total_seconds() for state in sources.list())
    assert offsets[0] >= 0
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
    lease = only(sources.lease("me", ["news"], 1, MINUTE))
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
    lease = only(sources.lease("me", ["news"], 1, MINUTE))
    sources.finish(lease, health(kit, "a"), {"seen": 7})
    sources.sync([row("a")])
    assert sources.lease("me", ["news"], 1, MINUTE) == []
    sources.sync([row("a", settings_digest="2")])
    lease = only(sources.lease("me", ["news"], 1, MINUTE))
    assert lease.cursor == {"seen": 7}
    sources.sync([row("a", kind="vk")])
    assert not sources.save_cursor(lease, {"seen": 8})
    assert sources.list()[0].cursor is None


@check
def only_due_sources_of_the_kind_are_leased(kit: Kit) -> None:
    sources = due(kit, row("a"), row("b", kind="vk"), row("c"))
    lease = only(sources.lease("me", ["news"], 1, MINUTE))
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
    second = only(sources.lease("you", ["news"], 9, MINUTE))
    assert {on_host.source, second.source} == {"a", "b"}


@check
def a_lapsed_lease_is_taken_and_its_holder_refused(kit: Kit) -> None:
    sources = due(kit, row("a"))
    crashed = only(sources.lease("me", ["news"], 1, MINUTE))
    assert sources.save_cursor(crashed, {"page": 1})
    kit.clock.move(MINUTE - timedelta(seconds=1))
    assert sources.lease("you", ["news"], 1, MINUTE) == []
    kit.clock.move(timedelta(seconds=1))
    taken = only(sources.lease("you", ["news"], 1, MINUTE))
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
    crashed = only(sources.lease("me", ["news"], 1, MINUTE))
    kit.clock.move(MINUTE)
    taken = only(sources.lease("me", ["news"], 1, MINUTE))
    assert not sources.save_cursor(crashed, {"page": 99})
    assert sources.save_cursor(taken, {"page": 2})


@check
def a_lapsed_lease_frees_its_slot(kit: Kit) -> None:
    sources = due(kit, row("a", "host"), row("b", "host"))
    crashed = only(sources.lease("me", ["news"], 9, MINUTE))
    kit.clock.move(MINUTE)
    sources.sync([row("a" if crashed.source == "b" else "b", "host")])
    taken = only(sources.lease("you", ["news"], 9, MINUTE))
    assert taken.source != crashed.source
    assert not sources.save_cursor(crashed, {"page": 99})


@check
def a_renewed_lease_holds(kit: Kit) -> None:
    sources = due(kit, row("a"))
    lease = only(sources.lease("me", ["news"], 1, MINUTE))
    for _ in range(3):
        kit.clock.move(timedelta(seconds=50))
        assert sources.renew(lease, MINUTE)
        assert sources.lease("you", ["news"], 1, MINUTE) == []
    assert sources.save_cursor(lease, {"page": 3})


@check
def a_finished_visit_is_on_record(kit: Kit) -> None:
    sources = due(kit, row("a"))
    lease = only(sources.lease("me", ["news"], 1, MINUTE))
    good = health(kit, "a")
    assert sources.finish(lease, good, {"page": 1}, 60.0)
    assert not sources.finish(lease, good)
    kit.clock.move(HOUR)
    lease = only(sources.lease("me", ["news"], 1, MINUTE))
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
    lease = only(sources.lease("me", ["news"], 1, MINUTE))
    assert sources.release(lease)
    assert ids(sources.lease("you", ["news"], 1, MINUTE)) == ["a"]
    assert sources.runs("a") == []


@check
def a_source_can_be_made_due(kit: Kit) -> None:
    sources = due(kit, row("a"))
    lease = only(sources.lease("me", ["news"], 1, MINUTE))
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
    assert all(later - earlier >= delay for earlier, later in pairwise(times))


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
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
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


def lease_and_hang(kit: Kit, owner: str, answers: Any) -> None:
    sources = kit.sources(kit.live())
    lease = only(sources.lease(owner, ["news"], 1, timedelta(seconds=2)))
    assert sources.save_cursor(lease, {"page": 1})
    answers.put(lease)
    time.sleep(60)


@check
def a_killed_crawler_is_replaced(kit: Kit) -> None:
    due(kit, row("a", "host"), row("b", "host"))
    spawn = multiprocessing.get_context("spawn")
    answers: Any = spawn.Queue()
    process = spawn.Process(target=lease_and_hang, args=(kit.apart(), "crashed", answers))
    process.start()
    try:
        crashed = answers.get(timeout=60)
    finally:
        process.kill()
        process.join()
        answers.close()
    sources = kit.sources(kit.live())
    taken: dict[str, Lease] = {}
    deadline = time.monotonic() + 30
    while len(taken) < 2 and time.monotonic() < deadline:
        for lease in sources.lease("next", ["news"], 2, MINUTE):
            assert real_now() >= crashed.until
            taken[lease.source] = lease
            assert sources.finish(lease, health(kit, lease.source, next_due=real_now() + HOUR))
        time.sleep(0.05)
    assert sorted(taken) == ["a", "b"]
    assert taken[crashed.source].cursor == {"page": 1}
    assert not sources.save_cursor(crashed, {"page": 99})


@check
def only_wanted_sources_are_leased_however_many_wait(kit: Kit) -> None:
    """More of one slot are due, and more are unwanted, than are looked at in one statement."""
    sources = due(kit, *(row(f"wall{n}", "token") for n in range(250)), *(row(f"site{n}") for n in range(250)))
    wanted = {"wall17", "site3", "site9", "site249"}
    assert set(ids(sources.lease("me", ["news"], 9, MINUTE, only=wanted))) == wanted
    rest = sources.lease("me", ["news"], 500, MINUTE)
    assert len(rest) == 247
    assert all(lease.slot != "token" for lease in rest)
