"""Back-fills that are broken on purpose: see `tests.store.broken`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from store import Backfill, BackfillLease, Backfills
from store.tables import backfills


class SavesWithoutFence(Backfills):
    """Who lost it, or had it before, writes over whoever has it now."""

    def save(self, lease: BackfillLease, cursor: Mapping[str, Any], posts: int, reached: datetime | None) -> bool:
        with self._store.reading() as conn:
            row = conn.execute(select(backfills).where(backfills.c.id == lease.id)).one()
        return super().save(replace(lease, fence=row.fence, owner=row.lease_owner), cursor, posts, reached)


class BeginsAnewEachTime(Backfills):
    """`again` whether it is asked for or not."""

    def begin(
        self, source: str, since: datetime, until: datetime | None, owner: str, term: timedelta, *, again: bool = False
    ) -> BackfillLease | Backfill:
        return super().begin(source, since, until, owner, term, again=True)


class TheEndMoves(Backfills):
    """Without `until` each start means another back-fill."""

    def begin(
        self, source: str, since: datetime, until: datetime | None, owner: str, term: timedelta, *, again: bool = False
    ) -> BackfillLease | Backfill:
        return super().begin(source, since, until or self._store.now(), owner, term, again=again)


BROKEN: list[tuple[str, type, str]] = [
    ("backfills", SavesWithoutFence, "who_has_a_back_fill_is_told_to_others_and_a_lapsed_one_is_free"),
    ("backfills", SavesWithoutFence, "one_owner_twice_has_two_leases_of_a_back_fill"),
    ("backfills", BeginsAnewEachTime, "a_finished_back_fill_says_so_and_is_repeated_on_request"),
    ("backfills", TheEndMoves, "an_open_end_stays_at_the_moment_of_the_first_start"),
]
