"""The ledger of calls that others allow: per second and per day, flood waits, names looked up once.

Kept in the database, so shared by all processes on all machines and outliving them; asked before a call instead of
learning from a refusal. See docs/quotas.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, select, update

from store.engine import Store
from store.pace import AHEAD, WINDOW, counted, day_free_at, day_from_ahead, earliest, from_ahead, live, recent, spare
from store.sql import among, upsert
from store.tables import quotas, resolved

ALL_METHODS = ""
"""The row that paces a token: calls per second are allowed to a token, calls per day to each of its methods."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a token may do. `token` is a hash, never the token itself."""

    token: str
    per_second: int
    per_day: int | None = None
    """Calls of the method asked for; None where no limit is known."""
    behind: bool = False
    """For work that can wait, a back-fill: it takes no turn ahead of time, so nobody waits behind it, and it leaves
    `store.pace.RESERVE` of each second and of each day to the others."""


class Why(StrEnum):
    """What a caller waits for."""

    PACE = "pace"
    """The token's second. Ungranted only where the queue is longer than `store.pace.AHEAD`."""
    DAY = "day"
    """The method's calls of a day are used up."""
    BLOCKED = "blocked"
    """The other side has told the token to wait."""


@dataclass(frozen=True, slots=True)
class Turn:
    """`granted`: the call is counted and is to be sent at `at`, up to `store.pace.LATE` later.

    Otherwise nothing is counted, and `at` is when it makes sense to ask again.
    """

    token: str
    at: datetime
    granted: bool
    why: Why = Why.PACE
    reason: str = ""
    """In Russian, as it was given to `block`."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a name stands for: an id, and what Telegram wants to see beside it."""

    id: int
    access_hash: int | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """A row of the ledger. `method` is `ALL_METHODS` for what concerns the token as a whole."""

    service: str
    method: str
    token: str
    used: int
    """Calls that count against the day."""
    day: Mapping[str, int]
    """For `store.pace.day_free_at`."""
    blocked_until: datetime | None
    reason: str | None
    slow_until: datetime | None


class Quotas:
    """Every method may raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        """A turn for one call, with whichever of the tokens is free first; of several that are, the first named.

        No `store.pace.WINDOW` holds more than `per_second` grants of a token, whatever the methods; no sliding day more
        than `per_day` of the method. `unused` is a turn of this method that came to nothing and is taken back.

        One transaction; it writes only where it grants or takes back.
        """
        with self._store.transaction() as conn:
            tokens = {one.token for one in allowances} | ({unused.token} if unused else set())
            rows = self._rows(conn, service, method, tokens)
            now = self._store.now()  # not before: the wait for the lock must not make the turn stale
            for row in rows.values():
                row.settle(now)
            if unused is not None and unused.granted:
                _give_back(rows, method, unused, now)
            best = min((_turn(rows, method, one, now) for one in allowances), key=_preference)
            if best.granted:
                pace, calls = rows[best.token, ALL_METHODS], rows[best.token, method]
                pace.change(recent=[at.timestamp() for at in [*recent(pace.grants, now), best.at]])
                calls.change(day=counted(calls.day, now, best.at))
            for (token, name), row in rows.items():
                if row.changed:
                    conn.execute(update(quotas).where(_is(service, name, token)).values(row.changed))
        return best

    def block(self, service: str, token: str, until: datetime, reason: str, method: str = ALL_METHODS) -> None:
        """Grant the token, or one method of it, nothing before `until`. A later end that stands already is kept.

        `reason` is for operators, in Russian.
        """
        with self._store.transaction() as conn:
            now = self._store.now()
            row = self._rows(conn, service, method, {token})[token, method]
            if row.blocked(now) < until:
                change = {"blocked_since": now, "blocked_until": until, "reason": reason}
                conn.execute(update(quotas).where(_is(service, method, token)).values(change))

    def slow(self, service: str, token: str, until: datetime) -> None:
        """Halve the token's pace until `until`, and leave out a second now: somebody else uses the token as well."""
        with self._store.transaction() as conn:
            now = self._store.now()
            row = self._rows(conn, service, ALL_METHODS, {token})[token, ALL_METHODS]
            change: dict[str, Any] = {"slow_since": now, "slow_until": max(until, row.slow(now))}
            if row.blocked(now) < now + WINDOW:
                change |= {"blocked_since": now, "blocked_until": now + WINDOW, "reason": "слишком частые вызовы"}
            conn.execute(update(quotas).where(_is(service, ALL_METHODS, token)).values(change))

    def resolved(self, service: str, token: str, name: str) -> Resolved | None:
        """What the name was found to stand for, if that is known and not too old."""
        query = select(resolved).where(_named(service, token, name), resolved.c.expires > self._store.now())
        with self._store.reading() as conn:
            row = conn.execute(query).one_or_none()
        return None if row is None else Resolved(row.id, row.access_hash)

    def remember(self, service: str, token: str, name: str, found: Resolved, until: datetime) -> None:
        """Keep what the name stands for until `until`. `token` is "" where all tokens see the same id."""
        values = {"id": found.id, "access_hash": found.access_hash, "expires": until}
        key = {"service": service, "token": token, "name": name}
        with self._store.transaction() as conn:
            conn.execute(
                upsert(conn, resolved)
                .values(**key, **values)
                .on_conflict_do_update(index_elements=["service", "token", "name"], set_=values)
            )

    def forget(self, service: str, token: str, name: str) -> None:
        """The name stands for something else now."""
        with self._store.transaction() as conn:
            conn.execute(delete(resolved).where(_named(service, token, name)))

    def balances(self) -> list[Balance]:
        """All that was ever counted, by service, token and method."""
        now = self._store.now()
        query = select(quotas).order_by(quotas.c.service, quotas.c.token, quotas.c.method)
        with self._store.reading() as conn:
            rows = [(row, _Row(row)) for row in conn.execute(query)]
        for _, settled in rows:
            settled.settle(now)
        return [
            Balance(
                service=row.service,
                method=row.method,
                token=row.token,
                used=sum(live(settled.day, now).values()),
                day=settled.day,
                blocked_until=_ahead(settled.blocked(now), now),
                reason=row.reason if settled.blocked(now) > now else None,
                slow_until=_ahead(settled.slow(now), now),
            )
            for row, settled in rows
        ]

    def _rows(self, conn: Connection, service: str, method: str, tokens: set[str]) -> "dict[tuple[str, str], _Row]":
        """Of the tokens as a whole and of the method, made where missing, locked until the transaction ends."""
        methods = {ALL_METHODS, method}
        query = (
            select(quotas)
            .where(
                quotas.c.service == service,
                among(conn, quotas.c.token, sorted(tokens)),
                among(conn, quotas.c.method, sorted(methods)),
            )
            .order_by(quotas.c.token, quotas.c.method)  # one order for all, so that no two wait for each other
            .with_for_update()
        )
        found = conn.execute(query).all()
        if len(found) < len(tokens) * len(methods):
            keys = [{"service": service, "method": m, "token": t} for t in sorted(tokens) for m in sorted(methods)]
            new = [{**key, "recent": [], "day": {}} for key in keys]
            conn.execute(upsert(conn, quotas).on_conflict_do_nothing(), new)
            found = conn.execute(query).all()
        return {(row.token, row.method): _Row(row) for row in found}


