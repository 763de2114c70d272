"""What happens to each incident of a neighbourhood, as snapshots and events."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from incidents.describe import Describer
from incidents.difference import Difference
from incidents.neighbourhood import Neighbourhood
from incidents.workflow import ASSIGNED, CLOSED, DONE, MERGED, NEW, REOPENED, untouched
from schemas import EventType, Incident, IncidentData, IncidentEvent, IncidentStatus
from store import Member

NO_POSTS_LEFT = "не осталось публикаций"


@dataclass(frozen=True, slots=True)
class Hand:
    """What a person asked for, where incidents change because of that."""

    actor: str = "otklik"
    comment: str | None = None
    ruling: int | None = None
    home: Mapping[str, int | None] = field(default_factory=dict)
    """Posts that count as another incident's, or as nobody's, when it is asked which incident lives on."""
    preferred: Sequence[int] = ()
    """Incidents that live on before all others, the first of them first."""
    moved: Collection[int] = ()
    """Incidents between which posts are moved."""
    revived: Mapping[int, IncidentStatus] = field(default_factory=dict)
    """Merged incidents that may live again, and the status that each had."""
    opened: Mapping[int, datetime] = field(default_factory=dict)
    """When these had been registered, before the first of them took the clock of the others over."""
    place: Mapping[int, str] = field(default_factory=dict)
    """How the place of an incident has moved; see `placing.told`."""


MACHINE = Hand()


@dataclass(frozen=True, slots=True)
class Change:
    type: EventType
    incident: Incident
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    comment: str | None = None
    terms: str | None = None
    """What `moved_term` says."""
    place: str | None = None
    """What `placing.told` says."""
    merged: tuple[int, ...] = ()
    """The incidents that it has taken in."""
    before: IncidentStatus | None = None
    """The status before, where it has changed."""
    actor: str = MACHINE.actor
    ruling: int | None = None

    def event(self, source: str) -> IncidentEvent:
        incident = self.incident
        return IncidentEvent(
            id=f"{incident.id}.{incident.sequence}",
            source=source,
            type=self.type,
            subject=str(incident.id),
            time=incident.updated,
            data=IncidentData(
                incident=incident,
                posts_added=self.added,
                posts_removed=self.removed,
                actor=self.actor,
                comment=self.comment,
                terms=self.terms,
                place=self.place,
                merged=self.merged,
                before=self.before,
                ruling=self.ruling,
                history=incident.history,
            ),
        )


class Changes:
    """What happens to each incident of a neighbourhood: pure, but for the ids that the database gives."""

    def __init__(
        self,
        describer: Describer,
        now: datetime,
        seen: Neighbourhood,
        found: Difference,
        stored: Mapping[int, Incident],
        *,
        hand: Hand,
        reopen_within: timedelta,
    ) -> None:
        self._describer = describer
        self._now = now
        self._seen = seen
        self._found = found
        self._stored = stored
        self._hand = hand
        self._reopen_within = reopen_within
        self.made: list[Change] = []

    def add(
        self,
        type_: EventType,
        incident: Incident,
        *,
        added: Iterable[str] = (),
        removed: Iterable[str] = (),
        comment: str | None = None,
        terms: str | None = None,
        place: str | None = None,
        merged: Iterable[int] = (),
        before: IncidentStatus | None = None,
    ) -> None:
        hand = self._hand
        said = comment or hand.comment
        parts = (tuple(sorted(added)), tuple(sorted(removed)))
        took = tuple(sorted(merged))
        by = (hand.actor, hand.ruling)
        self.made.append(Change(type_, incident, *parts, said, terms, place, took, before, *by))

    def opened(self) -> list[Incident]:
        """Drafts, without ids yet, of the matters that need an incident."""
        drafts = []
        for matter in self._found.opened:
            posts = [self._seen.posts[id_] for id_ in matter]
            came_from = {post.incident for post in posts if post.incident is not None}
            opened = self._registered(None, [self._stored[id_] for id_ in came_from], posts)
            draft = self._describer.describe(posts, opened, None)
            drafts.append(draft.model_copy(update={"sequence": 1, "updated": self._now, "status_since": self._now}))
        return drafts

    def open(self, incident: Incident, posts: Iterable[str]) -> None:
        """A draft that has got its id."""
        self.add("incident.opened", incident, added=posts)
        self._assign(None, incident)

    def change_known(self) -> None:
        """The incidents that are stored and change, each with its next sequence."""
        for id_, matter in self._found.kept.items():
            self._keep(self._stored[id_], matter)
        heirs = {matter: id_ for id_, matter in self._found.kept.items()}
        for id_, matter in self._found.merged.items():
            if self._stored[id_].status is not MERGED:
                self._end(id_, "incident.merged", {"status": MERGED, "merged_into": heirs[matter]})
        for id_ in self._found.emptied:
            if untouched(self._stored[id_]):
                self._end(id_, "incident.closed", {"status": CLOSED}, NO_POSTS_LEFT)
            else:  # whoever has decided about it is told, and decides again
                self._end(id_, "incident.updated", {}, NO_POSTS_LEFT)

    def to_update(self) -> list[Incident]:
        """The last snapshot of each, but of those that are as they were opened."""
        last = {change.incident.id: change.incident for change in self.made}
        return [one for one in last.values() if one.sequence > 1]

    def moves(self) -> dict[str, int | None]:
        """Post to its new incident, where that is not the old one."""
        now_in: dict[str, int | None] = dict.fromkeys(self._seen.posts)
        opened = (change for change in self.made if change.type == "incident.opened")
        for matter, change in zip(self._found.opened, opened, strict=True):
            now_in |= dict.fromkeys(matter, change.incident.id)
        for id_, matter in self._found.kept.items():
            now_in |= dict.fromkeys(matter, id_)
        return {post: to for post, to in now_in.items() if to != self._seen.posts[post].incident}

    def _keep(self, before: Incident, matter: frozenset[str]) -> None:
        posts = [self._seen.posts[id_] for id_ in matter]
        absorbed = [self._stored[id_] for id_, other in self._found.merged.items() if other == matter]
        mine = self._with_its_clock(before)
        opened = self._registered(mine, [mine, *absorbed], posts)
        had = {id_ for id_, post in self._seen.posts.items() if post.incident == before.id}
        status = self._status(before, [post for post in posts if post.id not in had])
        after = self._describer.describe(posts, opened, before.model_copy(update=status))
        if after == before and had == matter:
            return
        if status:
            type_: EventType = "incident.reopened"
        elif before.id in self._hand.moved:
            type_ = "incident.moved"
        elif any(not part.isdisjoint(had) for part in self._leaving(before.id)):
            type_ = "incident.split"
        else:
            type_ = "incident.updated"
        after = after.model_copy(update={"sequence": before.sequence + 1, "updated": self._now})
        self.add(
            type_,
            after,
            added=matter - had,
            removed=had - matter,
            before=before.status if status else None,
            terms=moved_term(before, after, self._describer.zone),
            place=self._hand.place.get(before.id),
            merged=[one.id for one in absorbed if one.status is not MERGED],
        )
        self._assign(before, after)

    def _assign(self, before: Incident | None, after: Incident) -> None:
        """Where the rules assign by themselves, and to somebody else than before. It is the machine that does, whoever
        has moved posts."""
        known = before is not None and after.auto_assigned and before.authority == after.authority
        if known or not self._describer.assigns(after):
            return
        was = after.status if after.status is NEW else None
        update = {"status": ASSIGNED, "auto_assigned": True, "sequence": after.sequence + 1}
        assigned = after.model_copy(update=update | ({"status_since": self._now} if was else {}))
        self.made.append(Change("incident.assigned", assigned, before=was))

    def _leaving(self, incident: int) -> Iterable[frozenset[str]]:
        """Matters that become incidents of their own, or do so again."""
        yield from self._found.opened
        yield from (matter for id_, matter in self._found.kept.items() if id_ in self._hand.revived and id_ != incident)

    def _status(self, before: Incident, new: Sequence[Member]) -> dict[str, object]:
        """What changes where an incident lives again: after a merge, or because its trouble has come again."""
        if before.status is MERGED:
            status = self._hand.revived[before.id]
            return {"status": status, "status_since": self._now, "merged_into": None}
        since = before.status_since
        if before.status not in DONE or since is None:
            return {}
        again = [post for post in new if not post.history and since < post.published <= since + self._reopen_within]
        if not again:
            return {}
        return {"status": REOPENED, "status_since": self._now, "reopened": self._now, "recurring": True}

    def _end(self, id_: int, type_: EventType, update: dict[str, object], comment: str | None = None) -> None:
        before = self._stored[id_]
        more = {"posts": (), "urls": (), "address": None, "sequence": before.sequence + 1, "updated": self._now}
        if update:
            more["status_since"] = self._now
        was = before.status if update else None
        after = before.model_copy(update=update | more)
        self.add(type_, after, removed=before.posts, comment=comment, before=was)

    def _with_its_clock(self, incident: Incident) -> Incident:
        """As it was registered, where it gives back what it took in. Not where it has taken in something still older
        since: that stays."""
        own = self._hand.opened
        if incident.id not in own or incident.opened < min(own.values()):
            return incident
        return incident.model_copy(update={"opened": own[incident.id]})

    def _registered(self, before: Incident | None, sources: Sequence[Incident], posts: Sequence[Member]) -> datetime:
        """When the clock began: neither a merge nor a split starts it again. Back-filled posts alone start none."""
        if all(post.history for post in posts):
            return before.opened if before else self._now
        return min((one.opened for one in sources if not one.history), default=self._now)


def moved_term(before: Incident, after: Incident, zone: tzinfo) -> str | None:
    """What the history says of a term that has moved, by the region's clock: none is moved silently, but by less than
    the minutes that people see."""
    pairs = (("ответа", before.answer_due, after.answer_due), ("решения", before.solution_due, after.solution_due))
    told = [(what, _at(old, zone), _at(new, zone)) for what, old, new in pairs]
    return "; ".join(f"срок {what}: {old} → {new}" for what, old, new in told if old != new) or None


def _at(due: datetime | None, zone: tzinfo) -> str:
    return f"{due.astimezone(zone):%d.%m.%Y %H:%M}" if due is not None else "нет"
