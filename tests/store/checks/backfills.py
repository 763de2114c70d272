from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from store import Backfill, BackfillLease, Backfills
from tests.store.kit import HOUR, MINUTE, Clock, Kit, check

SINCE = Clock().time - timedelta(days=60)
UNTIL = SINCE + timedelta(days=30)


def begun(backfills: Backfills, owner: str = "me", source: str = "wall", **changes: Any) -> BackfillLease:
    values = {"since": SINCE, "until": UNTIL, "term": MINUTE} | changes
    lease = backfills.begin(source, owner=owner, **values)
    assert isinstance(lease, BackfillLease)
    return lease


def refused(backfills: Backfills, owner: str = "you", **changes: Any) -> Backfill:
    values = {"since": SINCE, "until": UNTIL, "term": MINUTE} | changes
    state = backfills.begin("wall", owner=owner, **values)
    assert isinstance(state, Backfill)
    return state


@check
def a_back_fill_goes_on_where_it_stopped(kit: Kit) -> None:
    backfills = kit.backfills(kit.open())
    lease = begun(backfills)
    assert (lease.cursor, lease.posts, lease.since, lease.until) == (None, 0, SINCE, UNTIL)
    assert backfills.save(lease, {"page": 3}, 70, UNTIL - HOUR)
    assert backfills.release(lease)
    again = begun(kit.backfills(kit.open()), "you")
    assert (again.cursor, again.posts) == ({"page": 3}, 70)
    (state,) = backfills.list()
    assert (state.reached, state.posts, state.finished, state.lease_owner) == (UNTIL - HOUR, 70, None, "you")


@check
def who_has_a_back_fill_is_told_to_others_and_a_lapsed_one_is_free(kit: Kit) -> None:
    backfills = kit.backfills(kit.open())
    lease = begun(backfills)
    state = refused(backfills)
    assert (state.lease_owner, state.lease_until) == ("me", kit.clock() + MINUTE)
    kit.clock.move(MINUTE / 2)
    assert backfills.renew(lease, MINUTE)
    kit.clock.move(MINUTE * 0.9)
    refused(backfills)
    kit.clock.move(MINUTE)
    other = begun(backfills, "you")
    assert not backfills.save(lease, {"page": 9}, 900, None)
    assert not backfills.renew(lease, MINUTE)
    assert not backfills.finish(lease)
    assert not backfills.release(lease)
    assert backfills.save(other, {"page": 4}, 80, None)
    (state,) = backfills.list()
    assert (state.posts, state.lease_owner) == (80, "you")


@check
def one_owner_twice_has_two_leases_of_a_back_fill(kit: Kit) -> None:
    backfills = kit.backfills(kit.open())
    first = begun(backfills)
    kit.clock.move(HOUR)
    second = begun(backfills)
    assert not backfills.save(first, {"page": 1}, 1, None)
    assert backfills.save(second, {"page": 2}, 2, None)


@check
def a_finished_back_fill_says_so_and_is_repeated_on_request(kit: Kit) -> None:
    backfills = kit.backfills(kit.open())
    lease = begun(backfills)
    backfills.save(lease, {"page": 3}, 70, UNTIL)
    assert backfills.finish(lease)
    state = refused(backfills)
    assert (state.finished, state.lease_owner, state.posts) == (kit.clock(), None, 70)
    kit.clock.move(HOUR)
    repeated = begun(backfills, again=True)
    assert (repeated.cursor, repeated.posts) == (None, 0)
    (state,) = backfills.list()
    assert (state.finished, state.reached, state.started) == (None, None, kit.clock())


@check
def again_does_not_throw_away_what_is_half_done(kit: Kit) -> None:
    backfills = kit.backfills(kit.open())
    lease = begun(backfills)
    backfills.save(lease, {"page": 3}, 70, None)
    assert refused(backfills, again=True).lease_owner == "me"
    backfills.release(lease)
    assert begun(backfills, again=True).cursor == {"page": 3}


@check
def an_open_end_stays_at_the_moment_of_the_first_start(kit: Kit) -> None:
    backfills = kit.backfills(kit.open())
    start = kit.clock()
    lease = begun(backfills, until=None)
    assert lease.until == start
    backfills.release(lease)
    kit.clock.move(24 * HOUR)
    lease = begun(backfills, until=None)
    assert lease.until == start
    backfills.finish(lease)
    assert refused(backfills, until=None).until == start
    assert begun(backfills, until=None, again=True).until == kit.clock()


@check
def other_spans_and_sources_are_other_back_fills(kit: Kit) -> None:
    backfills = kit.backfills(kit.open())
    leases = [
        begun(backfills),
        begun(backfills, until=None),
        begun(backfills, until=UNTIL + HOUR),
        begun(backfills, since=SINCE + HOUR),
        begun(backfills, source="channel"),
    ]
    assert len({lease.id for lease in leases}) == 5
    assert all(backfills.save(lease, {}, 0, None) for lease in leases)


@check
def of_many_that_start_one_back_fill_one_has_it(kit: Kit) -> None:
    backfills = kit.backfills(kit.live())
    with ThreadPoolExecutor(4) as pool:
        owners = [f"p{number}" for number in range(8)]
        found = list(pool.map(lambda owner: backfills.begin("wall", SINCE, None, owner, MINUTE), owners))
    assert sum(isinstance(one, BackfillLease) for one in found) == 1
    assert len(backfills.list()) == 1
