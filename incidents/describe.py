"""What the posts of a matter say of it together."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime, tzinfo
from typing import get_args
from zoneinfo import ZoneInfo

import structlog

from incidents.calendar import Calendar, MissingYear
from incidents.config import Authority, Deadlines
from incidents.deadlines import About, choose, due
from incidents.placing import NO_PLACE, most, spot
from incidents.priority import marked, priority
from incidents.route import Matter, route
from incidents.routing import Routing
from incidents.workflow import untouched
from schemas import Incident, IncidentStatus, Urgency
from store import Member
from store.posts import Words

log = structlog.get_logger()

URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
"""The most urgent first."""
STAR = "★ "
BEFORE_PLACE = " — "


class Describer:
    """Makes snapshots of incidents from their posts, by the rules of the configuration.

    `names` are what people see for topics; one that is not there is shown as it is spelt.
    """

    def __init__(
        self,
        authorities: Sequence[Authority],
        deadlines: Deadlines,
        names: Mapping[str, str] | None = None,
        calendar: Calendar | None = None,
        routing: Routing | None = None,
    ) -> None:
        self._routing = routing or Routing()
        self._read: Mapping[str, Words] = {}
        self._calendar = calendar or Calendar(ZoneInfo("UTC"))
        self._names = names or {}
        self._authorities = authorities
        self._deadlines = deadlines

    @property
    def zone(self) -> tzinfo:
        """By whose clock people read its terms."""
        return self._calendar.zone

    @property
    def reads_posts(self) -> bool:
        """It wants `knowing`."""
        return self._routing.reads_posts

    def knowing(self, read: Mapping[str, Words]) -> "Describer":
        """The same with what posts say in words, for the rules of routing that look at that."""
        other = copy(self)
        other._read = read
        return other

    def describe(self, posts: Iterable[Member], opened: datetime, before: Incident | None) -> Incident:
        """The incident with these posts; its `id`, `sequence` and `updated` are of `before`, or stand-ins.

        What most posts say counts, of equals what the earliest says; of the place, what a person has said. An authority
        is proposed as long as nobody has touched the incident. Back-filled posts alone set no clock.
        """
        members = sorted(posts, key=lambda post: (post.published, post.id))
        # The topic as a pair with what goes with it, so that no mixture comes out.
        topic, group = most(members, lambda post: (post.topic, post.group))
        where = spot(members)
        place = {"municipality": where.municipality, "municipality_name": where.municipality_name}
        status = before.status if before else IncidentStatus.NEW
        history = all(post.history for post in members)
        urgency = min((post.urgency for post in members), key=URGENCIES.index)
        names = ("authority", "authority_name", "authority_reason")
        authority = {name: getattr(before, name, None) for name in names}
        if before is None or untouched(before):
            read = [self._read[post.id] for post in members if post.id in self._read]
            heads: dict[str, tuple[str, float]] = {}
            for name, value, sure in (head for words in read for head in words.heads):
                if sure > heads.get(name, ("", 0.0))[1]:
                    heads[name] = (value, sure)
            matter = Matter(
                group=group,
                topic=topic,
                **place,
                settlement=where.settlement,
                sources={post.source for post in members},
                urgency=urgency,
                texts=[words.text for words in read],
                heads=heads,
            )
            proposed, reason = route(self._routing, self._authorities, matter)
            if proposed is not None or status is IncidentStatus.NEW:
                authority = {
                    "authority": proposed.id if proposed else None,
                    "authority_name": proposed.name if proposed else None,
                    "authority_reason": reason,
                }
        found = Incident(
            id=before.id if before else 1,
            sequence=before.sequence if before else 1,
            status=status,
            status_since=before.status_since if before else opened,
            title=title(self._names.get(topic, topic), where.settlement or where.municipality_name),
            **place,
            address=where.address,
            group=group,
            topic=topic,
            urgency=urgency,
            needs_review=any(post.needs_review for post in members),
            **authority,
            auto_assigned=before.auto_assigned if before else False,
            opened=opened,
            reopened=before.reopened if before else None,
            recurring=before.recurring if before else False,
            updated=before.updated if before else opened,
            first_published=members[0].published,
            last_published=members[-1].published,
            answer=before.answer if before else None,
            pauses=before.pauses if before else (),
            posts=tuple(post.id for post in members),
            urls=tuple(post.url for post in members if post.url is not None),
            history=history,
        )
        return self._weighed(self.timed(found, before), members)

    def assigns(self, incident: Incident) -> bool:
        """The rules assign it by themselves. Back-filled posts alone are nobody's task."""
        return (
            self._routing.auto_assign
            and untouched(incident)
            and incident.authority is not None
            and not incident.history
        )

    def timed(self, incident: Incident, before: Incident | None) -> Incident:
        """With its terms, which count from its registration or from when it was opened again, and are put off by its
        pauses. What was told of a term is forgotten with it, in the priority too. Back-filled posts alone set no clock.
        """
        terms = {"answer_due": None, "solution_due": None} if incident.history else self._terms(incident)
        same = before is not None and before.answer_due == terms["answer_due"]
        told = {"due_soon": False, "overdue": False, "escalated_to": None}
        return remarked(
            incident.model_copy(update=terms | {name: getattr(before, name) if same else told[name] for name in told})
        )

    def _terms(self, incident: Incident) -> dict[str, datetime | None]:
        about = About(
            group=incident.group,
            topic=incident.topic,
            urgency=incident.urgency,
            authority=incident.authority,
            municipality=incident.municipality,
            municipality_name=incident.municipality_name,
        )
        pauses = [(one.since, one.until) for one in incident.pauses if one.until is not None]
        name, term = choose(self._deadlines, about)
        try:
            found = due(term, incident.reopened or incident.opened, self._calendar, pauses)
        except MissingYear as error:
            # No deadline rather than a guessed one; lists show that there is none.
            log.warning("no_deadline", term=name, year=error.year, hint=str(error))
            return {"answer_due": None, "solution_due": None}
        return {"answer_due": found.answer, "solution_due": found.solution}

    def _weighed(self, incident: Incident, members: Sequence[Member]) -> Incident:
        points, reasons = priority(
            urgency=incident.urgency,
            authors=[post.author for post in members],
            published=[post.published for post in members],
            due_soon=incident.due_soon,
            overdue=incident.overdue,
            recurring=incident.recurring,
        )
        return incident.model_copy(update={"priority": points, "priority_reasons": reasons})


def remarked(incident: Incident) -> Incident:
    """With the priority that its marks of the deadline call for; the rest of it does not depend on the clock."""
    points, reasons = marked(
        incident.priority, incident.priority_reasons, due_soon=incident.due_soon, overdue=incident.overdue
    )
    return incident.model_copy(update={"priority": points, "priority_reasons": reasons})


def title(topic: str, place: str | None) -> str:
    """For a line in a list: no words of the posts."""
    return f"{topic.removeprefix(STAR)}{BEFORE_PLACE}{place or NO_PLACE}"


def place_in(title: str) -> str:
    """The place that a title ends with."""
    return title.rpartition(BEFORE_PLACE)[2]


def at_place(title: str, place: str | None) -> str:
    """A title with another place."""
    return f"{title.rpartition(BEFORE_PLACE)[0]}{BEFORE_PLACE}{place or NO_PLACE}"
