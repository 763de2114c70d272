"""Makes the incidents around some posts what grouping says they are, within a transaction."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from incidents.changes import MACHINE, Change, Changes, Hand
from incidents.config import Grouping
from incidents.describe import Describer
from incidents.difference import difference
from incidents.neighbourhood import explore
from incidents.workflow import weight
from schemas import Incident
from store import Attachment, Decision, Decisions, Incidents, Member, Posts, Store, StoredPost
from store.posts import Wanted, Words

log = structlog.get_logger()

T = TypeVar("T")
PREFERRED = 10
"""Heavier than any status: a person has said which incident lives on."""


class Wider(Exception):
    """More places have to be locked: begin anew with them."""

    def __init__(self, places: Collection[str] = ()) -> None:
        super().__init__()
        self.places = frozenset(places)


def in_places(store: Store, places: set[str], work: Callable[[Connection, set[str]], T]) -> T:
    """The result of `work` in a transaction of its own, begun anew with more places as often as it asks for them.

    `work` locks the places itself, and may add some before it does.
    """
    while True:
        try:
            with store.transaction(by_index=True) as conn:
                return work(conn, places)
        except Wider as wider:
            places |= wider.places


def see_inside(posts: Iterable[Member], places: Collection[str]) -> None:
    """See that the places of all these posts are locked.

    Raises:
        Wider: they are not.
    """
    missing = {post.place for post in posts} - set(places)
    if missing:
        raise Wider(missing)


class Regrouper:
    """Whoever calls it holds the places of the changed posts (`Posts.lock_places`).

    `region` is the name in the events' source. A new post within `reopen_within` of the end of an incident opens it
    again.
    """

    def __init__(
        self,
        store: Store,
        region: str,
        describer: Describer,
        rules: Grouping,
        *,
        now: Callable[[], datetime],
        reopen_within: timedelta,
    ) -> None:
        self.source = f"/otklik/{region}"
        self._describer = describer
        self._rules = rules
        self._now = now
        self._reopen_within = reopen_within
        self._posts = Posts()
        self._incidents = Incidents(store)
        self._decisions = Decisions(store)

    def regroup(
        self,
        conn: Connection,
        was: Sequence[Member],
        now: Sequence[Member],
        places: Collection[str],
        hand: Hand = MACHINE,
        *,
        new: Sequence[StoredPost] = (),
    ) -> list[Change]:
        """Store what the incidents around these posts should be; what has changed, not yet recorded.

        `was` and `now`: see `explore`. `new` are those of them that are not stored yet, and are now.

        Raises:
            Wider: posts of further places have a say, or somebody else has stored one of the new posts meanwhile.
        """
        seen = explore(was, now, _StoreReader(conn, self._posts, self._decisions), self._rules)
        see_inside(seen.posts.values(), places)
        home = _home(seen.posts, hand)
        stored = self._incidents.take(conn, {one for one in home.values() if one is not None}, _attached(seen.posts))
        found = difference(seen.partition, home, _weights(stored, hand))
        describer = self._describer
        if describer.reads_posts:
            describer = describer.knowing(self._posts.words(conn, seen.posts.keys()) | _said(new))
        changes = Changes(describer, self._now(), seen, found, stored, hand=hand, reopen_within=self._reopen_within)
        opened = changes.opened()
        for matter, draft, id_ in zip(found.opened, opened, self._incidents.insert(conn, opened), strict=True):
            changes.open(draft.model_copy(update={"id": id_}), matter)
        changes.change_known()
        self._incidents.update(conn, changes.to_update())
        moves = changes.moves()
        where = {
            id_: (moves.get(id_, post.incident), seen.attachments.get(id_))
            for id_, post in seen.posts.items()
            if id_ in moves or seen.attachments.get(id_) != post.attachment
        }
        if not self._posts.insert(conn, [_placed(post, *where.pop(post.id, (None, None))) for post in new]):
            raise Wider
        self._posts.attach(conn, where)
        log.debug("incidents_changed", posts=len(now), seen=len(seen.posts), events=len(changes.made))
        return changes.made

    def record(self, conn: Connection, changes: Sequence[Change]) -> None:
        """Write them into the history and the outbox."""
        self._incidents.record(conn, [change.event(self.source) for change in changes])


class _StoreReader:
    def __init__(self, conn: Connection, posts: Posts, decisions: Decisions) -> None:
        self._conn = conn
        self._posts = posts
        self._decisions = decisions

    def read(self, wanted: Wanted) -> list[Member]:
        return self._posts.read(self._conn, wanted)

    def decisions(self, ids: Collection[str]) -> list[Decision]:
        return self._decisions.of(self._conn, ids)


def _attached(posts: Mapping[str, Member]) -> dict[int, list[Member]]:
    found: dict[int, list[Member]] = defaultdict(list)
    for post in posts.values():
        if post.incident is not None:
            found[post.incident].append(post)
    return found


def _said(new: Iterable[StoredPost]) -> dict[str, Words]:
    return {post.id: Words.of(post.title, post.text, post.tags) for post in new if post.text is not None}


def _placed(post: StoredPost, incident: int | None, why: Attachment | None) -> StoredPost:
    by, to, sure = why or (None, None, None)
    return replace(post, incident=incident, attached_by=by, attached_to=to, attached_sure=sure)


def _home(posts: Mapping[str, Member], hand: Hand) -> dict[str, int | None]:
    """Which incident each post counts for when it is asked which of them live on.

    An incident of which nothing would be left counts its posts as its own all the same: it has to be seen to end.
    """
    home = {id_: hand.home.get(id_, post.incident) for id_, post in posts.items()}
    left = set(home.values())
    return {id_: to if posts[id_].incident in left else posts[id_].incident for id_, to in home.items()}


def _weights(stored: Mapping[int, Incident], hand: Hand) -> dict[int, int]:
    order = {id_: PREFERRED + len(hand.preferred) - n for n, id_ in enumerate(hand.preferred)}
    return {id_: order.get(id_, weight(one)) for id_, one in stored.items()}
