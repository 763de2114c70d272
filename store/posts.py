"""Posts as the incidents' workers keep them: masked text, tags, and the incident each belongs to."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql

from schemas import Urgency
from schemas.topics import NO_MUNICIPALITY
from store.engine import Store
from store.incident_tables import GROUPED, places, posts
from store.sql import one_of, upsert
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
    placed: list[Any] | None = None
    """Where people have said that it is: the machine's word on its place, then theirs, the last of which counts."""
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

    @classmethod
    def of(cls, title: str | None, text: str, tags: dict[str, Any] | None) -> "Words":
        """Of the columns of a post that has a text."""
        heads = ((tags or {}).get("heads") or {}).items()
        return cls(f"{title or ''}\n{text}", tuple((name, head["value"], head["probability"]) for name, head in heads))


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


_LIGHT_NAMES = [field.name for field in fields(Member)]
_LIGHT = [posts.c[name] for name in _LIGHT_NAMES]
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Posts to be read together: relevant ones in any of `ranges`, and those that answer `answers_to`; those with
    these `ids`, and all of these `incidents`, relevant or not."""

    ranges: Sequence[Range] = ()
    answers_to: Collection[str] = ()
    ids: Collection[str] = ()
    incidents: Collection[int] = ()

    def __bool__(self) -> bool:
        return bool(self.ranges or self.answers_to or self.ids or self.incidents)


RANGES = 16
"""In one statement of SQLite's. Fewer are filled up by repeating the last, so that there are two statements to prepare
and not sixteen."""
_IN_PLACE = and_(posts.c.relevant, posts.c.municipality.is_not(None))
PLACED = ("topic", "common", "address")
"""Looked up range by range, each within its municipality."""
TIES = ("wording", "link")
"""Rarely shared. On SQLite all of a batch are looked up at once, in the time that all of them span together."""


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
    """For PostgreSQL: however many ranges in one statement."""
    within = and_(
        _ASKED.c.by == literal_column(f"'{by}'"),
        posts.c.municipality == _ASKED.c.municipality,
        posts.c[by] == _ASKED.c.value,
        posts.c.published.between(_ASKED.c.start, _ASKED.c.end),
    )
    return select(*_LIGHT).join_from(_ASKED, posts, within).where(_IN_PLACE)


def _tied(by: str) -> Select[Any]:
    indexed = text(f"{GROUPED} AND {by} IS NOT NULL")  # as in `_near`
    days = posts.c.published.between(bindparam("start"), bindparam("end"))
    return select(*_LIGHT).where(indexed, one_of(posts.c[by], "values"), days)


_RANGE = {"municipality": Text, "by": Text, "value": Text, "start": UtcDatetime, "end": UtcDatetime}
_ASKED = select(
    func.unnest(*(bindparam(name, type_=postgresql.ARRAY(type_)) for name, type_ in _RANGE.items()))
    .table_valued(*_RANGE, name="ranges")
    .render_derived()
).cte("asked")
_NEAR = {(by, size): _near(by, size) for by in PLACED for size in (1, RANGES)}
_TIED = {by: _tied(by) for by in TIES}
_ANSWERS = select(*_LIGHT).where(GROUPED, one_of(posts.c.parent, "answers_to"))
_BY_ID = select(*_LIGHT).where(one_of(posts.c.id, "ids"))
_OF_INCIDENTS = select(*_LIGHT).where(one_of(posts.c.incident, "incidents"))
_LISTS = {"answers_to": _ANSWERS, "ids": _BY_ID, "incidents": _OF_INCIDENTS}
_PARTS = {by: _near_at_once(by) for by in (*PLACED, *TIES)} | _LISTS
_LOCK = select(places.c.place).where(one_of(places.c.place, "places")).order_by(places.c.place).with_for_update()
_TAKE = select(*_ALL).where(one_of(posts.c.id, "ids")).order_by(posts.c.id).with_for_update()
_WORDS = select(posts.c.id, posts.c.title, posts.c.text, posts.c.tags).where(
    one_of(posts.c.id, "ids"), posts.c.text.is_not(None)
)
_ATTACH = (
    update(posts)
    .where(posts.c.id == bindparam("post"))
    .values({name: bindparam(f"new_{name}") for name in ("incident", "attached_by", "attached_to", "attached_sure")})
)
_UPDATE = (
    update(posts)
    .where(posts.c.id == bindparam("new_id"))
    .values({name: bindparam(f"new_{name}") for name in _NAMES if name not in _BY_GROUPING})
)


@cache
def _at_once(parts: tuple[str, ...]) -> CompoundSelect[Any]:
    """For PostgreSQL: one round trip for all that is wanted. What is not asked for would be planned all the same."""
    return union_all(*(_PARTS[name] for name in parts))


class Posts:
    """Every method joins the caller's transaction and may raise StoreError at its end."""

    def lock_places(self, conn: Connection, wanted: Collection[str]) -> None:
        """Be alone in these places (OKTMO codes, or `NOWHERE`) until the transaction ends.

        SQLite's writing transactions are alone anyway.
        """
        if conn.dialect.name == "sqlite" or not wanted:
            return
        order = sorted(wanted)  # the same for everybody: no two can wait for each other
        while len(conn.execute(_LOCK, {"places": order}).all()) < len(order):
            conn.execute(upsert(conn, places).on_conflict_do_nothing(), [{"place": place} for place in order])

    def take(self, conn: Connection, ids: Collection[str]) -> dict[str, StoredPost]:
        """Those of the posts that are stored, locked until the transaction ends."""
        return {row.id: StoredPost(**row._mapping) for row in conn.execute(_TAKE, {"ids": ids})}

    def insert(self, conn: Connection, new: Sequence[StoredPost]) -> bool:
        """Store new posts. False: somebody else has stored one of them meanwhile; roll back and begin anew."""
        if not new:
            return True
        rows = [_values(post, "") for post in sorted(new, key=lambda post: post.id)]
        statement = upsert(conn, posts).on_conflict_do_nothing().inline()
        return conn.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount == len(rows)

    def update(self, conn: Connection, changed: Sequence[StoredPost]) -> None:
        """Replace all of these posts but their incident and why they are in it."""
        if changed:
            conn.execute(_UPDATE, [_values(post, "new_") for post in changed])

    def attach(self, conn: Connection, where: Mapping[str, tuple[int | None, Attachment | None]]) -> None:
        """Set the incident of each of these posts, and why it is there (None: nothing ties it)."""
        if where:
            conn.execute(_ATTACH, [_attached(post, *one) for post, one in sorted(where.items())])

    def read(self, conn: Connection, wanted: Wanted) -> list[Member]:
        """What is wanted, each post once; of wordings and links, perhaps others of their days."""
        if not wanted:
            return []
        if conn.dialect.name == "postgresql":
            values: dict[str, Any] = {name: given for name in _LISTS if (given := getattr(wanted, name))}
            kinds = {one.by for one in wanted.ranges}
            query = _at_once(tuple(name for name in _PARTS if name in kinds or name in values))
            values |= {name: [getattr(one, name) for one in wanted.ranges] for name in _RANGE}
            rows = _members(conn.execute(query, values))
        else:
            rows = self._read_in_parts(conn, wanted)
        return list({member.id: member for member in rows}.values())

    def _read_in_parts(self, conn: Connection, wanted: Wanted) -> list[Member]:
        """As SQLite sees its indexes apply; there are no round trips to be saved."""
        found: list[Member] = []
        for by in PLACED:
            ranges = [one for one in wanted.ranges if one.by == by]
            size = 1 if len(ranges) == 1 else RANGES
            for first in range(0, len(ranges), size):
                part = ranges[first : first + size]
                given = [*part, *[part[-1]] * (size - len(part))]
                values = {f"{name}{n}": value for n, one in enumerate(given) for name, value in one._asdict().items()}
                found += _members(conn.execute(_NEAR[by, size], values))
        if tied := [one for one in wanted.ranges if one.by in TIES]:
            days = {"start": min(one.start for one in tied), "end": max(one.end for one in tied)}
            for by, query in _TIED.items():
                if same := {one.value for one in tied if one.by == by}:
                    found += _members(conn.execute(query, days | {"values": same}))
        for name, query in _LISTS.items():
            if given_ := getattr(wanted, name):
                found += _members(conn.execute(query, {name: given_}))
        return found

    def by_id(self, conn: Connection, ids: Collection[str]) -> list[Member]:
        """Those of the posts that are stored, relevant or not."""
        return _members(conn.execute(_BY_ID, {"ids": ids}))

    def words(self, conn: Connection, ids: Collection[str]) -> dict[str, Words]:
        """What these posts say; those that were deleted are left out."""
        return {row.id: Words.of(row.title, row.text, row.tags) for row in conn.execute(_WORDS, {"ids": ids})}

    def of_incidents(self, conn: Connection, incidents: Collection[int]) -> list[Member]:
        """All posts that are attached to these incidents."""
        return _members(conn.execute(_OF_INCIDENTS, {"incidents": incidents}))


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
    return [Member(**dict(zip(_LIGHT_NAMES, row, strict=True))) for row in rows]


def _attached(post: str, incident: int | None, why: Attachment | None) -> dict[str, Any]:
    by, to, sure = why or (None, None, None)
    values = {"incident": incident, "attached_by": by, "attached_to": to, "attached_sure": sure}
    return {"post": post} | {f"new_{name}": value for name, value in values.items()}


def _values(post: StoredPost, prefix: str) -> dict[str, Any]:
    """Column to value; `dataclasses.asdict` would copy all tags, for a third of the time of a batch."""
    return {prefix + name: getattr(post, name) for name in _NAMES}
