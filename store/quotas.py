"""Calls per second and per day that others allow: counted in the database, so shared by all processes and kept over
a restart, and checked before a call instead of after a refusal."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from store.engine import Store
from store.sql import upsert
from store.tables import quotas

WINDOW = timedelta(seconds=1.05)
"""Within which `per_second` calls may start. Not 1 s: calls granted a second apart reach the other side with the
network's jitter. Five per cent of the rate buy 50 ms of it."""

DAY = timedelta(days=1)

BUCKET = timedelta(minutes=15)
"""How finely calls of the last day are counted. The day is a sliding one, since nobody publishes when theirs begins; a
bucket counts until all of it is a day old, which costs at most 15 minutes, 1 %, of the daily quota."""

ALL_METHODS = ""
"""The row that paces a token: calls per second are allowed to a token, calls per day to each of its methods."""


class Quotas:
    """Every method may raise StoreError. A service's `token_hash` stands for a token or account, never the token."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, service: str, method: str, token_hash: str, per_second: int, per_day: int | None) -> datetime | None:
        """The instant at which one call may be sent, now or a little later; it counts as made then.

        No sliding second holds more than `per_second` grants of the token, whatever the methods; no sliding day more
        than `per_day` of the method. None where the day's quota is used up: nothing is counted, `free_at` says when.
        """
        now = self._store.now()
        with self._store.transaction() as conn:
            pace = _row(conn, service, ALL_METHODS, token_hash)
            used = _row(conn, service, method, token_hash)
            at = earliest(_times(pace.recent), now, per_second)
            if per_day is not None and day_free_at(used.day, at, per_day) > at:
                return None
            recent = [*_times(pace.recent), at][-per_second:]
            _store(conn, service, ALL_METHODS, token_hash, recent=[time.timestamp() for time in recent])
            _store(conn, service, method, token_hash, day=count(used.day, at))
        return at

    def free_at(self, service: str, method: str, token_hash: str, per_day: int) -> datetime:
        """When the daily quota next allows a call: now, or later."""
        now = self._store.now()
        return day_free_at(self._day(service, method, token_hash), now, per_day)

    def used_today(self, service: str, method: str, token_hash: str) -> int:
        """Calls that count against the daily quota now."""
        return sum(_live(self._day(service, method, token_hash), self._store.now()).values())

    def _day(self, service: str, method: str, token: str) -> dict[str, int]:
        with self._store.reading() as conn:
            found: dict[str, int] | None = conn.execute(
                select(quotas.c.day).where(_is(service, method, token))
            ).scalar()
        return found or {}


def earliest(recent: Sequence[datetime], now: datetime, per_second: int) -> datetime:
    """When the next call may start, given the last grants in ascending order."""
    if not recent:
        return now
    at = max(now, recent[-1])  # grants are in order, also when some lie ahead
    return max(at, recent[-per_second] + WINDOW) if len(recent) >= per_second else at


def day_free_at(day: dict[str, int], now: datetime, per_day: int) -> datetime:
    """When fewer than `per_day` calls lie within the sliding day. `day` maps a bucket's number to its calls."""
    live = sorted(_live(day, now).items())
    excess = sum(calls for _, calls in live) - per_day
    for bucket, calls in live:
        if excess < 0:
            break
        excess -= calls
        now = _expires(bucket)
    return now


def count(day: dict[str, int], at: datetime) -> dict[str, int]:
    """`day` with one more call, without the buckets that count no longer."""
    live = _live(day, at)
    bucket = int(at.timestamp() // BUCKET.total_seconds())
    live[bucket] = live.get(bucket, 0) + 1
    return {str(number): calls for number, calls in live.items()}


def _live(day: dict[str, int], now: datetime) -> dict[int, int]:
    return {int(bucket): calls for bucket, calls in day.items() if _expires(int(bucket)) > now}


def _expires(bucket: int) -> datetime:
    return datetime.fromtimestamp((bucket + 1) * BUCKET.total_seconds(), UTC) + DAY


def _times(recent: Sequence[float]) -> list[datetime]:
    return [datetime.fromtimestamp(stamp, UTC) for stamp in recent]


def _is(service: str, method: str, token: str) -> Any:
    return (quotas.c.service == service) & (quotas.c.method == method) & (quotas.c.token == token)


def _row(conn: Connection, service: str, method: str, token: str) -> Any:
    """The row, made if missing, locked until the transaction ends."""
    key = {"service": service, "method": method, "token": token}
    conn.execute(upsert(conn, quotas).values(**key, recent=[], day={}).on_conflict_do_nothing())
    return conn.execute(select(quotas).where(_is(service, method, token)).with_for_update()).one()


def _store(conn: Connection, service: str, method: str, token: str, **values: Any) -> None:
    conn.execute(update(quotas).where(_is(service, method, token)).values(values))
