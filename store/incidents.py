"""Incidents and their history."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    TextClause,
    bindparam,
    case,
    func,
    insert,
    select,
    true,
    union_all,
    update,
)

from schemas import Incident, IncidentEvent, IncidentStatus
from store.engine import Store
from store.incident_tables import WITH_CLOCK, incident_history, incidents, posts, titles
from store.outbox import Outbox
from store.posts import NOWHERE, Member
from store.sql import one_of

MOST_TITLES = 2_000
"""In one statement: a region's topics in a dozen places, and far from the 32,766 parameters that SQLite takes."""
FEW_TITLES = 50
"""Of some thousands: a topic in all its places. All incidents of so few are soon read; of more, the first by priority
stand near the beginning."""
_COLUMNS = [column.name for column in incidents.c if column.name not in ("id", "alarm")]


_TAKE = select(incidents).where(one_of(incidents.c.id, "ids")).order_by(incidents.c.id).with_for_update()
_POSTS = select(posts.c.incident, posts.c.published, posts.c.id, posts.c.url).where(one_of(posts.c.incident, "ids"))
_SAME_TERM = incidents.c.answer_due == bindparam("new_answer_due")
_UPDATE = (
    update(incidents)
    .where(incidents.c.id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in _COLUMNS})
    # An alarm is raised for a term: another term may raise it again.
    .values(alarm=case((_SAME_TERM, incidents.c.alarm), else_=0))
)
_RECORD = insert(incident_history)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Every key that is given must hold; any of its values does. `municipality`: OKTMO codes, or `none`."""

    municipality: Collection[str] = ()
    group: Collection[str] = ()
    topic: Collection[str] = ()
    status: Collection[IncidentStatus] = ()
    authority: Collection[str] = ()
    overdue: datetime | None = None
    """Unanswered, with a term that is over at this time, and not waiting for the citizen."""
    text: str | None = None
    """What stands in the title, in whatever case."""
    ids: Collection[int] = ()
    opened_from: datetime | None = None
    opened_to: datetime | None = None
    """Registered at or after, and before."""
    history: bool | None = None
    """Back-filled or not; None: both."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of an incident's history, for good."""

    sequence: int
    at: datetime
    type: str
    actor: str
    status: IncidentStatus
    posts: int
    """How many it had after the change."""
    details: dict[str, Any]
    """What there is of: posts_added, posts_removed, comment, terms (from when to when they moved), place (from where to
    where), merged (incidents that it took in), merged_into, from (the status before, where it changed), ruling,
    authority (its name, of an assignment), answer (of an answer)."""


