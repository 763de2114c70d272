"""Working time: which days are worked, at which hours, and how much of it lies between two instants.

Holidays and transferred days are those of the package `holidays` (the government's yearly orders). It knows a year
officially once its order is out; standing holidays of later years alone would be a guess, and are refused.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

import holidays
from holidays.countries.russia import RussiaStaticHolidays
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

OFFICIAL = frozenset(RussiaStaticHolidays.special_public_holidays)
"""Years whose order on transferred days the package has."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FRIDAY = 4
LONGEST_SEARCH = 3 * 366
"""Days to look ahead for working time: a calendar with one working hour a week has spent a 40-hour term by then."""

Interval = tuple[datetime, datetime]
Hours = tuple[time, time]


class MissingYear(ValueError):
    """The days off of this year are not known. The message is in Russian, for the operator."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"производственный календарь на {year} год неизвестен: обновите Отклик (пакет holidays) или перечислите "
            f"перенесённые дни в calendar.days_off и calendar.working_days и впишите {year} в calendar.years"
        )
        self.year = year


def parse_hours(value: Any) -> Any:
    """`09:00-18:00` as two times of day; `24:00` is the end of the day.

    Raises:
        ValueError: it is not of this form, or ends before it begins. The message is in Russian.
    """
    if not isinstance(value, str):
        return value
    try:
        begin, end = (part.strip() for part in value.split("-"))
        found = time.fromisoformat(begin), time.max if end == "24:00" else time.fromisoformat(end)
    except ValueError:
        raise ValueError(f"непонятные часы «{value}»: нужно начало и конец, например 09:00-18:00") from None
    if found[0] >= found[1]:
        raise ValueError(f"часы «{value}» кончаются раньше, чем начинаются")
    return found


WorkingHours = Annotated[Hours, BeforeValidator(parse_hours), WithJsonSchema({"type": "string"})]
OFFICE: Hours = (time(9), time(18))
"""The commonest hours of Russian authorities. The hour of lunch is not taken out: an emergency is answered then too."""


class Week(BaseModel):
    """Hours of each day of the week; a day without hours is not worked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mon: WorkingHours | None = Field(default=OFFICE, description="Понедельник.")
    tue: WorkingHours | None = Field(default=OFFICE, description="Вторник.")
    wed: WorkingHours | None = Field(default=OFFICE, description="Среда.")
    thu: WorkingHours | None = Field(default=OFFICE, description="Четверг.")
    fri: WorkingHours | None = Field(default=OFFICE, description="Пятница; её часы и у рабочей субботы.")
    sat: WorkingHours | None = Field(default=None, description="Суббота.")
    sun: WorkingHours | None = Field(default=None, description="Воскресенье.")

    def of(self, weekday: int) -> Hours | None:
        found: Hours | None = getattr(self, DAYS[weekday])
        return found


class CalendarSettings(BaseModel):
    """The section `calendar`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: Week = Field(default_factory=Week, description="Рабочие часы по дням недели: 09:00-18:00 или null.")
    days_off: frozenset[date] = Field(default=frozenset(), description="Нерабочие дни сверх общих: праздники региона.")
    working_days: frozenset[date] = Field(default=frozenset(), description="Рабочие дни, вопреки календарю.")
    years: frozenset[int] = Field(
        default=frozenset(), description="Годы, перенесённые дни которых целиком названы здесь."
    )

    @model_validator(mode="after")
    def _is_a_calendar(self) -> Self:
        if both := self.days_off & self.working_days:
            raise ValueError(f"день {min(both)} назван и рабочим, и нерабочим")
        if not any(self.hours.of(day) for day in range(5)):
            raise ValueError("рабочих часов нет ни в один день с понедельника по пятницу")
        return self


@lru_cache(maxsize=64)
def _national(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Days off and working week-ends of a year."""
    found = holidays.country_holidays("RU", years=year)
    first = date(year, 1, 1)
    every = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    extra = frozenset(day for day in every if day.weekday() > FRIDAY and found.is_working_day(day))
    return frozenset(day for day in found if day not in extra), extra


class Calendar:
    """Working time in one zone. Pure: the same answer for the same arguments.

    The hour by which a day before a holiday is shorter, and breaks for lunch, are not taken out. Lengths are of real
    time: a day on which the clock was put back has as many working hours as its working hours last.
    """

    def __init__(self, zone: ZoneInfo, settings: CalendarSettings | None = None) -> None:
        self.zone = zone
        self._settings = settings or CalendarSettings()

    def knows(self, year: int) -> bool:
        return year in OFFICIAL or year in self._settings.years

    def hours(self, day: date) -> Interval | None:
        """When this day's work begins and ends, in UTC; None where it is not worked.

        Raises:
            MissingYear
        """
        of_day = self._of(day)
        if of_day is None:
            return None
        begin, end = (datetime.combine(day, at, self.zone).astimezone(UTC) for at in of_day)
        return begin, end + timedelta(microseconds=1) if of_day[1] == time.max else end

    def _of(self, day: date) -> Hours | None:
        if not self.knows(day.year):
            raise MissingYear(day.year)
        own, week = self._settings, self._settings.hours
        days_off, extra = _national(day.year)
        if day in own.days_off:
            return None
        if day in own.working_days or day in extra:
            return week.of(day.weekday()) or week.of(FRIDAY) or next(filter(None, map(week.of, range(5))))
        return None if day in days_off else week.of(day.weekday())

    def _worked(self, start: datetime) -> Iterator[Interval]:
        """The working intervals that end after `start`, in order."""
        day = start.astimezone(self.zone).date()
        for n in range(LONGEST_SEARCH):
            found = self.hours(day + timedelta(days=n))
            if found is not None and found[1] > start:
                yield max(found[0], start), found[1]

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time between is worked; nothing where `end` is not after `start`.

        Raises:
            MissingYear
        """
        total = timedelta(0)
        if end <= start:
            return total
        for begin, until in self._worked(start):
            if begin >= end:
                break
            total += min(until, end) - begin
        return total

    def add_time(self, start: datetime, worked: timedelta) -> datetime:
        """The first instant by which so much working time has passed since `start`; `start` itself for nothing.

        Raises:
            MissingYear
        """
        if worked <= timedelta(0):
            return start
        for begin, until in self._worked(start):
            if until - begin >= worked:
                return begin + worked
            worked -= until - begin
        raise ValueError("the calendar has too little working time for this term")

    def add_days(self, start: datetime, days: int) -> datetime:
        """The end of work on the so-many-th working day after the day of `start`, which itself does not count.

        Raises:
            MissingYear
        """
        day = start.astimezone(self.zone).date()
        for n in range(1, LONGEST_SEARCH):
            found = self.hours(day + timedelta(days=n))
            if found is not None:
                days -= 1
                if days == 0:
                    return found[1]
        raise ValueError("the calendar has too few working days for this term")
