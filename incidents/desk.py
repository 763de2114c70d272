"""What people do with incidents: the one way in for the command line, the API and the console.

Each method is one transaction: the change, its line in the history and its event are stored together or not at all.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

from sqlalchemy import Connection

from bus.crashpoints import reach
from incidents import links
from incidents.acts import Act, perform, person, tidy
from incidents.calendar import Calendar
from incidents.changes import Change, Hand
from incidents.config import DEFAULT_REOPENING, Authority, Deadlines, Grouping, Reopening
from incidents.describe import Describer
from incidents.group import overruled
from incidents.placing import Said, place, spot, told, unplace, wanted
from incidents.refusals import Invalid, NoSuch, NotAllowed, contradicts, duplicate, no_incident, stale
from incidents.regroup import Regrouper, in_places, see_inside
from incidents.routing import Routing
from incidents.workflow import MERGED
from schemas import Incident, IncidentStatus
from store import Decision, Decisions, Incidents, Member, Posts, Ruling, RulingKind, Rulings, Store, StoredPost

T = TypeVar("T")
Expected = Mapping[int, int]
"""Incident to the sequence that whoever decides has seen. Incidents that are not in it are not checked."""
UNCHECKED: Expected = {}


_Way = Callable[[Mapping[int, Incident], Sequence[Decision]], tuple[links.Links, Hand]]
"""From the incidents and the decisions about their posts to what is decided, and who lives on."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a ruling, or its undoing, has changed."""

    ruling: Ruling
    changes: tuple[Change, ...]

    @property
    def opened(self) -> list[Incident]:
        """Incidents that are new, or live again."""
        return [one.incident for one in self.changes if one.type in ("incident.opened", "incident.reopened")]


@dataclass(frozen=True, slots=True)
class _Asked:
    actor: str
    comment: str | None
    expected: Expected
    replace: bool = False
    said: Said | None = None
    """Where the first of the incidents is."""