class _Row:
    """A locked row and what is to be written to it."""

    def __init__(self, row: Any) -> None:
        self._row = row
        self.grants = [datetime.fromtimestamp(stamp, UTC) for stamp in row.recent]
        self.day: dict[str, int] = row.day
        self.reason: str = row.reason or ""
        self.changed: dict[str, Any] = {}

    def change(self, **values: Any) -> None:
        self.changed |= values
        if "recent" in values:
            self.grants = [datetime.fromtimestamp(stamp, UTC) for stamp in values["recent"]]
        self.day = values.get("day", self.day)

    def settle(self, now: datetime) -> None:
        """Bring what a clock that ran ahead has written into the present, or it would last until then: calls count as
        made now, and blocks last their whole term from now."""
        if day_from_ahead(self.day, now):
            self.change(day={str(number): calls for number, calls in live(self.day, now).items()})
        if (term := self._term("blocked")) and from_ahead(term[0], now):
            self.change(blocked_since=now, blocked_until=now + (term[1] - term[0]))
        if (term := self._term("slow")) and from_ahead(term[0], now):
            self.change(slow_since=now, slow_until=now + (term[1] - term[0]))

    def blocked(self, now: datetime) -> datetime:
        """Until when; `now` where it is not."""
        term = self._term("blocked")
        return max(term[1], now) if term else now

    def slow(self, now: datetime) -> datetime:
        """Until when; `now` where it is not."""
        term = self._term("slow")
        return max(term[1], now) if term else now

    def _term(self, what: str) -> tuple[datetime, datetime] | None:
        since = self.changed.get(f"{what}_since", getattr(self._row, f"{what}_since"))
        until = self.changed.get(f"{what}_until", getattr(self._row, f"{what}_until"))
        return None if since is None or until is None else (since, until)


def _turn(rows: "dict[tuple[str, str], _Row]", method: str, allowance: Allowance, now: datetime) -> Turn:
    token = allowance.token
    pace, calls = rows[token, ALL_METHODS], rows[token, method]
    blocked = max((pace, calls), key=lambda row: row.blocked(now))
    until = blocked.blocked(now)
    if until > now:
        return Turn(token, until, False, Why.BLOCKED, blocked.reason)
    per_second = max(allowance.per_second // 2, 1) if pace.slow(now) > now else allowance.per_second
    per_day = allowance.per_day
    if allowance.behind:
        per_second, per_day = spare(per_second), None if per_day is None else spare(per_day)
    at = earliest(recent(pace.grants, now), now, per_second)
    if allowance.behind and at > now:
        return Turn(token, min(at, now + AHEAD / 2), False)
    if at > now + AHEAD:
        return Turn(token, at - AHEAD / 2, False)
    if per_day is not None and (free := day_free_at(calls.day, at, per_day)) > at:
        return Turn(token, free, False, Why.DAY)
    return Turn(token, at, True)


def _ahead(until: datetime, now: datetime) -> datetime | None:
    return until if until > now else None


def _preference(turn: Turn) -> tuple[bool, datetime]:
    return not turn.granted, turn.at


def _give_back(rows: "dict[tuple[str, str], _Row]", method: str, unused: Turn, now: datetime) -> None:
    pace, calls = rows[unused.token, ALL_METHODS], rows[unused.token, method]
    left = [at.timestamp() for at in pace.grants]
    if (stamp := unused.at.timestamp()) in left:
        left.remove(stamp)
        pace.change(recent=left)
    calls.change(day=counted(calls.day, now, unused.at, -1))


def _is(service: str, method: str, token: str) -> Any:
    return (quotas.c.service == service) & (quotas.c.method == method) & (quotas.c.token == token)


def _named(service: str, token: str, name: str) -> Any:
    return (resolved.c.service == service) & (resolved.c.token == token) & (resolved.c.name == name)
