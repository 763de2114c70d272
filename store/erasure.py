"""Erases what somebody wrote, on request. What remains says that there was a post, where, and about what."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from sqlalchemy import ColumnElement, Connection, bindparam, delete, false, or_, select, update

from schemas import Incident, IncidentEvent
from store.forgotten import Kind
from store.incident_tables import incident_history, incidents, posts, titles
from store.posts import Member, Posts
from store.sql import among
from store.tables import outbox, versions

WORDS = (
    *(posts.c.title, posts.c.text, posts.c.context, posts.c.tags, posts.c.address, posts.c.street),
    *(posts.c.wording, posts.c.link, posts.c.signature, posts.c.traits, posts.c.common),
    posts.c.placed,
)
"""What a post says, and what was made of its words for grouping."""
PERSON = (posts.c.url, posts.c.author, posts.c.parent, posts.c.settlement)
_BY = {"post": posts.c.id, "url": posts.c.url, "author": posts.c.author}

Retitled = Callable[[Incident, Collection[str]], str]
"""From a snapshot and the ids of all posts that it speaks of to its title."""


class Erasure:
    """Every method joins the caller's transaction and may raise StoreError at its end."""

    def find(self, conn: Connection, kind: Kind, value: str) -> list[Member]:
        """The posts with this id, address or author's hash of which anything is left to erase."""
        left: ColumnElement[bool] = or_(*(column.is_not(None) for column in (*WORDS, *PERSON)))
        ids = conn.execute(select(posts.c.id).where(_BY[kind] == value, left)).scalars().all()
        return Posts().by_id(conn, ids)

    def erase(self, conn: Connection, found: Sequence[Member], retitled: Retitled) -> None:
        """Leave nothing of the posts but their ids and what they count for, here and in the events that are kept.

        `retitled` gives a snapshot that speaks of these posts, erased by then, the title that it may keep. Whoever
        calls it holds the posts' places (`Posts.lock_places`).
        """
        ids = [post.id for post in found]
        nothing = {column.name: None for column in (*WORDS, *PERSON)}
        conn.execute(update(posts).where(among(conn, posts.c.id, ids)).values(deleted=True, erased=True, **nothing))
        # Its digest could prove what the text was.
        conn.execute(delete(versions).where(among(conn, versions.c.id, ids)))
        _erase_events(conn, found, retitled)

    def emptied(self, conn: Connection, found: Sequence[Member]) -> dict[int, frozenset[str]]:
        """Incidents that have no posts any more, had one of these, and have its settlement in their title: all posts
        that each has had."""
        had: dict[int, set[str]] = defaultdict(set)
        named = [
            incidents.c.title.endswith(place, autoescape=True) for place in {post.settlement for post in found} if place
        ]
        empty = ~select(posts.c.id).where(posts.c.incident == incidents.c.id).exists()
        query = select(incident_history.c.incident, incident_history.c.details).join(incidents)
        for row in conn.execute(query.where(or_(false(), *named), empty)):
            had[row.incident] |= {id_ for key in ("posts_added", "posts_removed") for id_ in row.details.get(key, ())}
        ids = {post.id for post in found}
        return {incident: frozenset(of) for incident, of in had.items() if of & ids}

    def forget_titles(self, conn: Connection, were: Collection[str]) -> None:
        """Those that no incident has any more are searched for no more either."""
        used = select(incidents.c.id).where(incidents.c.title == titles.c.title).exists()
        conn.execute(delete(titles).where(among(conn, titles.c.title, were), ~used))


def _erase_events(conn: Connection, found: Sequence[Member], retitled: Retitled) -> None:
    """Take addresses, and places that nobody else names, out of the snapshots in the outbox: /api/incidents shows them
    for months.

    A post may have been in other incidents before, so all of them are looked at: some seconds for a hundred thousand.
    """
    ids = {post.id for post in found}
    urls = {post.url for post in found if post.url is not None}
    changed = []
    for row in conn.execute(select(outbox.c.id, outbox.c.event).order_by(outbox.c.id)).yield_per(1000):
        event = IncidentEvent.from_json(row.event)
        incident = event.data.incident
        about = {*incident.posts, *event.data.posts_removed}
        left: dict[str, object] = {"urls": tuple(url for url in incident.urls if url not in urls)}
        if ids & about:
            left |= {"title": retitled(incident, about), "address": None}
        after = incident.model_copy(update=left)
        place = None if ids & about else event.data.place
        if after != incident or place != event.data.place:
            data = event.data.model_copy(update={"incident": after, "place": place})
            changed.append({"row": row.id, "to": event.model_copy(update={"data": data}).encode().decode()})
    if changed:
        conn.execute(update(outbox).where(outbox.c.id == bindparam("row")).values(event=bindparam("to")), changed)