class Desk:
    """Decisions by people. Every method may raise `refusals.Refused` (nothing has changed; the message is for the
    operator) and StoreError (as `Store.transaction`).

    The arguments are those of `IncidentStep`; `zone` is the time zone of messages. `actor` is always a person's name.
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
        zone: tzinfo = UTC,
    ) -> None:
        self._store = store
        self._authorities = authorities
        self._describer = Describer(authorities, deadlines, names, calendar, routing)
        self._regrouper = Regrouper(store, region, self._describer, windows, now=now, reopen_within=reopen.within)
        self._now = now
        self._zone = zone
        self._posts = Posts()
        self._incidents = Incidents(store)
        self._decisions = Decisions(store)
        self._rulings = Rulings(store)

    def act(self, incident: int, act: Act, actor: str, expected: int | None = None) -> Incident:
        """Change an incident's status; the incident after it.

        Raises:
            Stale: its sequence is not `expected`.
            NotAllowed, Invalid, NoSuch: see `acts.perform`.
        """
        who = person(actor)
        with self._store.transaction() as conn:
            seen = UNCHECKED if expected is None else {incident: expected}
            before = self._taken(conn, [incident], seen)[incident]
            change = perform(
                before, act, who, now=self._now(), authorities=self._authorities, describer=self._describer
            )
            self._incidents.update(conn, [change.incident])
            self._record(conn, [change])
        reach("desk.after_commit")
        return change.incident

    def merge(
        self,
        into: int,
        others: Collection[int],
        actor: str,
        *,
        comment: str | None = None,
        expected: Expected = UNCHECKED,
        replace: bool = False,
    ) -> Ruled:
        """Make one incident of several: the others are duplicates of `into`, which lives on.

        Raises:
            Contradicts: one of them was split off another by hand; with `replace` that is overridden.
            NoSuch, NotAllowed, Invalid, Stale.
        """
        ids = [into, *sorted(set(others) - {into})]
        if len(ids) == 1:
            raise Invalid("Объединять нечего: назовите ещё хотя бы один инцидент.")

        def ruled(of: Mapping[int, Incident], _: Sequence[Decision]) -> tuple[links.Links, Hand]:
            return links.merged([of[id_].posts for id_ in ids]), Hand(preferred=ids)

        return self._rule(RulingKind.MERGE, ids, (), ruled, _Asked(actor, comment, expected, replace))

    def split(
        self,
        incident: int,
        posts: Collection[str],
        actor: str,
        *,
        comment: str | None = None,
        expected: Expected = UNCHECKED,
        replace: bool = False,
    ) -> Ruled:
        """Make an incident of its own of some posts of one.

        Raises:
            Contradicts: posts were tied together by hand; with `replace` that is overridden.
            NoSuch, NotAllowed, Invalid, Stale.
        """

        def ruled(of: Mapping[int, Incident], known: Sequence[Decision]) -> tuple[links.Links, Hand]:
            taken, rest = _parted(of[incident], posts)
            if not rest:
                raise Invalid(f"Это все публикации инцидента №{incident}: делить нечего.")
            return links.split(taken, rest, known), Hand(home=dict.fromkeys(taken), preferred=[incident])

        return self._rule(RulingKind.SPLIT, [incident], posts, ruled, _Asked(actor, comment, expected, replace))

    def move(
        self,
        posts: Collection[str],
        to: int,
        actor: str,
        *,
        comment: str | None = None,
        expected: Expected = UNCHECKED,
        replace: bool = False,
    ) -> Ruled:
        """Move posts from their incidents to another one. An incident that loses its last post so is merged into it.

        Raises:
            Contradicts: what was decided by hand forbids it; with `replace` that is overridden.
            NoSuch, NotAllowed, Invalid, Stale.
        """
        if not posts:
            raise Invalid("Назовите хотя бы одну публикацию.")
        with self._store.reading() as conn:
            at = {post.id: post.incident for post in self._posts.by_id(conn, posts)}
        for post in posts:
            if at.get(post) is None:
                raise NoSuch(f"Публикации {post} нет ни в одном инциденте.")
            if at[post] == to:
                raise Invalid(f"Публикация {post} уже в инциденте №{to}.")
        sources = sorted({one for one in at.values() if one is not None})
        ids = [to, *sources]

        def ruled(of: Mapping[int, Incident], known: Sequence[Decision]) -> tuple[links.Links, Hand]:
            wanted = {id_: [post for post in posts if at[post] == id_] for id_ in sources}
            parts = [_parted(of[id_], wanted[id_]) for id_ in sources]
            hand = Hand(home=dict.fromkeys(posts, to), preferred=ids, moved=ids)
            return links.moved(parts, of[to].posts, known), hand

        return self._rule(RulingKind.MOVE, ids, posts, ruled, _Asked(actor, comment, expected, replace))

    def place(
        self,
        incident: int,
        said: Said,
        actor: str,
        *,
        comment: str | None = None,
        expected: Expected = UNCHECKED,
    ) -> Ruled:
        """Say where an incident is. Its posts stay together and are grouped there; what they say of their place, now or
        in later versions, counts for nothing until this is undone.

        Raises:
            NoSuch, NotAllowed, Invalid, Stale.
        """

        def ruled(of: Mapping[int, Incident], _: Sequence[Decision]) -> tuple[links.Links, Hand]:
            return links.together(of[incident].posts), Hand(preferred=[incident])

        return self._rule(RulingKind.PLACE, [incident], (), ruled, _Asked(actor, comment, expected, said=said))

    def undo(self, actor: str, ruling: int | None = None) -> Ruled:
        """Undo a merge, split, move or place, or the actor's own last one; which that was. What newer rulings say, and
        changes of status, stay. Incidents that the ruling merged live again with the status that they had, and the
        clock of the one that took them in runs from its own registration again.

        Raises:
            NoSuch: there is no such ruling, or none of the actor's that stands.
            NotAllowed: it was undone before.
        """
        who = person(actor)

        def work(conn: Connection, places: set[str]) -> Ruled:
            found = self._rulings.get(conn, ruling) if ruling is not None else self._rulings.last(conn, who)
            if found is None:
                raise NoSuch(f"Решения №{ruling} нет." if ruling is not None else f"У {who} нет решений для отмены.")
            retracted = self._rulings.undo(conn, found.id, who)
            if retracted is None:
                raise NotAllowed(f"Решение №{found.id} уже отменено.")
            ends = {*found.posts, *(post for one in retracted for post in (one.left, one.right))}
            changed = self._locked(conn, lambda: self._posts.by_id(conn, ends), places)
            home, revived = self._merged_by(conn, found)
            alive = [id_ for id_ in found.incidents if id_ not in revived]
            moved = alive if found.kind is RulingKind.MOVE else ()
            own = dict(zip(found.incidents, found.opened, strict=False)) if revived else {}
            after: Sequence[Member] = changed
            line = None
            if found.kind is RulingKind.PLACE and changed:
                after = self._placed(conn, changed, lambda post: unplace(post, found.id))
                line = told(spot(changed), spot(after))
            lines = {found.incidents[0]: line} if line else {}
            hand = Hand(who, f"отменено решение №{found.id}", found.id, home, alive, moved, revived, own, lines)
            changes = self._regrouper.regroup(conn, changed, after, places, hand)
            self._record(conn, changes)
            return Ruled(found, tuple(changes))

        return self._done(work)

    def _rule(
        self, kind: RulingKind, ids: Sequence[int], posts: Collection[str], ruled: _Way, asked: "_Asked"
    ) -> Ruled:
        who, comment = person(asked.actor), tidy(asked.comment, "комментарий")

        def work(conn: Connection, places: set[str]) -> Ruled:
            changed = self._locked(conn, lambda: self._posts.of_incidents(conn, ids), places)
            of = self._taken(conn, ids, asked.expected)
            for one in of.values():
                if one.status is MERGED:
                    raise duplicate(one)
                if not one.posts:
                    raise NotAllowed(f"В инциденте №{one.id} не осталось публикаций.")
            word, place_told = None, None
            if asked.said is not None:
                if all(post.erased for post in changed):
                    raise NotAllowed(f"Публикации инцидента №{ids[0]} стёрты по просьбе: места у них больше нет.")
                now = spot(changed)
                spoken, word = wanted(ids[0], now, asked.said)
                place_told = told(now, spoken, spoken.settlement if asked.said.settlement else None)
            standing = self._standing(conn, {post.id for post in changed})
            passed_over = overruled(standing)
            made, hand = ruled(of, [one for one in standing if one.id not in passed_over])
            by_hand = {one.id for one in standing if one.ruling is not None}  # the rest holds what was erased
            lost = (overruled([*standing, *self._as_decisions(made, standing)]) - passed_over) & by_hand
            if lost and not asked.replace:
                raise contradicts(self._rulings.behind(conn, lost), self._zone)
            id_ = self._rulings.add(
                conn,
                kind,
                incidents=ids,
                posts=[post.id for post in changed] if word else posts,
                links=made,
                actor=who,
                comment=comment,
                opened=[of[one].opened for one in ids],
            )
            moved = {ids[0]: place_told} if place_told else {}
            by = Hand(who, comment, id_, hand.home, hand.preferred, hand.moved, place=moved)
            after: Sequence[Member] = changed
            if word:
                after = self._placed(conn, changed, lambda post: place(post, word, id_))
            changes = self._regrouper.regroup(conn, changed, after, places, by)
            self._record(conn, changes)
            found = self._rulings.get(conn, id_)
            assert found is not None
            return Ruled(found, tuple(changes))

        return self._done(work)

    def _placed(
        self, conn: Connection, posts: Iterable[Member], by: Callable[[StoredPost], StoredPost]
    ) -> list[StoredPost]:
        """The posts, stored anew as `by` makes them."""
        found = [by(post) for post in self._posts.take(conn, [one.id for one in posts]).values()]
        self._posts.update(conn, found)
        return found

    def _done(self, work: Callable[[Connection, set[str]], T]) -> T:
        found = in_places(self._store, set(), work)
        reach("desk.after_commit")
        return found

    def _record(self, conn: Connection, changes: Sequence[Change]) -> None:
        reach("desk.after_effect_before_outbox")
        self._regrouper.record(conn, changes)
        reach("desk.after_outbox_before_commit")

    def _taken(self, conn: Connection, ids: Collection[int], expected: Expected) -> dict[int, Incident]:
        """The incidents, locked, and as they were seen.

        Raises:
            NoSuch, Stale.
        """
        found = self._incidents.take(conn, ids)
        for id_ in ids:
            if id_ not in found:
                raise no_incident(id_)
            seen = expected.get(id_)
            if seen is not None and seen != found[id_].sequence:
                raise stale(found[id_], seen, self._incidents.changes(conn, id_, after=seen), self._zone)
        return found

    def _locked(self, conn: Connection, read: Callable[[], list[Member]], places: set[str]) -> list[Member]:
        """What `read` gives once the places of these posts are locked.

        Raises:
            Wider: meanwhile posts of other places have come in.
        """
        places |= {post.place for post in read()}
        self._posts.lock_places(conn, places)
        posts = read()
        see_inside(posts, places)
        return posts

    def _standing(self, conn: Connection, posts: set[str]) -> list[Decision]:
        """The decisions in force that chains of them lead to from these posts."""
        known: dict[int, Decision] = {}
        asked: set[str] = set()
        frontier = posts
        while frontier:
            asked |= frontier
            found = self._decisions.of(conn, frontier)
            known |= {one.id: one for one in found}
            frontier = {post for one in found for post in (one.left, one.right)} - asked
        return list(known.values())

    def _as_decisions(self, made: links.Links, standing: Sequence[Decision]) -> list[Decision]:
        """As they will be stored: newer than all that stand."""
        first = max((one.id for one in standing), default=0) + 1
        now = self._now()
        return [Decision(first + n, kind, one, other, "", now) for n, (kind, one, other) in enumerate(made)]

    def _merged_by(self, conn: Connection, ruling: Ruling) -> tuple[dict[str, int | None], dict[int, IncidentStatus]]:
        """Where the posts of the incidents belonged that a ruling has merged, and which status each had."""
        home: dict[str, int | None] = {}
        revived: dict[int, IncidentStatus] = {}
        lines = (line for one in ruling.incidents for line in self._incidents.changes(conn, one))
        taken_in = {
            id_ for line in lines if line.details.get("ruling") == ruling.id for id_ in line.details.get("merged", ())
        }
        for id_, one in self._incidents.take(conn, taken_in | set(ruling.incidents)).items():
            *_, end = self._incidents.changes(conn, id_)
            if one.status is MERGED and end.details.get("ruling") == ruling.id:
                home |= dict.fromkeys(end.details.get("posts_removed", ()), id_)
                revived[id_] = IncidentStatus(end.details["from"])
        return home, revived


def _parted(incident: Incident, wanted: Iterable[str]) -> tuple[list[str], list[str]]:
    """The wanted posts of an incident and the rest, each in order of event time.

    Raises:
        NoSuch: it has no such post.
        Invalid: no post is named.
    """
    chosen = set(wanted)
    if not chosen:
        raise Invalid("Назовите хотя бы одну публикацию.")
    for post in sorted(chosen - set(incident.posts)):
        raise NoSuch(f"В инциденте №{incident.id} нет публикации {post}.")
    return [post for post in incident.posts if post in chosen], [post for post in incident.posts if post not in chosen]
