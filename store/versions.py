"""What was last published of each post: how an edit, a changed reach or a mere repetition is told apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from store.engine import Store
from store.sql import among, upsert
from store.tables import versions

SEEN_STEP = timedelta(days=1)
"""How exactly it is kept when a post was last seen: a feed shows the same posts all day, and a write for each visit
would serve nobody; retention counts in weeks."""


@dataclass(frozen=True, slots=True)
class Version:
    """`digest` is of text and what goes with it, `reach_digest` of views, likes and so on."""

    id: str
    revision: int
    digest: str
    reach_digest: str | None = None


class Versions:
    """Every method may raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def known(self, ids: Sequence[str]) -> dict[str, Version]:
        """The stored version of each of these posts that has one."""
        with self._store.reading() as conn:
            rows = conn.execute(select(versions).where(among(conn, versions.c.id, ids)))
            return {row.id: Version(row.id, row.revision, row.digest, row.reach_digest) for row in rows}

    def store(self, rows: Sequence[Version]) -> None:
        """Remember what was published, and that these posts were seen now. A lower revision never replaces a higher."""
        if not rows:
            return
        seen = self._store.now()
        # Of two rows for one post the last counts; in order of id, so that two writers cannot wait for each other.
        latest = {row.id: row for row in rows}
        values = [
            {"id": r.id, "revision": r.revision, "digest": r.digest, "reach_digest": r.reach_digest, "seen": seen}
            for _, r in sorted(latest.items())
        ]
        with self._store.transaction() as conn:
            statement = upsert(conn, versions)
            new = statement.excluded
            conn.execute(
                statement.on_conflict_do_update(
                    index_elements=["id"],
                    set_={name: new[name] for name in ("revision", "digest", "reach_digest", "seen")},
                    where=(new.revision >= versions.c.revision)
                    & or_(
                        new.revision > versions.c.revision,
                        new.digest != versions.c.digest,
                        new.reach_digest.is_distinct_from(versions.c.reach_digest),
                        versions.c.seen < seen - SEEN_STEP,
                    ),
                ),
                values,
            )

    def prune(self, before: datetime) -> int:
        """Forget the posts last seen before `before`; how many. One that shows up again is then collected as new."""
        with self._store.transaction() as conn:
            return conn.execute(delete(versions).where(versions.c.seen < before)).rowcount
