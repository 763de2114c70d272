"""How a term is written: `30m`, `24h`, `10d` by the clock, `8wh` in working hours, `3wd` in working days."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from incidents.calendar import Calendar

Unit = Literal["m", "h", "d", "wh", "wd"]
_CLOCK = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_SPAN = re.compile(r"(\d{1,6})(m|h|d|wh|wd)")
MOST: dict[str, int] = {"m": 527_040, "h": 8784, "d": 366, "wh": 2000, "wd": 250}
"""A year in each unit: a longer term is a slip of the keyboard; the longest in law is 30 days."""


@dataclass(frozen=True, slots=True)
class Span:
    count: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def working(self) -> bool:
        """It runs in working time only."""
        return self.unit.startswith("w")

    def after(self, start: datetime, calendar: Calendar) -> datetime:
        """When it is over that began at `start`.

        Raises:
            MissingYear: it reaches into a year whose days off are not known.
        """
        if self.unit == "wd":
            return calendar.add_days(start, self.count)
        if self.unit == "wh":
            return calendar.add_time(start, timedelta(hours=self.count))
        return start + self.count * _CLOCK[self.unit]


def parse_span(value: Any) -> Span:
    """A term as it is written in the file.

    Raises:
        ValueError: it is not of this form, is nothing, or more than a year. The message is in Russian.
    """
    if isinstance(value, Span):
        return value
    if isinstance(value, timedelta):
        value = f"{value // _CLOCK['m']}m"
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            f"непонятный срок «{value}»: нужно число и m (минуты), h (часы), d (дни), wh (рабочие часы) "
            "или wd (рабочие дни), например 24h"
        )
    count, unit = int(match[1]), match[2]
    if not 0 < count <= MOST[unit]:
        raise ValueError(f"срок «{value}» не подходит: он должен быть больше нуля и не больше {MOST[unit]}{unit}")
    return Span(count, unit)  # type: ignore[arg-type]  # the pattern allows no other


Written = Annotated[
    Span, BeforeValidator(parse_span), WithJsonSchema({"type": "string", "pattern": r"^\d{1,6}(m|h|d|wh|wd)$"})
]
