"""Working time on awkward days. Days off as the government's orders have them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from incidents.calendar import OFFICE, Calendar, CalendarSettings, MissingYear
from incidents.config import Term
from incidents.deadlines import due
from incidents.terms import parse_span

MOSCOW = ZoneInfo("Europe/Moscow")
CALENDAR = Calendar(MOSCOW)


def at(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2024-04-27", True),  # Saturday, for Monday 29 April
        ("2024-04-29", False),
        ("2024-11-02", True),  # Saturday
        ("2024-12-28", True),
        ("2024-12-31", False),
        ("2025-11-01", True),
        ("2025-11-03", False),
        ("2025-12-31", False),
        ("2026-01-09", False),
        ("2026-01-12", True),
        ("2023-11-06", False),  # Monday, since 4 November was a Saturday
        ("2023-12-31", False),
        ("2024-06-12", False),
    ],
)
def test_days(day: str, worked: bool) -> None:
    assert (CALENDAR.hours(date.fromisoformat(day)) is not None) is worked


@pytest.mark.parametrize(
    ("written", "registered", "expected"),
    [
        ("8wh", "2024-04-26T15:00", "2024-04-27T14:00"),  # Friday evening, and Saturday is worked
        ("8wh", "2024-03-15T17:00", "2024-03-18T16:00"),  # Friday evening
        ("9wh", "2024-03-18T00:00", "2024-03-18T18:00"),  # midnight: the end of the day, not the next morning
        ("1wh", "2024-03-18T20:00", "2024-03-19T10:00"),  # after work
        ("1wh", "2024-03-16T12:00", "2024-03-18T10:00"),  # Saturday
        ("3wd", "2024-03-15T23:59", "2024-03-20T18:00"),
        ("3wd", "2024-03-16T00:00", "2024-03-20T18:00"),
        ("1wd", "2024-11-01T12:00", "2024-11-02T18:00"),
        ("1wd", "2024-11-02T12:00", "2024-11-05T18:00"),  # a holiday on Monday
        ("1wd", "2025-12-30T12:00", "2026-01-12T18:00"),  # over the New Year
        ("10wh", "2023-12-29T17:00", "2024-01-09T18:00"),
        ("24h", "2025-12-31T12:00", "2026-01-01T12:00"),
        ("2h", "2014-10-26T00:30", "2014-10-26T01:30"),  # at 2 the clock was put back to 1 for good
    ],
)
def test_terms(written: str, registered: str, expected: str) -> None:
    found = parse_span(written).after(at(registered).astimezone(UTC), CALENDAR)
    assert found == at(expected).replace(fold=1).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "day", "offset"),
    [
        ("Europe/Moscow", "2010-12-01", 3),
        ("Europe/Moscow", "2011-12-01", 4),  # "summer for good"
        ("Europe/Moscow", "2014-12-01", 3),  # "winter for good"
        ("Europe/Astrakhan", "2016-02-01", 3),
        ("Europe/Astrakhan", "2016-12-01", 4),  # Astrakhan moved on in March 2016
        ("Europe/Volgograd", "2021-02-01", 3),
    ],
)
def test_hours_follow_the_history_of_the_zone(zone: str, day: str, offset: int) -> None:
    interval = Calendar(ZoneInfo(zone)).hours(date.fromisoformat(day))
    assert interval is not None or zone == "Europe/Volgograd"
    if interval is not None:
        assert interval[0].hour == 9 - offset


def test_hours_of_a_shorter_friday_and_of_the_saturday_worked_for_it() -> None:
    settings = CalendarSettings.model_validate({"hours": {"fri": "09:00-16:45"}})
    calendar = Calendar(MOSCOW, settings)
    for day in ("2024-04-26", "2024-04-27"):
        interval = calendar.hours(date.fromisoformat(day))
        assert interval is not None
        assert interval[1] == at(f"{day}T16:45")


def test_a_regional_holiday_and_a_day_worked_after_all() -> None:
    settings = CalendarSettings.model_validate(
        {"days_off": ["2025-10-11", "2025-10-13"], "working_days": ["2025-05-02"]}
    )
    calendar = Calendar(ZoneInfo("Asia/Yekaterinburg"), settings)
    assert calendar.hours(date(2025, 10, 13)) is None
    assert calendar.hours(date(2025, 5, 2)) is not None
    assert CALENDAR.hours(date(2025, 5, 2)) is None


def test_a_year_that_is_not_known_is_refused_unless_the_file_vouches_for_it() -> None:
    with pytest.raises(MissingYear) as caught:
        CALENDAR.hours(date(2050, 3, 1))
    assert str(caught.value) == (
        "производственный календарь на 2050 год неизвестен: обновите Отклик (пакет holidays) или перечислите "
        "перенесённые дни в calendar.days_off и calendar.working_days и впишите 2050 в calendar.years"
    )
    assert Calendar(MOSCOW, CalendarSettings(years=frozenset([2050]))).hours(date(2050, 3, 1)) is not None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"hours": {"mon": "18:00-09:00"}}, "часы «18:00-09:00» кончаются раньше, чем начинаются"),
        ({"hours": {"mon": "9 до 6"}}, "непонятные часы «9 до 6»: нужно начало и конец, например 09:00-18:00"),
        ({"days_off": ["2026-02-02"], "working_days": ["2026-02-02"]}, "день 2026-02-02 назван и рабочим, и нерабочим"),
        (
            {"hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"))},
            "рабочих часов нет ни в один день с понедельника по пятницу",
        ),
    ],
)
def test_bad_calendars(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CalendarSettings.model_validate(values)
    assert caught.value.errors()[0]["msg"] == f"Value error, {said}"


@pytest.mark.parametrize("written", ["0h", "0wd", "0wh", "251wd"])
def test_a_term_of_nothing_or_of_more_than_a_year_is_a_mistake(written: str) -> None:
    with pytest.raises(ValueError, match="должен быть больше нуля"):
        parse_span(written)


moments = st.datetimes(datetime(2024, 1, 1), datetime(2025, 12, 1), timezones=st.just(UTC))
spans = st.builds(
    lambda count, unit: parse_span(f"{count}{unit}"), st.integers(1, 60), st.sampled_from(["h", "d", "wh", "wd"])
)


@given(spans, moments, moments)
def test_who_is_registered_later_is_due_no_earlier(span, one, other) -> None:
    first, second = sorted((one, other))
    assert span.after(first, CALENDAR) <= span.after(second, CALENDAR)
    assert span.after(first, CALENDAR) > first


@given(spans, moments, st.integers(0, 400), st.integers(0, 400))
def test_a_pause_puts_off_by_exactly_its_own_time(span, registered, after, length) -> None:
    begin = registered + timedelta(hours=after)
    pause = (begin, begin + timedelta(hours=length))
    term = Term(answer=span)
    plain, paused = (due(term, registered, CALENDAR, pauses).answer for pauses in ((), (pause,)))
    if begin >= plain:
        assert paused == plain
    elif span.working:
        assert CALENDAR.working_time(plain, paused) == CALENDAR.working_time(*pause)
    else:
        assert paused - plain == timedelta(hours=length)


@given(spans, spans, moments)
def test_the_answer_is_never_due_after_the_solution(answer, solution, registered) -> None:
    if answer.unit == solution.unit and answer.count > solution.count:
        answer, solution = solution, answer
    found = due(Term(answer=answer, solution=solution), registered, CALENDAR)
    assert found.solution is not None
    assert found.answer <= found.solution


@given(moments, st.integers(1, 200))
def test_what_is_added_is_what_is_counted(start, hours) -> None:
    end = CALENDAR.add_time(start, timedelta(hours=hours))
    assert CALENDAR.working_time(start, end) == timedelta(hours=hours)
    assert OFFICE[0] < end.astimezone(MOSCOW).time() <= OFFICE[1]
