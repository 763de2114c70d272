"""The worker's step from tagged posts to incidents."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bus import Received
from bus.worker import Retry
from incidents.arrival import arrive
from incidents.changes import Changes
from incidents.config import Authority, Deadlines, Grouping
from incidents.describe import Describer
from incidents.difference import difference
from incidents.neighbourhood import explore
from schemas import TaggedPost, decode
from store import Decision, Decisions, Incidents, Member, Posts, Store, StoredPost, StoreError
from store.posts import NOWHERE, Range

log = structlog.get_logger()


class _Wider(Exception):
    """More places have to be locked: begin anew with them."""

    def __init__(self, places: Collection[str] = ()) -> None:
        super().__init__()
        self.places = frozenset(places)


class IncidentStep:
    """Stores posts, keeps incidents what grouping says they are, and writes what changed into history and outbox.

    A batch is one transaction. The same records again change nothing. Workers may run side by side: each holds the
    places of its batch (`Posts.lock_places`) while it works. `region` is the name in the events' source, `names`
    are what people see for topics.
    """

    def __init__(
        self,
        store: Store,
        region: str,
        *,
        authorities: Sequence[Authority],
        deadlines: Deadlines,
        windows: Grouping,
        now: Callable[[], datetime],
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._store = store
        self._source = f"/otklik/{region}"
        self._describer = Describer(authorities, deadlines, names)
        self._rules = windows
        self._now = now
        self._posts = Posts()
        self._incidents = Incidents(store)
        self._decisions = Decisions(store)

    def process(self, records: Sequence[Received]) -> None:
        """Return when the effects of these records are durable.

        Raises:
            Retry: the store does not answer; nothing of the batch is stored.
            ValueError: a record is no tagged post (pydantic's ValidationError and UnknownSchema are ValueErrors).
        """
        self.add([decode(TaggedPost, item.record.value, item.record.headers) for item in records])

    def add(self, batch: Sequence[TaggedPost]) -> None:
        """As `process`, for posts that are already decoded."""
        places = {tagged.tags.municipality.oktmo if tagged.tags.municipality else NOWHERE for tagged in batch}
        try:
            while batch:
                try:
                    with self._store.transaction() as conn:
                        self._apply(conn, batch, places)
                    return
                except _Wider as wider:
                    places |= wider.places
        except StoreError as error:
            raise Retry(str(error)) from error

    def _apply(self, conn: Connection, batch: Sequence[TaggedPost], places: set[str]) -> None:
        ids = {tagged.post.id for tagged in batch}
        places |= self._posts.places_of(conn, ids)
        self._posts.lock_places(conn, places)
        before = self._posts.take(conn, ids)
        _inside(before.values(), places)
        after = _arrived(before, batch)
        changed = [post for id_, post in after.items() if post != before.get(id_)]
        if not changed:
            return
        if not self._posts.insert(conn, [post for post in changed if post.id not in before]):
            raise _Wider
        self._posts.update(conn, [post for post in changed if post.id in before])
        was = [before[post.id] for post in changed if post.id in before]
        self._regroup(conn, [*was, *changed], places)

    def _regroup(self, conn: Connection, changed: Sequence[Member], places: set[str]) -> None:
        """Make the incidents around these posts what they should be."""
        seen = explore(changed, _StoreReader(conn, self._posts, self._decisions), self._rules)
        _inside(seen.posts.values(), places)
        found = difference(seen.partition, {id_: post.incident for id_, post in seen.posts.items()})
        stored = self._incidents.take(conn, found.kept.keys() | found.merged.keys() | found.emptied)
        changes = Changes(self._describer, self._now(), seen, found, stored)
        opened = changes.opened()
        for matter, draft, id_ in zip(found.opened, opened, self._incidents.insert(conn, opened), strict=True):
            changes.add("incident.opened", draft.model_copy(update={"id": id_}), added=matter)
        known = changes.of_known()
        self._incidents.update(conn, known)
        why = {id_: seen.attachments.get(id_) for id_ in seen.posts}
        why = {id_: one for id_, one in why.items() if one != seen.posts[id_].attachment}
        self._posts.attach(conn, changes.moves(), why)
        self._incidents.record(conn, [change.event(self._source) for change in changes.made])
        log.debug("incidents_changed", posts=len(changed), seen=len(seen.posts), events=len(changes.made))


class _StoreReader:
    def __init__(self, conn: Connection, posts: Posts, decisions: Decisions) -> None:
        self._conn = conn
        self._posts = posts
        self._decisions = decisions

    def near(self, ranges: Sequence[Range]) -> list[Member]:
        return self._posts.near(self._conn, ranges)

    def by_id(self, ids: Collection[str]) -> list[Member]:
        return self._posts.by_id(self._conn, ids)

    def answers(self, ids: Collection[str]) -> list[Member]:
        return self._posts.answers(self._conn, ids)

    def of_incidents(self, incidents: Collection[int]) -> list[Member]:
        return self._posts.of_incidents(self._conn, incidents)

    def decisions(self, ids: Collection[str]) -> list[Decision]:
        return self._decisions.of(self._conn, ids)


def _arrived(before: Mapping[str, StoredPost], batch: Sequence[TaggedPost]) -> dict[str, StoredPost]:
    """The posts after all versions in the batch."""
    after = dict(before)
    for tagged in batch:
        arrived = arrive(after.get(tagged.post.id), tagged)
        if arrived is not None:
            after[arrived.id] = arrived
    return after


def _inside(posts: Iterable[Member], places: set[str]) -> None:
    """See that the places of all these posts are locked."""
    missing = {post.place for post in posts} - places
    if missing:
        raise _Wider(missing)
