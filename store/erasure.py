"""Erases what somebody wrote, on request. What remains says that there was a post, where, and about what."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, bindparam, delete, or_, select, update

from schemas import IncidentEvent
from store.forgotten import Kind
from store.incident_tables import posts
from store.posts import Member, Posts
from store.sql import among
from store.tables import outbox, versions

WORDS = (
    *(posts.c.title, posts.c.text, posts.c.context, posts.c.tags),
    *(posts.c.address, posts.c.street, posts.c.wording, posts.c.link, posts.c.signature, posts.c.traits),
)
"""What a post says, and what was made of its words for grouping."""
PERSON = (posts.c.url, posts.c.author, posts.c.parent, posts.c.settlement)
_BY = {"post": posts.c.id, "url": posts.c.url, "author": posts.c.author}


class Erasure:
    """Every method joins the caller's transaction and may raise StoreError at its end."""

    def find(self, conn: Connection, kind: Kind, value: str) -> list[Member]:
        """The posts with this id, address or author's hash of which anything is left to erase."""
        left: ColumnElement[bool] = or_(*(column.is_not(None) for column in (*WORDS, *PERSON)))
        ids = conn.execute(select(posts.c.id).where(_BY[kind] == value, left)).scalars().all()
        return Posts().by_id(conn, ids)

    def erase(self, conn: Connection, found: Sequence[Member]) -> None:
        """Leave nothing of the posts but their ids and what they count for, here and in the events that are kept.

        Whoever calls it holds their places (`Posts.lock_places`).
        """
        ids = [post.id for post in found]
        nothing = {column.name: None for column in (*WORDS, *PERSON)}
        conn.execute(update(posts).where(among(conn, posts.c.id, ids)).values(deleted=True, erased=True, **nothing))
        # Its digest could prove what the text was.
        conn.execute(delete(versions).where(among(conn, versions.c.id, ids)))
        _erase_events(conn, {post.url for post in found if post.url is not None})


def _erase_events(conn: Connection, urls: Collection[str]) -> None:
    """Take addresses out of the snapshots in the outbox: /api/incidents shows them for months.

    A post may have been in other incidents before, so all of them are looked at: some seconds for a hundred thousand.
    """
    if not urls:
        return
    changed = []
    for row in conn.execute(select(outbox.c.id, outbox.c.event).order_by(outbox.c.id)).yield_per(1000):
        event = IncidentEvent.from_json(row.event)
        incident = event.data.incident
        left = tuple(url for url in incident.urls if url not in urls)
        if left != incident.urls:
            data = event.data.model_copy(update={"incident": incident.model_copy(update={"urls": left})})
            changed.append({"row": row.id, "to": event.model_copy(update={"data": data}).encode().decode()})
    if changed:
        conn.execute(update(outbox).where(outbox.c.id == bindparam("row")).values(event=bindparam("to")), changed)