class Incidents:
    """Methods that take a connection join its transaction. Every method may raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._outbox = Outbox(store)

    def take(
        self, conn: Connection, ids: Collection[int], known: Mapping[int, Iterable[Member]] | None = None
    ) -> dict[int, Incident]:
        """These incidents with the posts they have, their rows locked until the transaction ends. `known` are all
        posts of some of them."""
        return {one.id: one for one in _with_posts(conn, conn.execute(_TAKE, {"ids": ids}).all(), known or {})}

    def insert(self, conn: Connection, new: Sequence[Incident]) -> list[int]:
        """Open incidents; their ids, in the same order. The `id` that the given ones carry is not looked at."""
        if not new:
            return []
        statement = insert(incidents).returning(incidents.c.id, sort_by_parameter_order=True)
        return list(conn.execute(statement, [_row(one) for one in new]).scalars())

    def update(self, conn: Connection, changed: Sequence[Incident]) -> None:
        """Store new snapshots of incidents; their posts are attached by `Posts.attach`."""
        if not changed:
            return
        rows = [{"row": one.id} | {f"new_{key}": value for key, value in _row(one).items()} for one in changed]
        conn.execute(_UPDATE, rows)

    def record(self, conn: Connection, events: Sequence[IncidentEvent]) -> None:
        """Write the events into the history and into the outbox."""
        if not events:
            return
        conn.execute(_RECORD, [_history_row(event) for event in events])
        self._outbox.add_all(conn, events)

    def get(self, id_: int) -> Incident | None:
        with self._store.reading() as conn:
            found = _with_posts(conn, conn.execute(select(incidents).where(incidents.c.id == id_)).all())
        return found[0] if found else None

    def find(
        self, wanted: IncidentFilter | None = None, *, before: int | None = None, limit: int = 100
    ) -> list[Incident]:
        """The newest first. The next page begins `before` the id of this one's last."""
        with self._store.reading() as conn:
            query = select(incidents).where(*_conditions(conn, wanted or IncidentFilter()))
            if before is not None:
                query = query.where(incidents.c.id < before)
            return _with_posts(conn, conn.execute(query.order_by(incidents.c.id.desc()).limit(limit)).all())

    def find_page(self, wanted: IncidentFilter, offset: int, limit: int) -> list[Incident]:
        """The last registered first, for protocols whose pages have numbers. What is skipped is read all the same."""
        order = (incidents.c.opened.desc(), incidents.c.id.desc())
        with self._store.reading() as conn:
            query = select(incidents).where(*_conditions(conn, wanted)).order_by(*order)
            return _with_posts(conn, conn.execute(query.offset(offset).limit(limit)).all())

    def count(self, wanted: IncidentFilter) -> int:
        """How many fit."""
        with self._store.reading() as conn:
            query = select(func.count()).select_from(incidents).where(*_conditions(conn, wanted))
            return int(conn.execute(query).scalar_one())

    def by_priority(self, wanted: IncidentFilter | None = None, *, limit: int = 100) -> list[Incident]:
        """What deserves a look first; of equals the newest first."""
        wanted = wanted or IncidentFilter()
        order = (incidents.c.priority.desc(), incidents.c.id.desc())
        with self._store.reading() as conn:
            if wanted.text and len(_titles(conn, wanted.text)) <= FEW_TITLES:
                # By their index, and then sorted: in the order of priority the whole of a status would be read.
                found: Select[Any] | CompoundSelect[Any] = select(incidents.c.id).where(*_conditions(conn, wanted))
            else:
                # The index has the order within a status: the first of each, instead of sorting all that are open.
                others = _conditions(conn, replace(wanted, status=()))
                parts = [incidents.c.status == one for one in set(wanted.status)] or [true()]
                each = [select(incidents.c.id).where(*others, part).order_by(*order).limit(limit) for part in parts]
                found = union_all(*(select(one.subquery().c.id) for one in each))
            query = select(incidents).where(incidents.c.id.in_(found))
            return _with_posts(conn, conn.execute(query.order_by(*order).limit(limit)).all())

    def counts(self) -> dict[IncidentStatus, int]:
        """How many incidents there are of each status that occurs."""
        with self._store.reading() as conn:
            rows = conn.execute(select(incidents.c.status, func.count()).group_by(incidents.c.status))
            return {IncidentStatus(status): count for status, count in rows}

    def open_by_authority(self) -> dict[str, int]:
        """How many incidents each authority has that are not answered."""
        query = select(incidents.c.authority, func.count()).where(incidents.c.status.in_(UNANSWERED))
        query = query.where(incidents.c.authority.is_not(None)).group_by(incidents.c.authority)
        with self._store.reading() as conn:
            return {row[0]: int(row[1]) for row in conn.execute(query)}

    def overdue(self, now: datetime) -> int:
        """How many are unanswered past their term, and wait for no citizen."""
        query = select(func.count()).select_from(incidents).where(WITH_CLOCK, incidents.c.answer_due < now)
        with self._store.reading() as conn:
            return int(conn.execute(query).scalar_one())

    def history(self, id_: int) -> list[Change]:
        """All changes of an incident, the first one first."""
        with self._store.reading() as conn:
            return self.changes(conn, id_)

    def changes(self, conn: Connection, id_: int, after: int = 0) -> list[Change]:
        """`history`, of what came after a sequence, in the transaction of `conn`."""
        query = select(incident_history).where(incident_history.c.incident == id_, incident_history.c.sequence > after)
        return [
            Change(row.sequence, row.at, row.type, row.actor, IncidentStatus(row.status), row.posts, row.details)
            for row in conn.execute(query.order_by(incident_history.c.sequence))
        ]


UNANSWERED = tuple(
    status.value
    for status in (
        IncidentStatus.NEW,
        IncidentStatus.CONFIRMED,
        IncidentStatus.ASSIGNED,
        IncidentStatus.WAITING,
        IncidentStatus.REOPENED,
    )
)
"""Statuses before an answer; in all but `waiting` its clock runs (`store.incident_tables.RUNNING`)."""


