"""Posts as the incidents' workers keep them: masked text, tags, and the incident each belongs to."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Row, Select, Text, and_, bindparam, func, or_, select, text, update
from sqlalchemy.dialects import postgresql

from schemas import Urgency
from schemas.topics import NO_MUNICIPALITY
from store.engine import Store
from store.incident_tables import GROUPED, places, posts
from store.sql import among, upsert
from store.types import UtcDatetime

NOWHERE = NO_MUNICIPALITY
"""The place of posts without a municipality, as in the keys of the topic `tagged`."""


class Attachment(NamedTuple):
    """Why a post is in its incident: by what, to which post, how surely (0…1)."""

    by: str
    to: str | None
    sure: float


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
    parent: str | None = None
    common: str | None = None
    """The common trouble that it tells of; see `incidents.common`."""
    address: str | None = None
    """Key of street and house; None without a house."""
    street: str | None = None
    wording: str | None = None
    """Equal for texts of the same words; None for the shortest."""
    link: str | None = None
    """The page that it quotes, or is."""
    signature: bytes | None = None
    traits: dict[str, Any] | None = None
    """`topics` with their probabilities, and answers of `heads`."""
    attached_by: str | None = None
    attached_to: str | None = None
    attached_sure: float | None = None
    erased: bool = False
    """Nothing is left of it but what it counts for: see `store.erasure`."""

    @property
    def attachment(self) -> Attachment | None:
        """Why it is in its incident; None for one that is alone."""
        return Attachment(self.attached_by, self.attached_to, self.attached_sure or 0.0) if self.attached_by else None

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
    title: str | None = None
    text: str | None = None
    context: str | None = None
    tags: dict[str, Any] | None = None


_LIGHT = [posts.c[field.name] for field in fields(Member)]
_NAMES = [field.name for field in fields(StoredPost)]
_ALL = [posts.c[name] for name in _NAMES]
_BY_GROUPING = frozenset({"id", "incident", "attached_by", "attached_to", "attached_sure"})


class Range(NamedTuple):
    """A stretch of event time, both ends included, of one municipality and one value of the column `by`."""

    municipality: str
    by: Literal["topic", "common", "address", "wording", "link"]
    value: str
    start: datetime
    end: datetime


RANGES = 16
"""In one statement of SQLite's. Fewer are filled up by repeating the last, so that there are two statements to prepare
and not sixteen."""
_IN_PLACE = and_(posts.c.relevant, posts.c.municipality.is_not(None))
PLACED = ("topic", "common", "address")
"""Looked up range by range, each within its municipality."""
TIES = ("wording", "link")
"""Rarely shared: all of a batch are looked up at once, in the time that all of them span together."""


def _near(by: str, size: int) -> Select[Any]:
    # The condition of the partial index as it stands there, and in each range: else SQLite does not see that the index
    # applies, and reads all posts for each that comes.
    indexed = text(f"{GROUPED} AND {by} IS NOT NULL") if by != "topic" else GROUPED
    within = [
        and_(
            indexed,
            posts.c.municipality == bindparam(f"municipality{n}"),
            posts.c[by] == bindparam(f"value{n}"),
            posts.c.published.between(bindparam(f"start{n}"), bindparam(f"end{n}")),
        )
        for n in range(size)
    ]
    return select(*_LIGHT).where(or_(*within))


def _near_at_once(by: str) -> Select[Any]:
    """For PostgreSQL: however many ranges in one round trip, and a statement short enough for psycopg to remember."""
    types = {"municipality": Text, "value": Text, "start": UtcDatetime, "end": UtcDatetime}
    lists: list[Any] = [bindparam(f"{name}s", type_=postgresql.ARRAY(type_)) for name, type_ in types.items()]
    wanted = func.unnest(*lists).table_valued(*types, name="wanted").render_derived()
    within = and_(
        posts.c.municipality == wanted.c.municipality,
        posts.c[by] == wanted.c.value,
        posts.c.published.between(wanted.c.start, wanted.c.end),
    )
    return select(*_LIGHT).join_from(wanted, posts, within).where(_IN_PLACE)


_RANGE = ("municipality", "value", "start", "end")
_NEAR_AT_ONCE = {by: _near_at_once(by) for by in PLACED}
_NEAR = {(by, size): _near(by, size) for by in PLACED for size in (1, RANGES)}


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
        """Replace all of these posts but their incident and why they are in it."""
        if not changed:
            return
        columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _NAMES if name not in _BY_GROUPING}
        statement = update(posts).where(posts.c.id == bindparam("new_id")).values(columns)
        conn.execute(statement, [_values(post, "new_") for post in changed])

    def attach(
        self, conn: Connection, incidents: Mapping[str, int | None], why: Mapping[str, Attachment | None]
    ) -> None:
        """Set the incident of each of these posts, and why it is there (None: nothing ties it)."""
        if incidents:
            statement = update(posts).where(posts.c.id == bindparam("post")).values(incident=bindparam("to"))
            conn.execute(statement, [{"post": post, "to": to} for post, to in sorted(incidents.items())])
        if why:
            columns: dict[str, Any] = {
                name: bindparam(f"new_{name}") for name in ("attached_by", "attached_to", "attached_sure")
            }
            statement = update(posts).where(posts.c.id == bindparam("post")).values(columns)
            conn.execute(statement, [_why(post, one) for post, one in sorted(why.items())])

    def near(self, conn: Connection, ranges: Sequence[Range]) -> list[Member]:
        """Relevant posts in any of the ranges, each once; of wordings and links, perhaps others of their days."""
        found: dict[str, Member] = {}
        for by in PLACED:
            wanted = [one for one in ranges if one.by == by]
            if wanted and conn.dialect.name == "postgresql":
                lists = {f"{name}s": [getattr(one, name) for one in wanted] for name in _RANGE}
                found |= {member.id: member for member in _members(conn.execute(_NEAR_AT_ONCE[by], lists))}
                continue
            size = 1 if len(wanted) == 1 else RANGES
            for first in range(0, len(wanted), size):
                part = wanted[first : first + size]
                given = [*part, *[part[-1]] * (size - len(part))]
                values = {f"{name}{n}": value for n, one in enumerate(given) for name, value in one._asdict().items()}
                found |= {member.id: member for member in _members(conn.execute(_NEAR[by, size], values))}
        tied = [one for one in ranges if one.by in TIES]
        if tied:
            same = or_(*(among(conn, posts.c[by], {one.value for one in tied if one.by == by}) for by in TIES))
            days = posts.c.published.between(min(one.start for one in tied), max(one.end for one in tied))
            query = select(*_LIGHT).where(GROUPED, same, days)
            found |= {member.id: member for member in _members(conn.execute(query))}
        return list(found.values())

    def answers(self, conn: Connection, ids: Collection[str]) -> list[Member]:
        """Relevant posts that answer one of these."""
        return _members(conn.execute(select(*_LIGHT).where(GROUPED, among(conn, posts.c.parent, ids))))

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

    def incident_of(self, post: str) -> tuple[bool, int | None]:
        """Whether the post has been looked at, and its incident."""
        with self._store.reading() as conn:
            row = conn.execute(select(posts.c.incident).where(posts.c.id == post)).one_or_none()
        return row is not None, row.incident if row is not None else None


def _members(rows: Iterable[Row[Any]]) -> list[Member]:
    return [Member(**row._mapping) for row in rows]


def _why(post: str, one: Attachment | None) -> dict[str, Any]:
    by, to, sure = one or (None, None, None)
    return {"post": post, "new_attached_by": by, "new_attached_to": to, "new_attached_sure": sure}


def _values(post: StoredPost, prefix: str) -> dict[str, Any]:
    """Column to value; `dataclasses.asdict` would copy all tags, for a third of the time of a batch."""
    return {prefix + name: getattr(post, name) for name in _NAMES}
