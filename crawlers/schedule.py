"""When a source is visited next: pure functions of what the operator wrote and how the last visit went."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from schemas import Outcome

SHORTEST = timedelta(seconds=1)
"""A local simulator may be polled that often; real hosts are held back by crawl delay and quotas anyway."""
LONGEST = timedelta(days=31)
"""A source read less than once a month is a mistake in the file, not a wish."""

ADAPTIVE_SHORTEST = timedelta(minutes=2)
ADAPTIVE_LONGEST = timedelta(days=1)
ADAPTIVE_START = timedelta(minutes=15)
"""Before anything is known: about what a district newspaper needs, and three steps from the shortest interval."""
ADAPTIVE_GROWTH = 1.5
"""After a visit that found nothing. 17 quiet visits lead from 2 minutes to a day; a night costs about 9."""

RETRY_LONGEST = timedelta(hours=25)
"""A receiver's "come again later" is believed up to here: a daily quota is back within a day, and an hour of slack
covers its time zone. A Retry-After of ten years is a mistake of theirs that must not silence a source."""

PAUSE_AFTER = {
    Outcome.QUOTA: timedelta(minutes=5),
    Outcome.BLOCKED: timedelta(minutes=15),
    Outcome.GONE: timedelta(hours=1),
}
"""How long at least a source rests after such an end, when the other side named no time. Knocking every 30 seconds
at a door that has just been closed is how addresses and tokens get banned."""

_CRON_WEEK = datetime(2024, 4, 7, 12, tzinfo=UTC)
"""A week without holidays of the calendar or of summer time, for counting what a cron line names."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,9})\s*([smhd])")
_ALLOWED = (
    "Можно: промежуток (30s, 5m, 2h, 1d), строку cron из пяти полей («*/10 6-23 * * *») или adaptive "
    "(от 2 минут до суток, по тому, как часто источник действительно публикует)."
)


class ScheduleError(ValueError):
    """`every` can't be understood; the message is for the operator, in Russian."""


@dataclass(frozen=True, slots=True)
class Every:
    """At a fixed interval, counted from the start of a visit to the start of the next."""

    interval: timedelta


@dataclass(frozen=True, slots=True)
class Cron:
    """At the moments that a five-field cron line names, in the time zone of the source."""

    line: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Adaptive:
    """As often as the source publishes; see `adapted`."""


Schedule = Every | Cron | Adaptive


@dataclass(frozen=True, slots=True)
class Visit:
    """How a visit went, as far as the next one depends on it."""

    started: datetime
    finished: datetime
    outcome: Outcome
    posts: int
    """New or changed posts that it brought."""
    retry_at: datetime | None = None
    """When the other side wants to be asked again."""


@dataclass(frozen=True, slots=True)
class Next:
    due: datetime
    interval: float | None
    """Seconds; what `Adaptive` has learned and wants back at the next visit. None for the others."""


def parse(every: str, time_zone: str) -> Schedule:
    """Read the key `every` of a source.

    Raises:
        ScheduleError: with what is wrong and what is allowed, in Russian.
    """
    text = every.strip()
    if text == "adaptive":
        return Adaptive()
    if match := _DURATION.fullmatch(text):
        return _every(text, int(match[1]) * _UNITS[match[2]])
    if len(text.split()) == 5:
        return _cron(text, time_zone)
    raise ScheduleError(f"every: «{every}» не понято. {_ALLOWED}")


def _every(text: str, seconds: int) -> Every:
    if not SHORTEST.total_seconds() <= seconds <= LONGEST.total_seconds():
        raise ScheduleError(f"every: «{text}» вне пределов: от 1s до {LONGEST.days}d. {_ALLOWED}")
    return Every(timedelta(seconds=seconds))


def _cron(line: str, time_zone: str) -> Cron:
    schedule = Cron(line, time_zone)
    try:
        _next_cron(schedule, datetime(2024, 1, 1, tzinfo=UTC))  # a leap year: «29 февраля» is a moment that comes
    except (CroniterError, ValueError) as error:
        raise ScheduleError(f"every: строка cron «{line}» не понята или никогда не наступает. {_ALLOWED}") from error
    return schedule


def nominal_seconds(schedule: Schedule) -> int | None:
    """The interval by which new sources are staggered; None where there is none to speak of."""
    match schedule:
        case Every(interval):
            return int(interval.total_seconds())
        case Adaptive():
            return int(ADAPTIVE_START.total_seconds())
        case Cron():
            return None


def visits_per_day(schedule: Schedule) -> float:
    """How often a source is visited on an ordinary day; an adaptive one as often as at its start."""
    match schedule:
        case Every(interval):
            return timedelta(days=1) / interval
        case Adaptive():
            return timedelta(days=1) / ADAPTIVE_START
        case Cron():
            visits, moment = 0, _CRON_WEEK
            while (moment := _next_cron(schedule, moment)) <= _CRON_WEEK + timedelta(weeks=1):
                visits += 1
            return visits / 7


def adapted(interval: float | None, posts: int) -> float:
    """The interval, in seconds, after a visit that brought `posts` new posts at `interval` since the one before.

    Nothing new: half as long again. One post: the interval fits. More: the interval divided by their number, that is,
    the mean gap between the posts just seen, so one visit is enough to follow a sudden rise. The fixed point is about
    one new post per visit. `None` (first visit, where all is new and nothing is learned): `ADAPTIVE_START`.
    Bounded by 2 minutes and a day.
    """
    if interval is None:
        return ADAPTIVE_START.total_seconds()
    changed = interval * ADAPTIVE_GROWTH if posts == 0 else interval / posts
    return min(max(changed, ADAPTIVE_SHORTEST.total_seconds()), ADAPTIVE_LONGEST.total_seconds())


def after(schedule: Schedule, visit: Visit, interval: float | None = None) -> Next:
    """When to come again after `visit`; `interval` is what the last `Next` held.

    Never before the visit's end. A failed visit teaches nothing about how often the source publishes.
    """
    learned = interval
    match schedule:
        case Every(fixed):
            due = visit.started + fixed
        case Cron():
            due = _next_cron(schedule, visit.finished)
        case Adaptive():
            if visit.outcome in (Outcome.OK, Outcome.EMPTY):
                learned = adapted(interval, visit.posts)
            due = visit.started + timedelta(seconds=learned or ADAPTIVE_START.total_seconds())
    if visit.retry_at is not None:
        due = max(due, min(visit.retry_at, visit.finished + RETRY_LONGEST))
    elif visit.outcome in PAUSE_AFTER:
        due = max(due, visit.finished + PAUSE_AFTER[visit.outcome])
    return Next(max(due, visit.finished), learned if isinstance(schedule, Adaptive) else None)


def latest(schedule: Schedule, now: datetime) -> datetime:
    """No visit may be due later than this. A later one was planned by a clock that ran ahead and is due at once."""
    match schedule:
        case Every(interval):
            due = now + interval
        case Cron():
            due = _next_cron(schedule, now)
        case Adaptive():
            due = now + ADAPTIVE_LONGEST
    return max(due, now + RETRY_LONGEST)


def _next_cron(schedule: Cron, moment: datetime) -> datetime:
    local = moment.astimezone(ZoneInfo(schedule.time_zone))
    found: datetime = croniter(schedule.line, local).get_next(datetime)
    return found.astimezone(UTC)
