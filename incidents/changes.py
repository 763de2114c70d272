"""What happens to each incident of a neighbourhood, as snapshots and events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.describe import Describer
from incidents.difference import Difference
from incidents.neighbourhood import Neighbourhood
from schemas import EventType, Incident, IncidentData, IncidentEvent, IncidentStatus
from store import Member

NO_POSTS_LEFT = "не осталось публикаций"


@dataclass(frozen=True, slots=True)
class Change:
    type: EventType
    incident: Incident
    added: tuple[str, ...]
    removed: tuple[str, ...]
    comment: str | None

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
                comment=self.comment,
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
    ) -> None:
        self._describer = describer
        self._now = now
        self._seen = seen
        self._found = found
        self._stored = stored
        self.made: list[Change] = []

    def add(
        self,
        type_: EventType,
        incident: Incident,
        *,
        added: Iterable[str] = (),
        removed: Iterable[str] = (),
        comment: str | None = None,
    ) -> None:
        self.made.append(Change(type_, incident, tuple(sorted(added)), tuple(sorted(removed)), comment))

    def opened(self) -> list[Incident]:
        """Drafts, without ids yet, of the matters that need an incident."""
        drafts = []
        for matter in self._found.opened:
            posts = [self._seen.posts[id_] for id_ in matter]
            came_from = {post.incident for post in posts if post.incident is not None}
            opened = self._registered(None, [self._stored[id_] for id_ in came_from], posts)
            draft = self._describer.describe(posts, opened, None)
            drafts.append(draft.model_copy(update={"sequence": 1, "updated": self._now}))
        return drafts

    def of_known(self) -> list[Incident]:
        """The incidents that are stored and change, each with its next sequence."""
        first = len(self.made)
        for id_, matter in self._found.kept.items():
            self._keep(self._stored[id_], matter)
        heirs = {matter: id_ for id_, matter in self._found.kept.items()}
        for id_, matter in self._found.merged.items():
            self._end(id_, "incident.merged", {"status": IncidentStatus.MERGED, "merged_into": heirs[matter]})
        for id_ in self._found.emptied:
            self._end(id_, "incident.closed", {"status": IncidentStatus.CLOSED}, NO_POSTS_LEFT)
        return [change.incident for change in self.made[first:]]

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
        opened = self._registered(before, [before, *absorbed], posts)
        after = self._describer.describe(posts, opened, before)
        had = {id_ for id_, post in self._seen.posts.items() if post.incident == before.id}
        if after == before and had == matter:
            return
        split_off = any(not part.isdisjoint(had) for part in self._found.opened)
        self.add(
            "incident.split" if split_off else "incident.updated",
            after.model_copy(update={"sequence": before.sequence + 1, "updated": self._now}),
            added=matter - had,
            removed=had - matter,
            comment=moved_term(before, after),
        )

    def _end(self, id_: int, type_: EventType, update: dict[str, object], comment: str | None = None) -> None:
        before = self._stored[id_]
        more = {"posts": (), "urls": (), "sequence": before.sequence + 1, "updated": self._now}
        self.add(type_, before.model_copy(update=update | more), removed=before.posts, comment=comment)

    def _registered(self, before: Incident | None, sources: Sequence[Incident], posts: Sequence[Member]) -> datetime:
        """When the clock began: neither a merge nor a split starts it again. Back-filled posts alone start none."""
        if all(post.history for post in posts):
            return before.opened if before else self._now
        return min((one.opened for one in sources if not one.history), default=self._now)


def moved_term(before: Incident, after: Incident) -> str | None:
    """What the history says of a term that has moved: none is moved silently."""
    if before.answer_due == after.answer_due and before.solution_due == after.solution_due:
        return None
    pairs = (("ответа", before.answer_due, after.answer_due), ("решения", before.solution_due, after.solution_due))
    return "; ".join(f"срок {what}: {_at(old)} → {_at(new)}" for what, old, new in pairs if old != new)


def _at(due: datetime | None) -> str:
    return f"{due:%d.%m.%Y %H:%M} UTC" if due is not None else "нет"
