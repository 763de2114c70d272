"""Implementations that are broken on purpose: the suite must fail on every one."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

import store.quotas
from schemas import SourceHealth
from store import (
    Allowance,
    Lease,
    Quotas,
    Resolved,
    SourceRow,
    Sources,
    Store,
    Turn,
    Version,
    Versions,
    Why,
    pace,
)
from store.tables import slots, sources, versions
from tests.store.broken_backfills import BROKEN as BROKEN_BACKFILLS
from tests.store.broken_holds import BROKEN as BROKEN_HOLDS
from tests.store.broken_outbox import BROKEN as BROKEN_OUTBOX


class GrantsALeasedSource(Sources):
    """Looks at what is due and not at who has it."""

    def lease(self, owner: str, kinds: Collection[str], limit: int, term: timedelta) -> list[Lease]:
        taken = super().lease(owner, kinds, limit, term)
        for state in self.list():
            if state.lease_owner not in (None, owner) and len(taken) < limit:
                fence, until = 1, state.next_due + term
                taken.append(Lease(state.id, state.kind, state.slot, owner, fence, until, state.cursor, None))
        return taken


class ChoosesThenTakes(Sources):
    """Two steps where one conditional UPDATE is needed: a race."""

    def lease(self, owner: str, kinds: Collection[str], limit: int, term: timedelta) -> list[Lease]:
        now = self._store.now()
        with self._store.reading() as conn:
            free = (sources.c.lease_owner.is_(None) | (sources.c.lease_until <= now)) & sources.c.enabled
            due = select(sources).where(free, sources.c.next_due <= now, sources.c.kind.in_(kinds))
            first_of = {row.slot: row for row in conn.execute(due.order_by(sources.c.next_due.desc()))}
            busy = set(conn.execute(select(sources.c.slot).where(sources.c.lease_until > now)).scalars())
        time.sleep(0.005)
        chosen = sorted((row for slot, row in first_of.items() if slot not in busy), key=lambda row: row.next_due)
        until = now + term
        with self._store.transaction() as conn:
            for row in chosen[:limit]:
                new = {"lease_owner": owner, "lease_until": until, "fence": row.fence + 1}
                conn.execute(update(sources).where(sources.c.id == row.id).values(new))
        return [
            Lease(row.id, row.kind, row.slot, owner, row.fence + 1, until, row.cursor, row.interval_seconds)
            for row in chosen[:limit]
        ]


class NeverLapses(Sources):
    """A crashed crawler's sources are never visited again."""

    def lease(self, owner: str, kinds: Collection[str], limit: int, term: timedelta) -> list[Lease]:
        return super().lease(owner, kinds, limit, timedelta(days=3650))


class CursorWithoutFence(Sources):
    def save_cursor(self, lease: Lease, cursor: Mapping[str, Any]) -> bool:
        with self._store.transaction() as conn:
            conn.execute(update(sources).where(sources.c.id == lease.source).values(cursor=dict(cursor)))
        return True


class FenceIsTheOwner(Sources):
    """Tells owners apart, and not one owner's earlier lease from its later one."""

    def save_cursor(self, lease: Lease, cursor: Mapping[str, Any]) -> bool:
        mine = (sources.c.id == lease.source) & (sources.c.lease_owner == lease.owner)
        with self._store.transaction() as conn:
            return bool(conn.execute(update(sources).where(mine).values(cursor=dict(cursor))).rowcount)


class FinishWithoutFence(Sources):
    def finish(
        self,
        lease: Lease,
        health: SourceHealth,
        cursor: Mapping[str, Any] | None = None,
        interval: float | None = None,
    ) -> bool:
        with self._store.reading() as conn:
            row = conn.execute(select(sources).where(sources.c.id == lease.source)).one()
        held = replace(lease, fence=row.fence, owner=row.lease_owner or lease.owner)
        return super().finish(held, health, cursor, interval)


class SlotIgnored(Sources):
    def sync(self, rows: Sequence[SourceRow]) -> None:
        super().sync([replace(row, slot=f"{row.slot} {row.id}") for row in rows])

    def lease(self, owner: str, kinds: Collection[str], limit: int, term: timedelta) -> list[Lease]:
        return [replace(lease, slot=lease.slot.split()[0]) for lease in super().lease(owner, kinds, limit, term)]


class CursorLostAtSync(Sources):
    def sync(self, rows: Sequence[SourceRow]) -> None:
        super().sync(rows)
        with self._store.transaction() as conn:
            conn.execute(update(sources).values(cursor=None))


