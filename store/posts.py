"""Posts as the incidents' workers keep them: masked text, tags, and the incident each belongs to."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, and_, bindparam, or_, select, update

from schemas import Urgency
from schemas.topics import NO_MUNICIPALITY
from store.engine import Store
from store.incident_tables import GROUPED, places, posts
from store.sql import among, upsert

NOWHERE = NO_MUNICIPALITY
"""The place of posts without a municipality, as in the keys of the topic `tagged`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A post as its incident sees it: no text. Before any version with tags was seen, the tags are empty."""

    id: str
    incident: int | None = None
    published: datetime
    kind: str
    source: str
    url: str | None = None
    author: str | None = None
    history: bool = False
    relevant: bool = False
    municipality: str | None = None
    municipality_name: str | None = None
    settlement: str | None = None
    group: str = ""
    topic: str = ""
    urgency: Urgency = "normal"
    needs_review: bool = False

    @property
    def place(self) -> str:
        """Key of the lock that guards what it belongs to."""
        return self.municipality or NOWHERE


@dataclass(frozen=True, slots=True)
class Words:
    """What a post says, and what further heads say of it: name, value, probability."""

    text: str
    heads: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPost(Member):
    """`revision` and `collected` are of the latest version seen, the `tagged_` ones of the latest that was no deletion.

    A deleted post has no text, no title, no context and no tags; where it belonged, it stays.
    """

    revision: int
    collected: datetime
    deleted: bool = False
    tagged_revision: int | None = None
    tagged_collected: datetime | None = None
    model: str | None = None
    parent: str | None = None
    title: str | None = None
    text: str | None = None
    context: str | None = None
    tags: dict[str, Any] | None = None


_LIGHT = [posts.c[field.name] for field in fields(Member)]
_NAMES = [field.name for field in fields(StoredPost)]
_ALL = [posts.c[name] for name in _NAMES]


class Range(NamedTuple):
    """A stretch of event time, both ends included, of one municipality and topic."""

    municipality: str
    topic: str
    start: datetime
    end: datetime


RANGES = 16
"""In one statement: a round trip for each would be most of a batch's time. Fewer are filled up by repeating the last,
so that there are two statements to prepare and not sixteen."""


def _near(size: int) -> Select[Any]:
    # GROUPED as it stands, and in each range: else SQLite does not see that the partial index applies, and reads all
    # posts for each that comes.
    within = [
        and_(
            GROUPED,
            posts.c.municipality == bindparam(f"municipality{n}"),
            posts.c.topic == bindparam(f"topic{n}"),
            posts.c.published.between(bindparam(f"start{n}"), bindparam(f"end{n}")),
        )
        for n in range(size)
    ]
    return select(*_LIGHT).where(or_(*within))


_NEAR = {size: _near(size) for size in (1, RANGES)}


class Posts:
    """Every method joins the caller's transaction and may raise StoreError at its end."""

    def lock_places(self, conn: Connection, wanted: Collection[str]) -> None:
        """Be alone in these places (OKTMO codes, or `NOWHERE`) until the transaction ends.

        SQLite's writing transactions are alone anyway.
        """
        if conn.dialect.name == "sqlite" or not wanted:
            return
        order = sorted(wanted)  # the same for everybody: no two can wait for each other
        conn.execute(upsert(conn, places).on_conflict_do_nothing(), [{"place": place} for place in order])
        rows = select(places.c.place).where(among(conn, places.c.place, order))
        conn.execute(rows.order_by(places.c.place).with_for_update())

    def places_of(self, conn: Connection, ids: Collection[str]) -> set[str]:
        """Where these posts are at the moment."""
        query = select(posts.c.municipality).where(among(conn, posts.c.id, ids)).distinct()
        return {place or NOWHERE for place in conn.execute(query).scalars()}

    def take(self, conn: Connection, ids: Collection[str]) -> dict[str, StoredPost]:
        """Those of the posts that are stored, locked until the transaction ends."""
        query = select(*_ALL).where(among(conn, posts.c.id, ids)).order_by(posts.c.id).with_for_update()
        return {row.id: StoredPost(**row._mapping) for row in conn.execute(query)}

    def insert(self, conn: Connection, new: Sequence[StoredPost]) -> bool:
        """Store new posts. False: somebody else has stored one of them meanwhile; roll back and begin anew."""
        if not new:
            return True
        rows = [_values(post, "") for post in sorted(new, key=lambda post: post.id)]
        statement = upsert(conn, posts).on_conflict_do_nothing().returning(posts.c.id)
        return len(conn.execute(statement, rows).all()) == len(rows)

    def update(self, conn: Connection, changed: Sequence[StoredPost]) -> None:
        """Replace all of these posts but their incident."""
        if not changed:
            return
        columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _NAMES if name not in ("id", "incident")}
        statement = update(posts).where(posts.c.id == bindparam("new_id")).values(columns)
        conn.execute(statement, [_values(post, "new_") for post in changed])

    def attach(self, conn: Connection, incidents: Mapping[str, int | None]) -> None:
        """Set the incident of each of these posts."""
        if not incidents:
            return
        statement = update(posts).where(posts.c.id == bindparam("post")).values(incident=bindparam("to"))
        conn.execute(statement, [{"post": post, "to": to} for post, to in sorted(incidents.items())])

    def near(self, conn: Connection, ranges: Sequence[Range]) -> list[Member]:
        """Relevant posts in any of the ranges, each once."""
        found: dict[str, Member] = {}
        size = 1 if len(ranges) == 1 else RANGES
        for first in range(0, len(ranges), size):
            part = ranges[first : first + size]
            given = [*part, *[part[-1]] * (size - len(part))]
            values = {f"{name}{n}": value for n, one in enumerate(given) for name, value in one._asdict().items()}
            found |= {member.id: member for member in _members(conn.execute(_NEAR[size], values))}
        return list(found.values())

    def by_id(self, conn: Connection, ids: Collection[str]) -> list[Member]:
        """Those of the posts that are stored, relevant or not."""
        return _members(conn.execute(select(*_LIGHT).where(among(conn, posts.c.id, ids))))

    def words(self, conn: Connection, ids: Collection[str]) -> dict[str, Words]:
        """What these posts say; those that were deleted are left out."""
        query = select(posts.c.id, posts.c.title, posts.c.text, posts.c.tags).where(among(conn, posts.c.id, ids))
        found = {}
        for row in conn.execute(query.where(posts.c.text.is_not(None))):
            heads = ((row.tags or {}).get("heads") or {}).items()
            said = tuple((name, head["value"], head["probability"]) for name, head in heads)
            found[row.id] = Words(f"{row.title or ''}\n{row.text}", said)
        return found

    def of_incidents(self, conn: Connection, incidents: Collection[int]) -> list[Member]:
        """All posts that are attached to these incidents."""
        return _members(conn.execute(select(*_LIGHT).where(posts.c.incident.in_(sorted(incidents)))))


class PostReader:
    """Posts for pages and reports. Every method may raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_incident(self, incident: int) -> list[StoredPost]:
        """All posts of an incident in order of event time, with their masked texts."""
        query = select(*_ALL).where(posts.c.incident == incident).order_by(posts.c.published, posts.c.id)
        with self._store.reading() as conn:
            return [StoredPost(**row._mapping) for row in conn.execute(query)]


def _members(rows: Iterable[Row[Any]]) -> list[Member]:
    return [Member(**row._mapping) for row in rows]


def _values(post: StoredPost, prefix: str) -> dict[str, Any]:
    """Column to value; `dataclasses.asdict` would copy all tags, for a third of the time of a batch."""
    return {prefix + name: getattr(post, name) for name in _NAMES}
