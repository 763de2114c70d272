"""How a source stands over several visits: pure functions of where it stood and how a visit ended.

The table of what counts as failing, and why, is in docs/source-health.md.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from schemas import Health, Outcome, SourceHealth, SourceStatus
from store.quiet import Silence

GOOD = (Outcome.OK, Outcome.EMPTY)
AT_ONCE = ((2, timedelta()),)
HOLDS: dict[Outcome, tuple[tuple[int, timedelta], ...]] = {
    # Does not pass by itself, and the crawler rests 15 minutes to an hour before the second look (`PAUSE_AFTER`), which
    # is longer than a site takes to deploy its new version.
    Outcome.BLOCKED: AT_ONCE,
    Outcome.GONE: AT_ONCE,
    Outcome.CHANGED: AT_ONCE,
    # Restarts and short outages of a site end within ten minutes; a source visited once a day is told of at its second
    # failure and not at its third, two days later.
    Outcome.BROKEN: ((3, timedelta(minutes=10)), (2, timedelta(hours=2))),
    # Limits come back by themselves. Where they have not after six hours, posts of the day are missing.
    Outcome.QUOTA: ((2, timedelta(hours=6)),),
}
"""By the outcome of the last visit: bad visits in a row, and time since the first of them, from which on a person must
know. Either line is enough. One bad visit never is."""

SLACK = timedelta(hours=1)
"""By which a visit may be late, beyond twice its interval, before the time without visits counts as unwatched."""
UNKNOWN_INTERVAL = timedelta(days=1)
"""Of a cron line: most name at least one moment a day."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LOOK = "Откройте источник и проверьте, что он ещё ведётся. Если он переехал, исправьте адрес в настройках"


@dataclass(frozen=True, slots=True)
class Standing:
    health: Health = Health.HEALTHY
    since: datetime | None = None
    """When that began; None: from the first day on."""
    changes: int = 0
    """How often the health has changed: the number of the last event."""
    bad_visits: int = 0
    """In a row, up to now."""
    bad_since: datetime | None = None
    """The first of them."""
    good: datetime | None = None
    """The last good visit."""
    watched: datetime | None = None
    """The good visit since which no gap between two good ones was longer than the interval explains."""
    reason: str | None = None
    action: str | None = None
    """Of the health, where that is not what the last visit said: for a quiet source."""


def hour_of(moment: datetime) -> int:
    """Hours since 1970-01-01T00:00Z."""
    return (moment - EPOCH) // timedelta(hours=1)


class Judge(Protocol):
    """The past of a source, asked only where it matters."""

    def silence(self, watched: int, now: int) -> Silence | None:
        """See `store.quiet.silence`."""

    def is_back(self, now: int) -> bool:
        """See `store.quiet.is_back`."""


def after(before: Standing, visit: SourceHealth, new_posts: int, interval: float | None, judge: Judge) -> Standing:
    """Where the source stands once the visit has ended. `interval` is the planned one in seconds."""
    if visit.outcome not in GOOD:
        return _after_bad(before, visit)
    standing = _watched(before, visit, interval)
    assert standing.watched is not None
    now = hour_of(visit.finished)
    if before.health is Health.QUIET:
        # Without a new post it stays so: its past fades from memory, which must not make it healthy.
        return _changed(standing, Health.HEALTHY, visit.finished) if new_posts and judge.is_back(now) else standing
    found = None if new_posts else judge.silence(hour_of(standing.watched), now)
    if found is None:
        return _changed(standing, Health.HEALTHY, visit.finished)
    return _changed(standing, Health.QUIET, EPOCH + timedelta(hours=found.since), _reason(found), LOOK)


def status(source: str, standing: Standing, visit: SourceHealth, before: Standing) -> SourceStatus:
    """What is told of the change from `before` to `standing`, which `visit` brought about."""
    assert standing.since is not None
    reason = standing.reason or visit.reason
    if standing.health is Health.HEALTHY:
        reason = "снова приходят публикации" if before.health is Health.QUIET else "источник снова отвечает"
    return SourceStatus(
        source=source,
        kind=visit.kind,
        health=standing.health,
        since=standing.since,
        outcome=visit.outcome,
        reason=reason,
        action=None if standing.health is Health.HEALTHY else standing.action or visit.action,
    )


def _after_bad(before: Standing, visit: SourceHealth) -> Standing:
    # The earlier one: a clock set back must not make the trouble begin in the future.
    since = min(before.bad_since or visit.started, visit.started)
    standing = replace(before, bad_visits=before.bad_visits + 1, bad_since=since)
    age = visit.finished - since
    holds = any(standing.bad_visits >= visits and age >= least for visits, least in HOLDS[visit.outcome])
    return _changed(standing, Health.FAILING, since) if holds else standing


def _watched(before: Standing, visit: SourceHealth, interval: float | None) -> Standing:
    planned = UNKNOWN_INTERVAL if interval is None else timedelta(seconds=interval)
    goes_on = before.good is not None and timedelta() <= visit.finished - before.good <= 2 * planned + SLACK
    return replace(
        before,
        bad_visits=0,
        bad_since=None,
        good=visit.finished,
        watched=before.watched if goes_on and before.watched is not None else visit.finished,
    )


def _changed(
    standing: Standing, health: Health, since: datetime, reason: str | None = None, action: str | None = None
) -> Standing:
    if health is standing.health:
        return standing
    return replace(standing, health=health, since=since, changes=standing.changes + 1, reason=reason, action=action)


def _reason(found: Silence) -> str:
    days, hours = divmod(found.hours, 24)
    span = f"{days} д" if days >= 3 else f"{found.hours} ч"
    if days >= 3 and hours >= 12:
        span = f"{days + 1} д"
    seen = f"новых публикаций: {found.posts}" if found.posts else "нет новых публикаций"
    return f"за {span} {seen}, обычно за такое время их около {found.usual:.0f}"