class AllAtOnce(Sources):
    """New sources are all due at once."""

    def sync(self, rows: Sequence[SourceRow]) -> None:
        super().sync(rows)
        with self._store.transaction() as conn:
            conn.execute(update(sources).where(sources.c.fence == 0).values(next_due=self._store.now()))


class SlotReservedInTwoSteps(Sources):
    def reserve_slot(self, slot: str, delay: timedelta) -> datetime:
        super().reserve_slot(slot, timedelta(0))
        with self._store.reading() as conn:
            found = conn.execute(select(slots.c.next_free).where(slots.c.slot == slot)).scalar_one()
        at: datetime = max(found, self._store.now())
        time.sleep(0.002)
        with self._store.transaction() as conn:
            conn.execute(update(slots).where(slots.c.slot == slot).values(next_free=at + delay))
        return at


class VersionsForgotten(Versions):
    """Kept by the process alone."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._rows: dict[str, Version] = {}

    def known(self, ids: Sequence[str]) -> dict[str, Version]:
        return {id_: self._rows[id_] for id_ in ids if id_ in self._rows}

    def store(self, rows: Sequence[Version]) -> None:
        for row in rows:
            if row.id not in self._rows or row.revision >= self._rows[row.id].revision:
                self._rows[row.id] = row


class LastWriterWins(Versions):
    """A late writer brings an old revision back."""

    def store(self, rows: Sequence[Version]) -> None:
        super().store(rows)
        with self._store.transaction() as conn:
            for row in rows:
                old = {"revision": row.revision, "digest": row.digest, "reach_digest": row.reach_digest}
                conn.execute(update(versions).where(versions.c.id == row.id).values(old))


class QuotaForgottenAtRestart(Quotas):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._start = f"{id(self)} "

    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        own = [replace(one, token=self._start + one.token) for one in allowances]
        turn = super().take(service, method, own, unused and replace(unused, token=self._start + unused.token))
        return replace(turn, token=turn.token.removeprefix(self._start))


class QuotaPerMethod(Quotas):
    """Paces each method by itself, though the limit is the token's."""

    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        return super().take(service + method, method, allowances, unused)


class QuotaAllowsOneMore(Quotas):
    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        more = [replace(one, per_second=one.per_second + 1) for one in allowances]
        return super().take(service, method, more, unused)


class QuotaByTheClocksSecond(Quotas):
    """Counts within 12:00:00 to 12:00:01, so that two bursts may meet at the border."""

    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        (one,) = allowances
        for ahead in range(3600):
            second = int(self._store.now().timestamp()) + ahead
            counted = replace(one, token=f"{one.token} {second}", per_second=1000, per_day=one.per_second)
            if super().take(service, "second", [counted]).granted:
                at = self._store.now() if ahead == 0 else datetime.fromtimestamp(second, UTC)
                return Turn(one.token, at, granted=True)
        raise AssertionError


class LeavesNoRoomForJitter(Quotas):
    """Grants the next calls a second after the last, to the moment."""

    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pace, "WINDOW", timedelta(seconds=1, microseconds=1))
            return super().take(service, method, allowances, unused)


class DayAllowsOneMore(Quotas):
    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        more = [replace(one, per_day=None if one.per_day is None else one.per_day + 1) for one in allowances]
        return super().take(service, method, more, unused)


class OnlyTheFirstToken(Quotas):
    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        return super().take(service, method, allowances[:1], unused)


class NothingIsGivenBack(Quotas):
    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        return super().take(service, method, allowances)


class BlocksTheProcessAlone(Quotas):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._until: dict[tuple[str, str], tuple[datetime, str]] = {}

    def block(self, service: str, token: str, until: datetime, reason: str, method: str = "") -> None:
        self._until[token, method] = (until, reason)

    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        for name in ("", method):
            until, reason = self._until.get((allowances[0].token, name), (self._store.now(), ""))
            if until > self._store.now():
                return Turn(allowances[0].token, until, False, Why.BLOCKED, reason)
        return super().take(service, method, allowances, unused)


class BlocksTheWholeToken(Quotas):
    """One method's day is used up, and nothing else works either."""

    def block(self, service: str, token: str, until: datetime, reason: str, method: str = "") -> None:
        super().block(service, token, until, reason)


class SlowsNothing(Quotas):
    def slow(self, service: str, token: str, until: datetime) -> None:
        super().slow(service, token, self._store.now())


