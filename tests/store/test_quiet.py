"""When a source is too quiet for itself."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.quiet import RHYTHMS, delay, false_alarms, history
from store.quiet import KEPT, SHARE, WEEK, Silence, is_back, silence

NOW = 100 * WEEK  # the hour 0 of a week, which stands for Monday


def weeks(hours: dict[int, int], count: int, end: int = NOW) -> dict[int, int]:
    """The same posts in each of the `count` weeks before `end`."""
    return {end - week * WEEK + hour: n for week in range(1, count + 1) for hour, n in hours.items()}


BY_DAY = {day * 24 + hour: 2 for day in range(7) for hour in range(8, 22)}


def test_a_source_without_a_past_is_not_quiet() -> None:
    assert silence({}, 0, NOW) is None
    assert silence({NOW - 50: 7}, 0, NOW) is None
    assert silence(weeks(BY_DAY, 1, NOW - WEEK), 0, NOW) is None


def test_a_night_alarms_nobody_and_a_silent_day_does() -> None:
    posts = weeks(BY_DAY, 5)
    assert [hour for hour in range(24) if silence(posts, 0, NOW + hour)] == list(range(15, 24))
    assert silence(posts, 0, NOW + 15) == Silence(since=NOW - 2, hours=17, posts=0, usual=14.0)


def test_a_source_that_always_rests_on_sundays_may_rest_on_sunday() -> None:
    workdays = {hour: n for hour, n in BY_DAY.items() if hour < 6 * 24}
    posts = weeks(workdays, 5)
    posts |= {NOW + hour: n for hour, n in workdays.items()}
    assert [hour for hour in range(6 * 24, WEEK + 8) if silence(posts, 0, NOW + hour)] == []
    assert silence(posts, 0, NOW + WEEK + 16) is not None


def test_a_source_that_brings_a_tenth_is_quiet_and_one_that_brings_a_half_is_not() -> None:
    past = weeks(BY_DAY, 5, NOW - WEEK)
    hours = sorted(BY_DAY)
    tenth = past | {NOW - WEEK + hour: 1 for hour in hours[::5]}
    half = past | {NOW - WEEK + hour: 1 for hour in hours}
    now = NOW + 1
    found = silence(tenth, 0, now)
    assert found is not None
    assert (found.since, found.hours, found.usual) == (now - WEEK, WEEK, 196.0)
    assert 0 < found.posts < SHARE * found.usual
    assert silence(half, 0, now) is None


def test_silence_counts_only_while_somebody_watches() -> None:
    posts = weeks(BY_DAY, 4)
    assert silence(posts, NOW - 30, NOW + 20) is not None
    assert silence(posts, NOW + 20, NOW + 20) is None
    late = silence(posts, NOW + 12, NOW + 48)
    assert late is not None
    assert late.since == NOW + 13


def test_hours_that_are_still_to_come_are_of_a_clock_that_ran_ahead() -> None:
    posts = weeks(BY_DAY, 4)
    assert silence(posts | {NOW + 5000: 100, NOW + 30: 3}, 0, NOW + 20) == silence(posts, 0, NOW + 20)


def test_swarms_count_as_what_they_are() -> None:
    """Sixty posts in four weeks are no reason to worry after three days where they came in five swarms."""
    steady = {NOW - 4 * WEEK + n * 11: 1 for n in range(61)}
    swarms = {NOW - 4 * WEEK + n * 130 + k: 4 for n in range(5) for k in range(3)}
    swarms[NOW - 10] = 1
    steady[NOW - 10] = 1
    assert silence(steady, 0, NOW + 8 * 24) is not None
    assert silence(swarms, 0, NOW + 8 * 24) is None


def test_a_source_of_a_post_a_week_is_never_called_quiet() -> None:
    posts = weeks({50: 1}, 5)
    assert [day for day in range(60) if silence(posts, 0, NOW + day * 24)] == []


def test_a_quiet_source_is_back_with_a_fifth_of_a_usual_day() -> None:
    busy = weeks(BY_DAY, 5, NOW - WEEK)  # 28 a day, and a week of silence
    assert not is_back(busy | {NOW: 5}, NOW)
    assert is_back(busy | {NOW: 6}, NOW)
    assert is_back(weeks({50: 1, 100: 1, 150: 1}, 5, NOW - WEEK) | {NOW: 1}, NOW)
    assert is_back({NOW: 1}, NOW)
    assert is_back({}, NOW)


@given(
    st.dictionaries(st.integers(-KEPT, 2 * WEEK), st.integers(1, 50), max_size=60),
    st.integers(-KEPT, WEEK),
    st.integers(0, WEEK),
    st.integers(-3, 3),
)
@settings(deadline=None)
def test_what_is_said_depends_on_the_hour_of_the_week_and_not_on_the_year(posts, watched, now, by) -> None:
    shift = by * WEEK
    moved = silence({hour + shift: n for hour, n in posts.items()}, watched + shift, now + shift)
    found = silence(posts, watched, now)
    assert (moved is None) == (found is None)
    if found is not None and moved is not None:
        assert (moved.since - shift, moved.hours, moved.posts) == (found.since, found.hours, found.posts)
        assert found.since > watched - 1
        assert found.posts <= SHARE * found.usual


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_two_simulated_years_without_a_false_alarm_and_a_stop_noticed_in_days(rhythm: str) -> None:
    choose = random.Random(rhythm)
    assert false_alarms(history(choose, 10, rhythm, 2 * 365 * 24, swarms=False)) == 0
    noticed = [delay(choose, 10, rhythm, swarms=False) for _ in range(5)]
    assert all(hours is not None and hours <= 5 * 24 for hours in noticed)