def _row(incident: Incident) -> dict[str, Any]:
    return {name: getattr(incident, name) for name in _COLUMNS} | {
        "status": incident.status.value,
        "pauses": [pause.model_dump(mode="json") for pause in incident.pauses] or None,
        "priority_reasons": list(incident.priority_reasons) or None,
    }


def _with_posts(
    conn: Connection, rows: Sequence[Row[Any]], known: Mapping[int, Iterable[Member]] = MappingProxyType({})
) -> list[Incident]:
    found: dict[int, list[tuple[datetime, str, str | None]]] = defaultdict(list)
    for id_, members in known.items():
        found[id_] = [(post.published, post.id, post.url) for post in members]
    if missing := [row.id for row in rows if row.id not in known]:
        for post in conn.execute(_POSTS, {"ids": missing}):
            found[post.incident].append((post.published, post.id, post.url))
    incidents_ = []
    for row in rows:
        of_it = sorted(found[row.id], key=lambda post: post[:2])  # here: databases sort text by rules of their own
        urls = tuple(url for _, _, url in of_it if url is not None)
        own = {**row._mapping, "pauses": row.pauses or (), "priority_reasons": row.priority_reasons or ()}
        incidents_.append(Incident(**own, posts=tuple(id_ for _, id_, _ in of_it), urls=urls))
    return incidents_


def _conditions(conn: Connection, wanted: IncidentFilter) -> list[ColumnElement[bool] | TextClause]:
    found: list[ColumnElement[bool] | TextClause] = []
    if wanted.municipality:
        codes = [code for code in wanted.municipality if code != NOWHERE]
        place: ColumnElement[bool] = incidents.c.municipality.in_(codes)
        if NOWHERE in wanted.municipality:
            place |= incidents.c.municipality.is_(None)
        found.append(place)
    for column, values in (
        (incidents.c.group, wanted.group),
        (incidents.c.topic, wanted.topic),
        (incidents.c.status, [status.value for status in wanted.status]),
        (incidents.c.authority, wanted.authority),
    ):
        if values:
            found.append(column.in_(sorted(values)))
    if wanted.overdue is not None:
        found += [WITH_CLOCK, incidents.c.answer_due < wanted.overdue]
    if wanted.ids:
        found.append(incidents.c.id.in_(sorted(wanted.ids)))
    if wanted.opened_from is not None:
        found.append(incidents.c.opened >= wanted.opened_from)
    if wanted.opened_to is not None:
        found.append(incidents.c.opened < wanted.opened_to)
    if wanted.history is not None:
        found.append(incidents.c.history.is_(wanted.history))
    if wanted.text:
        found.append(_titled(conn, wanted.text))
    return found


def _titled(conn: Connection, words: str) -> ColumnElement[bool]:
    """Has a title with these words in it. The titles are read first and then listed, so that the database knows how
    many there are: for a few it goes by their index, for many through the newest incidents."""
    found = _titles(conn, words)
    return incidents.c.title.in_(found if len(found) <= MOST_TITLES else _fit(words))


def _titles(conn: Connection, words: str) -> list[str]:
    """Those with these words in them, up to one more than are listed in a statement."""
    return list(conn.execute(_fit(words).limit(MOST_TITLES + 1)).scalars())


def _fit(words: str) -> Select[Any]:
    return select(titles.c.title).where(titles.c.lowered.contains(words.lower(), autoescape=True))


def _history_row(event: IncidentEvent) -> dict[str, Any]:
    data = event.data
    details = {
        "posts_added": list(data.posts_added),
        "posts_removed": list(data.posts_removed),
        "comment": data.comment,
        "terms": data.terms,
        "place": data.place,
        "merged": list(data.merged),
        "merged_into": data.incident.merged_into,
        "from": data.before and data.before.value,
        "ruling": data.ruling,
    }
    if event.type == "incident.assigned":
        details["authority"] = data.incident.authority_name
    if event.type == "incident.answered":
        details["answer"] = data.incident.answer
    return {
        "incident": data.incident.id,
        "sequence": data.incident.sequence,
        "at": event.time,
        "type": event.type,
        "actor": data.actor,
        "status": data.incident.status.value,
        "posts": len(data.incident.posts),
        "details": {key: value for key, value in details.items() if value},
        "worded": bool(details["comment"] or details.get("answer")),
    }