class BelievesItsClock(Quotas):
    """What a clock that ran ahead has written is waited for."""

    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        with pytest.MonkeyPatch.context() as patch:
            for module in (pace, store.quotas):
                patch.setattr(module, "AHEAD", timedelta(days=4000))
            return super().take(service, method, allowances, unused)


class GrantsFarAhead(Quotas):
    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store.quotas, "AHEAD", timedelta(days=1))
            return super().take(service, method, allowances, unused)


class NamesForEver(Quotas):
    def remember(self, service: str, token: str, name: str, found: Resolved, until: datetime) -> None:
        super().remember(service, token, name, found, until + timedelta(days=3650))


class NamesOfAnyAccount(Quotas):
    """Hands out one account's access hash to another."""

    def remember(self, service: str, token: str, name: str, found: Resolved, until: datetime) -> None:
        super().remember(service, "", name, found, until)

    def resolved(self, service: str, token: str, name: str) -> Resolved | None:
        return super().resolved(service, "", name)


class StandsInLine(Quotas):
    """Work that can wait takes turns ahead of time like all others."""

    def take(self, service: str, method: str, allowances: Sequence[Allowance], unused: Turn | None = None) -> Turn:
        return super().take(service, method, [replace(one, behind=False) for one in allowances], unused)


BROKEN: list[tuple[str, type, str]] = [
    *BROKEN_HOLDS,
    ("sources", GrantsALeasedSource, "a_lapsed_lease_is_taken_and_its_holder_refused"),
    ("sources", GrantsALeasedSource, "a_renewed_lease_holds"),
    ("sources", ChoosesThenTakes, "threads_never_share_a_source_or_a_slot"),
    ("sources", NeverLapses, "a_lapsed_lease_is_taken_and_its_holder_refused"),
    ("sources", CursorWithoutFence, "a_lapsed_lease_is_taken_and_its_holder_refused"),
    ("sources", FenceIsTheOwner, "one_owner_twice_is_told_apart_by_the_fence"),
    ("sources", FinishWithoutFence, "a_lapsed_lease_is_taken_and_its_holder_refused"),
    ("sources", SlotIgnored, "a_slot_is_leased_once"),
    ("sources", SlotIgnored, "processes_never_share_a_source_or_a_slot"),
    ("sources", CursorLostAtSync, "sync_keeps_what_is_known"),
    ("sources", AllAtOnce, "first_visits_are_staggered"),
    ("sources", SlotReservedInTwoSteps, "requests_of_many_threads_keep_their_distance"),
    ("versions", VersionsForgotten, "versions_outlive_the_process"),
    ("versions", LastWriterWins, "a_version_only_rises"),
    ("quotas", QuotaForgottenAtRestart, "no_sliding_second_holds_one_more"),
    ("quotas", QuotaForgottenAtRestart, "the_day_is_used_up_and_comes_back"),
    ("quotas", QuotaForgottenAtRestart, "processes_share_a_quota"),
    ("quotas", QuotaPerMethod, "no_sliding_second_holds_one_more"),
    ("quotas", QuotaAllowsOneMore, "no_sliding_second_holds_one_more"),
    ("quotas", QuotaByTheClocksSecond, "no_sliding_second_holds_one_more"),
    ("quotas", LeavesNoRoomForJitter, "no_sliding_second_holds_one_more"),
    ("quotas", DayAllowsOneMore, "no_sliding_day_holds_one_more"),
    ("quotas", OnlyTheFirstToken, "the_token_that_is_free_first_is_taken"),
    ("quotas", NothingIsGivenBack, "an_unused_turn_is_given_back"),
    ("quotas", BlocksTheProcessAlone, "a_block_holds_for_all_and_outlives_the_process"),
    ("quotas", BlocksTheWholeToken, "a_block_holds_for_all_and_outlives_the_process"),
    ("quotas", SlowsNothing, "a_slowed_token_keeps_half_its_pace"),
    ("quotas", BelievesItsClock, "a_clock_set_back_holds_nothing_up_for_long"),
    ("quotas", GrantsFarAhead, "a_queue_reaches_only_so_far_ahead"),
    ("quotas", NamesForEver, "a_name_is_looked_up_once"),
    ("quotas", NamesOfAnyAccount, "a_name_is_looked_up_once"),
    ("quotas", StandsInLine, "who_can_wait_never_stands_in_line"),
    ("quotas", StandsInLine, "who_can_wait_leaves_a_share_of_the_day"),
    *BROKEN_BACKFILLS,
    *BROKEN_OUTBOX,
]
"""The repository that is replaced, by what, and a check that must fail for it."""
