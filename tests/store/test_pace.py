"""The pace as a property: whatever is asked for when, and however late it is sent."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from store.pace import AHEAD, LATE, WINDOW, counted, day_free_at, earliest, live, recent

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SPARE = WINDOW - SECOND - LATE
"""What is left for the network."""

steps = st.lists(
    st.tuples(
        st.floats(0, 2),  # seconds until the next caller comes
        st.floats(0, 0.5),  # how much later than granted it wakes up
        st.floats(0, SPARE.total_seconds()),  # what its way to the other side takes more than the fastest
    ),
    max_size=60,
)


@given(steps, st.integers(1, 20))
def test_no_sliding_second_at_the_other_side_holds_one_more(calls: list[tuple[float, float, float]], rate: int) -> None:
    now, grants, arrivals = START, list[datetime](), list[datetime]()
    for pause, late, way in calls:
        now += timedelta(seconds=pause)
        at = earliest(recent(grants, now), now, rate)
        if timedelta(seconds=late) > LATE:  # too late: given back for another, which this caller catches
            at = earliest(recent(grants, now + timedelta(seconds=late)), now + timedelta(seconds=late), rate)
            late = 0  # noqa: PLW2901
        if at > now + AHEAD:
            continue
        grants.append(at)
        arrivals.append(at + timedelta(seconds=late + way))
    arrivals.sort()
    for first, last in zip(arrivals, arrivals[rate:], strict=False):
        assert last - first >= SECOND


@given(st.integers(1, 20), st.integers(1, 200))
def test_nine_tenths_of_the_rate_are_used(rate: int, calls: int) -> None:
    grants: list[datetime] = []
    for _ in range(calls):
        grants.append(earliest(recent(grants, START), START, rate))
        if grants[-1] > START + AHEAD:
            break
    whole_seconds = (len(grants) - 1) // rate
    assert grants[-1] - START <= timedelta(seconds=whole_seconds / 0.9)


@given(st.lists(st.integers(-100_000, 200_000), max_size=40), st.integers(1, 10))
def test_the_day_comes_back_and_not_too_soon(made: list[int], per_day: int) -> None:
    day: dict[str, int] = {}
    for seconds in made:
        day = counted(day, START, START + timedelta(seconds=min(seconds, 30)))
    free = day_free_at(day, START, per_day)
    assert START <= free <= START + timedelta(days=1, minutes=16)
    assert sum(live(day, free).values()) < per_day
    if free > START:
        assert sum(live(day, free - timedelta(microseconds=1)).values()) >= per_day
