"""The worker's step from tagged posts to incidents."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bus import Received
from bus.worker import Retry
from incidents.arrival import arrive
from incidents.calendar import Calendar
from incidents.config import DEFAULT_REOPENING, Authority, Deadlines, Grouping, Reopening
from incidents.describe import Describer
from incidents.forget import without_forgotten
from incidents.regroup import Regrouper, in_places, see_inside
from incidents.routing import Routing
from schemas import TaggedPost, decode
from store import Forgotten, Posts, Store, StoredPost, StoreError
from store.posts import NOWHERE


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
        calendar: Calendar | None = None,
        routing: Routing | None = None,
        reopen: Reopening = DEFAULT_REOPENING,
    ) -> None:
        self._store = store
        describer = Describer(authorities, deadlines, names, calendar, routing)
        self._regrouper = Regrouper(store, region, describer, windows, now=now, reopen_within=reopen.within)
        self._posts = Posts()
        self._forgotten = Forgotten(store)

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
        if not batch:
            return
        try:
            in_places(self._store, places, lambda conn, places: self._apply(conn, batch, places))
        except StoreError as error:
            raise Retry(str(error)) from error

    def _apply(self, conn: Connection, batch: Sequence[TaggedPost], places: set[str]) -> None:
        self._posts.lock_places(conn, places)
        batch = without_forgotten(self._forgotten, conn, batch)
        before = self._posts.take(conn, {tagged.post.id for tagged in batch})
        see_inside(before.values(), places)
        changed = [post for id_, post in _arrived(before, batch).items() if post != before.get(id_)]
        if not changed:
            return
        known, new = ([post for post in changed if (post.id in before) is stored] for stored in (True, False))
        self._posts.update(conn, known)
        was = [before[post.id] for post in known]
        self._regrouper.record(conn, self._regrouper.regroup(conn, was, changed, places, new=new))


def _arrived(before: Mapping[str, StoredPost], batch: Sequence[TaggedPost]) -> dict[str, StoredPost]:
    """The posts after all versions in the batch."""
    after = dict(before)
    for tagged in batch:
        arrived = arrive(after.get(tagged.post.id), tagged)
        if arrived is not None:
            after[arrived.id] = arrived
    return after
