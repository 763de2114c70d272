"""Takes out, after a term, what people wrote; what it was about, where and when stays for counting."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, literal, select, update

from store.engine import Store
from store.incident_tables import WORDED_POST, incident_history, incidents, posts
from store.tables import rulings

BATCH = 500
"""Rows in one transaction: some 50 ms of SQLite's one write lock."""


WORDS = ("title", "text", "context", "wording", "link", "signature", "traits", "common")
"""Columns with what a post says, and what was made of its words for grouping: its matter is long over. Where it was,
stays."""


class Words:
    """Each method deletes in batches, a transaction each: what a crash leaves is found again. All may raise StoreError.

    `open_`: the statuses in which something is still to be done. The words of such an incident stay, and so do those
    of its posts, unless it is archived: nobody works on what was collected late on purpose.
    """

    def __init__(self, store: Store, open_: Collection[str], batch: int = BATCH) -> None:
        self._store = store
        self._batch = batch
        self._is_open = and_(incidents.c.status.in_(sorted(open_)), ~incidents.c.history)

    def prune_posts(self, before: datetime) -> int:
        """Title, text, context, quotations and what was made of the words of posts last collected before `before`; of
        how many posts. Those that were deleted have lost the first four before, and keep the rest until now.
        """
        is_open = select(incidents.c.id).where(incidents.c.id == posts.c.incident, self._is_open).exists()
        old = select(posts.c.id, posts.c.tags).where(WORDED_POST, posts.c.collected < before, ~is_open)
        # A worker that holds a row is let pass: the row's turn comes in an hour.
        query = old.order_by(posts.c.collected).limit(self._batch).with_for_update(skip_locked=True, of=posts)
        done = 0
        while True:
            with self._store.transaction() as conn:
                rows = [{"row": row.id, "left": without_words(row.tags)} for row in conn.execute(query)]
                if rows:
                    nothing: dict[str, Any] = dict.fromkeys(WORDS) | {"tags": bindparam("left")}
                    conn.execute(update(posts).where(posts.c.id == bindparam("row")).values(nothing), rows)
            done += len(rows)
            if len(rows) < self._batch:
                return done

    def prune_comments(self, before: datetime) -> int:
        """Comments and answers given before `before`; of how many lines of history. Who did what and when stays."""
        is_open = select(incidents.c.id).where(incidents.c.id == incident_history.c.incident, self._is_open).exists()
        old = select(incident_history.c.incident, incident_history.c.sequence)
        old = old.where(incident_history.c.worded, incident_history.c.at < before, ~is_open)
        query = (
            old.order_by(incident_history.c.at)
            .limit(self._batch)
            .with_for_update(skip_locked=True, of=incident_history)
        )
        done = 0
        while True:
            with self._store.transaction() as conn:
                rows = [{"one": row.incident, "number": row.sequence} for row in conn.execute(query)]
                if rows:
                    _prune_lines(conn, rows)
            done += len(rows)
            if len(rows) < self._batch:
                break
        with self._store.transaction() as conn:
            said = rulings.c.comment.is_not(None) & (rulings.c.made < before)
            conn.execute(update(rulings).where(said).values(comment=None))
        return done


def without_words(tags: dict[str, Any] | None) -> dict[str, Any] | None:
    """Tags without what was quoted from the text, or could prove what it was: the normal form of an address stays."""
    if tags is None:
        return None
    left = {key: value for key, value in tags.items() if key != "signature"}
    if place := left.get("municipality"):
        left["municipality"] = place | {"span": None}
    if address := left.get("address"):
        left["address"] = address | {"text": ""}
    return left


def _prune_lines(conn: Connection, rows: list[dict[str, int]]) -> None:
    details: ColumnElement[Any] = (
        func.json_remove(incident_history.c.details, "$.comment", "$.answer")
        if conn.dialect.name == "sqlite"
        else incident_history.c.details.op("-")(literal("comment")).op("-")(literal("answer"))
    )
    line = and_(incident_history.c.incident == bindparam("one"), incident_history.c.sequence == bindparam("number"))
    # The snapshot's answer is that of the last line that had one.
    newer = incident_history.alias()
    answered = and_(newer.c.incident == incidents.c.id, newer.c.worded, newer.c.type == "incident.answered")
    conn.execute(update(incident_history).where(line).values(details=details, worded=False), rows)
    these = incidents.c.id.in_(sorted({row["one"] for row in rows}))
    # In the order in which everybody else locks them: no two can wait for each other.
    conn.execute(select(incidents.c.id).where(these).order_by(incidents.c.id).with_for_update())
    stale = and_(these, incidents.c.answer.is_not(None), ~select(newer.c.at).where(answered).exists())
    conn.execute(update(incidents).where(stale).values(answer=None))
