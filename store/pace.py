"""When a call may be sent, from what was sent before: pure functions behind `store.quotas`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(seconds=1.08)
"""Within which no more than the second's calls are granted. Not 1 s: a call may be sent up to `LATE` after its moment,
and reaches the other side after the network's jitter. What is left for that is 50 ms. Costs 7.4 % of the rate."""

LATE = timedelta(milliseconds=30)
"""How long after its moment a granted call may still be sent; later, the caller gives the grant back for another. Many
times what a thread needs to wake up on a machine that is not overloaded."""

AHEAD = timedelta(seconds=30)
"""Grants reach no further ahead. What lies further ahead in the ledger was written by a clock that ran ahead, and is
taken for something that happened just now. So a clock set back costs 30 s of waiting at most."""

DAY = timedelta(days=1)

BUCKET = timedelta(minutes=15)
"""How finely calls of the last day are counted. The day is a sliding one, since nobody publishes when theirs begins; a
bucket counts until all of it is a day old, which costs at most 15 minutes, 1 %, of the daily quota."""


RESERVE = 0.3
"""The share of a second's and of a day's calls that work which can wait leaves to the others: on a token that ordinary
visits use up to a third they notice nothing; on a fuller one the ledger has counted what they use before."""


def spare(limit: int) -> int:
    """What work that can wait may use of `limit`: without `RESERVE`, and 1 at least."""
    return max(int(limit * (1 - RESERVE)), 1)


def recent(grants: Sequence[datetime], now: datetime) -> list[datetime]:
    """The grants that still bear upon the pace, in order."""
    believed = (now if at > now + AHEAD + WINDOW else at for at in grants)
    return sorted(at for at in believed if at > now - WINDOW)


def earliest(grants: Sequence[datetime], now: datetime, per_second: int) -> datetime:
    """When the next call may be sent: after the grants before it, and `WINDOW` after all but the last of a second.

    `grants` are `recent` ones. Given in this order, no stretch of less than `WINDOW` holds more than `per_second`.
    """
    at = max([now, *grants[-1:]])
    return max(at, grants[-per_second] + WINDOW) if len(grants) >= per_second else at


def live(day: Mapping[str, int], now: datetime) -> dict[int, int]:
    """Calls that count against the day, by the number of their bucket; those of a clock that ran ahead count as made
    now."""
    found: dict[int, int] = {}
    latest = _bucket(now + AHEAD)
    for name, calls in day.items():
        number = int(name)
        if number > latest:
            number = _bucket(now)
        if expires(number) > now:
            found[number] = found.get(number, 0) + calls
    return found


def day_free_at(day: Mapping[str, int], now: datetime, per_day: int) -> datetime:
    """When fewer than `per_day` calls lie within the sliding day. `day` maps a bucket's number to its calls."""
    buckets = sorted(live(day, now).items())
    excess = sum(calls for _, calls in buckets) - per_day
    for bucket, calls in buckets:
        if excess < 0:
            break
        excess -= calls
        now = expires(bucket)
    return now


def counted(day: Mapping[str, int], now: datetime, at: datetime, calls: int = 1) -> dict[str, int]:
    """`day` with a call at `at` more (or, with -1, less), without the buckets that count no longer."""
    found = live(day, now)
    bucket = _bucket(at)
    found[bucket] = found.get(bucket, 0) + calls
    return {str(number): calls for number, calls in found.items() if calls > 0}


def expires(bucket: int) -> datetime:
    """When the calls of a bucket count no longer."""
    return datetime.fromtimestamp((bucket + 1) * BUCKET.total_seconds(), UTC) + DAY


def from_ahead(since: datetime, now: datetime) -> bool:
    """Whether what was written at `since` was written by a clock that ran ahead."""
    return since > now + AHEAD


def day_from_ahead(day: Mapping[str, int], now: datetime) -> bool:
    """The same for the calls of a day."""
    return any(int(number) > _bucket(now + AHEAD) for number in day)


def _bucket(at: datetime) -> int:
    return int(at.timestamp() // BUCKET.total_seconds())
