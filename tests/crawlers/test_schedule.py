from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers import schedule
from crawlers.schedule import Adaptive, Cron, Every, ScheduleError, Visit, adapted, after, latest, parse
from schemas import Outcome

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZONE = "Asia/Yekaterinburg"
DAY = 86400.0
ALLOWED = (
    "Можно: промежуток (30s, 5m, 2h, 1d), строку cron из пяти полей («*/10 6-23 * * *») или adaptive "
    "(от 2 минут до суток, по тому, как часто источник действительно публикует)."
)
moments = st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
schedules = st.sampled_from(
    [Every(timedelta(seconds=30)), Every(timedelta(days=3)), Cron("*/10 6-23 * * *", ZONE), Adaptive()]
)


def visit(outcome: Outcome = Outcome.OK, posts: int = 0, retry_at: datetime | None = None) -> Visit:
    return Visit(NOW, NOW + timedelta(seconds=4), outcome, posts, retry_at)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", Every(timedelta(seconds=30))),
        ("5m", Every(timedelta(minutes=5))),
        (" 2h ", Every(timedelta(hours=2))),
        ("1d", Every(timedelta(days=1))),
        ("adaptive", Adaptive()),
        ("*/10 6-23 * * *", Cron("*/10 6-23 * * *", ZONE)),
        ("0 9 29 2 *", Cron("0 9 29 2 *", ZONE)),
    ],
)
def test_parse_understands_what_the_documentation_promises(text: str, expected: schedule.Schedule) -> None:
    assert parse(text, ZONE) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5 минут", f"every: «5 минут» не понято. {ALLOWED}"),
        ("", f"every: «» не понято. {ALLOWED}"),
        ("* * * * * *", f"every: «* * * * * *» не понято. {ALLOWED}"),
        ("0m", f"every: «0m» вне пределов: от 1s до 31d. {ALLOWED}"),
        ("32d", f"every: «32d» вне пределов: от 1s до 31d. {ALLOWED}"),
        ("0 25 * * *", f"every: строка cron «0 25 * * *» не понята или никогда не наступает. {ALLOWED}"),
        ("0 0 30 2 *", f"every: строка cron «0 0 30 2 *» не понята или никогда не наступает. {ALLOWED}"),
    ],
)
def test_a_wrong_interval_is_refused_with_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(text, ZONE)
    assert str(caught.value) == message


def test_a_fixed_interval_counts_from_start_to_start() -> None:
    assert after(Every(timedelta(minutes=5)), visit()) == schedule.Next(NOW + timedelta(minutes=5), None)


def test_a_visit_longer_than_its_interval_is_followed_at_once() -> None:
    long = Visit(NOW, NOW + timedelta(minutes=7), Outcome.OK, 3)
    assert after(Every(timedelta(minutes=5)), long).due == long.finished


def test_cron_means_the_time_zone_of_the_source() -> None:
    # 12:00 UTC is 17:00 in Chelyabinsk; the last visit of the day is at 23:50 there.
    evening = Visit(NOW, datetime(2026, 3, 2, 18, 51, tzinfo=UTC), Outcome.OK, 1)
    assert after(Cron("*/10 6-23 * * *", ZONE), evening).due == datetime(2026, 3, 3, 1, 0, tzinfo=UTC)


def test_the_adaptive_interval_grows_in_silence_and_follows_a_rise_in_one_visit() -> None:
    interval = adapted(None, 20)
    assert interval == 900
    for _ in range(20):
        interval = adapted(interval, 0)
    assert interval == DAY
    assert adapted(interval, 24) == 3600
    assert adapted(adapted(interval, 24), 60) == 120
    assert adapted(600, 1) == 600


@given(st.one_of(st.none(), st.floats(120, DAY)), st.integers(0, 10_000))
def test_the_adaptive_interval_stays_within_two_minutes_and_a_day(interval: float | None, posts: int) -> None:
    assert 120 <= adapted(interval, posts) <= DAY


@given(st.floats(120, DAY), st.integers(0, 1000), st.integers(0, 1000))
def test_more_posts_never_lengthen_the_adaptive_interval(interval: float, one: int, other: int) -> None:
    assert adapted(interval, max(one, other)) <= adapted(interval, min(one, other))


def test_a_failure_teaches_nothing_about_activity() -> None:
    failed = after(Adaptive(), visit(Outcome.BROKEN), interval=300.0)
    assert failed == schedule.Next(NOW + timedelta(seconds=300), 300.0)


@pytest.mark.parametrize(
    ("outcome", "pause"),
    [(Outcome.QUOTA, 5), (Outcome.BLOCKED, 15), (Outcome.GONE, 60)],
)
def test_a_closed_door_is_not_knocked_at_every_second(outcome: Outcome, pause: int) -> None:
    assert after(Every(timedelta(seconds=1)), visit(outcome)).due == visit().finished + timedelta(minutes=pause)


def test_a_named_time_is_obeyed_up_to_a_day_and_an_hour() -> None:
    named = NOW + timedelta(hours=9)
    assert after(Every(timedelta(minutes=5)), visit(Outcome.QUOTA, retry_at=named)).due == named
    endless = visit(Outcome.QUOTA, retry_at=NOW + timedelta(days=3650))
    assert after(Every(timedelta(minutes=5)), endless).due == endless.finished + timedelta(hours=25)


@given(schedules, moments, st.floats(0, 7200), st.sampled_from(Outcome), st.integers(0, 500))
def test_the_next_visit_is_never_past_and_never_later_than_the_latest(
    planned: schedule.Schedule, started: datetime, seconds: float, outcome: Outcome, posts: int
) -> None:
    finished = started + timedelta(seconds=seconds)
    result = after(planned, Visit(started, finished, outcome, posts), 600.0 if planned == Adaptive() else None)
    assert finished <= result.due <= latest(planned, finished)


def test_new_sources_are_staggered_by_their_interval() -> None:
    assert schedule.nominal_seconds(parse("5m", ZONE)) == 300
    assert schedule.nominal_seconds(parse("adaptive", ZONE)) == 900
    assert schedule.nominal_seconds(parse("0 9 * * *", ZONE)) is None
