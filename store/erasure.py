"""Erases what somebody wrote, on request. What remains says that there was a post, where, and about what."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, bindparam, cast, delete, func, literal, or_, select, update

from schemas import Incident, IncidentEvent
from store.forgotten import Kind
from store.incident_tables import incident_history, incidents, posts, titles
from store.posts import Member, Posts
from store.sql import among, one_of
from store.tables import outbox, versions

WORDS = (
    *(posts.c.title, posts.c.text, posts.c.context, posts.c.tags, posts.c.address, posts.c.street),
    *(posts.c.wording, posts.c.link, posts.c.signature, posts.c.traits, posts.c.common),
    posts.c.placed,
)
"""What a post says, and what was made of its words for grouping."""
PERSON = (posts.c.url, posts.c.author, posts.c.parent, posts.c.settlement)
_BY = {"post": posts.c.id, "url": posts.c.url, "author": posts.c.author}

Redact = Callable[[Incident, Collection[str]], Incident]
"""From a snapshot and the ids of the posts that it speaks of to what it may still say of its place."""
Had = Mapping[int, frozenset[str]]
"""Incident to all posts that it has had."""


class Erasure:
    """Every method joins the caller's transaction and may raise StoreError at its end."""

    def find(self, conn: Connection, kind: Kind, value: str) -> list[Member]:
        """The posts with this id, address or author's hash of which anything is left to erase."""
        left: ColumnElement[bool] = or_(*(column.is_not(None) for column in (*WORDS, *PERSON)))
        ids = conn.execute(select(posts.c.id).where(_BY[kind] == value, left)).scalars().all()
        return Posts().by_id(conn, ids)

    def erase(self, conn: Connection, found: Sequence[Member], had: Had, redact: Redact) -> None:
        """Leave nothing of the posts but their ids and what they count for, here, in the histories of the incidents
        that had them, and in the events that are kept.

        `redact` is asked after the posts are erased. Whoever calls holds off others (`Forgotten.hold_off`) and holds
        the incidents of `had`: an event that somebody is about to commit would not be seen.
        """
        ids = [post.id for post in found]
        nothing = {column.name: None for column in (*WORDS, *PERSON)}
        conn.execute(update(posts).where(among(conn, posts.c.id, ids)).values(deleted=True, erased=True, **nothing))
        # Its digest could prove what the text was.
        conn.execute(delete(versions).where(among(conn, versions.c.id, ids)))
        _erase_moves(conn, had)
        _erase_events(conn, found, had, redact)

    def had(self, conn: Connection, found: Sequence[Member]) -> dict[int, frozenset[str]]:
        """Of each incident that has one of these posts, or had one before a merge, a split or a move: all posts that
        it has had. Whoever was told of it then must be told now."""
        ids = {post.id for post in found}
        theirs = {post.incident for post in found if post.incident is not None}
        if ids:
            # Few lines take posts away, and no index knows them: the database reads all, and hands over those.
            query = select(incident_history.c.incident, incident_history.c.details)
            left = cast(incident_history.c.details, Text).contains('"posts_removed"')
            for row in conn.execute(query.where(left)).yield_per(1000):
                if not ids.isdisjoint(row.details.get("posts_removed", ())):
                    theirs.add(row.incident)
        posts_of: dict[int, set[str]] = {id_: set() for id_ in theirs}
        for line in _history_of(conn, theirs):
            posts_of[line.incident] |= {*line.details.get("posts_added", ()), *line.details.get("posts_removed", ())}
        return {id_: frozenset(of) for id_, of in posts_of.items()}

    def forget_titles(self, conn: Connection) -> None:
        """Those that no incident has any more are searched for no more either: a place in one may be an erased post's,
        however long ago it was corrected."""
        used = select(incidents.c.id).where(incidents.c.title == titles.c.title).exists()
        conn.execute(delete(titles).where(~used))


def _history_of(conn: Connection, ids: Collection[int]) -> Sequence[Row[Any]]:
    return conn.execute(select(incident_history).where(one_of(incident_history.c.incident, "ids")), {"ids": ids}).all()


def _erase_moves(conn: Connection, had: Had) -> None:
    """Take from where to where an incident moved out of its history: either may be what an erased post said."""
    details = incident_history.c.details
    moved: ColumnElement[bool]
    left: ColumnElement[Any]
    if conn.dialect.name == "sqlite":
        moved, left = func.json_type(details, "$.place").is_not(None), func.json_remove(details, "$.place")
    else:
        moved, left = details["place"].is_not(None), details.op("-")(literal("place"))
    lines = update(incident_history).where(one_of(incident_history.c.incident, "ids"), moved)
    conn.execute(lines.values(details=left), {"ids": list(had)})


def _erase_events(conn: Connection, found: Sequence[Member], had: Had, redact: Redact) -> None:
    """Take addresses, and places that nobody else names, out of the snapshots in the outbox: /api/incidents shows them
    for months.

    All of them are looked at: some seconds for a hundred thousand.
    """
    ids = {post.id for post in found}
    urls = {post.url for post in found if post.url is not None}
    changed = []
    for row in conn.execute(select(outbox.c.id, outbox.c.event).order_by(outbox.c.id)).yield_per(1000):
        event = IncidentEvent.from_json(row.event)
        incident = event.data.incident
        # An incident without posts keeps the title that its last ones gave it.
        about = {*incident.posts, *event.data.posts_removed} or had.get(incident.id, frozenset())
        after = incident.model_copy(update={"urls": tuple(url for url in incident.urls if url not in urls)})
        if ids & about:
            after = redact(after, about)
        place = None if incident.id in had else event.data.place
        if after != incident or place != event.data.place:
            data = event.data.model_copy(update={"incident": after, "place": place})
            changed.append({"row": row.id, "to": event.model_copy(update={"data": data}).encode().decode()})
    if changed:
        conn.execute(update(outbox).where(outbox.c.id == bindparam("row")).values(event=bindparam("to")), changed)
