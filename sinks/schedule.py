"""When a scheduled sink is due: five fields of cron, by the region's clock."""

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter
from pydantic import AfterValidator

EVERY_MORNING = "0 8 * * *"


def _schedule(line: str) -> str:
    if len(line.split()) != 5 or not croniter.is_valid(line):
        raise ValueError(
            f"«{line}» — не расписание: нужны пять полей cron, например «0 8 * * 1-5» (по будням в 8:00, время региона)"
        )
    return line


Schedule = Annotated[str, AfterValidator(_schedule)]
"""Five fields of cron, by the region's clock."""


def last_due(schedule: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The last moment of the schedule that is not after `now`; None where it names none in the last 50 years."""
    try:
        # It looks strictly before the time it is given.
        found: datetime = croniter(schedule, now.astimezone(zone) + timedelta(microseconds=1)).get_prev(datetime)
    except CroniterError:
        return None
    return found
