"""What the posts of a matter say of it together."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

from incidents.config import Authority, Deadlines
from incidents.deadlines import answer_due
from incidents.route import route
from schemas import Incident, IncidentStatus, Urgency
from store import Member

URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
"""The most urgent first."""
STAR = "★ "
NO_PLACE = "место не названо"


class Describer:
    """Makes snapshots of incidents from their posts, by the rules of the configuration.

    `names` are what people see for topics; one that is not there is shown as it is spelt.
    """

    def __init__(
        self, authorities: Sequence[Authority], deadlines: Deadlines, names: Mapping[str, str] | None = None
    ) -> None:
        self._names = names or {}
        self._authorities = authorities
        self._deadlines = deadlines

    def describe(self, posts: Iterable[Member], opened: datetime, before: Incident | None) -> Incident:
        """The incident with these posts; its `id`, `sequence` and `updated` are of `before`, or stand-ins.

        What most posts say counts, of equals what the earliest says. An authority is proposed as long as nobody has
        touched the incident. Back-filled posts alone set no clock.
        """
        members = sorted(posts, key=lambda post: (post.published, post.id))
        # First the place and the topic as pairs with what goes with them, so that no mixture comes out.
        municipality, municipality_name = _most(members, lambda post: (post.municipality, post.municipality_name))
        topic, group = _most(members, lambda post: (post.topic, post.group))
        settlement = _most(members, lambda post: post.settlement)
        place = {"municipality": municipality, "municipality_name": municipality_name}
        status = before.status if before else IncidentStatus.NEW
        history = all(post.history for post in members)
        if before is None or status is IncidentStatus.NEW:
            proposed = route(self._authorities, group=group, topic=topic, **place)
            authority = {
                "authority": proposed.id if proposed else None,
                "authority_name": proposed.name if proposed else None,
            }
        else:
            authority = {"authority": before.authority, "authority_name": before.authority_name}
        found = Incident(
            id=before.id if before else 1,
            sequence=before.sequence if before else 1,
            status=status,
            status_since=before.status_since if before else opened,
            title=title(self._names.get(topic, topic), settlement or municipality_name),
            **place,
            group=group,
            topic=topic,
            urgency=min((post.urgency for post in members), key=URGENCIES.index),
            needs_review=any(post.needs_review for post in members),
            **authority,
            opened=opened,
            reopened=before.reopened if before else None,
            recurring=before.recurring if before else False,
            updated=before.updated if before else opened,
            first_published=members[0].published,
            last_published=members[-1].published,
            answer=before.answer if before else None,
            posts=tuple(post.id for post in members),
            urls=tuple(post.url for post in members if post.url is not None),
            history=history,
        )
        return found.model_copy(update={"answer_due": self.due(found)})

    def due(self, incident: Incident) -> datetime | None:
        """By when its authority has to answer: from its registration, or from when it was opened again."""
        if incident.history:
            return None
        return answer_due(
            self._deadlines,
            incident.reopened or incident.opened,
            group=incident.group,
            topic=incident.topic,
            authority=incident.authority,
            municipality=incident.municipality,
            municipality_name=incident.municipality_name,
        )


def title(topic: str, place: str | None) -> str:
    """For a line in a list: no words of the posts."""
    return f"{topic.removeprefix(STAR)} — {place or NO_PLACE}"


def _most(members: Sequence[Member], of: Callable[[Member], Any]) -> Any:
    """The commonest value that is not None or (None, …); of equals the one of the earliest post."""
    values = [value for value in map(of, members) if value is not None and value != (None, None)]
    if not values:
        return of(members[0])
    return Counter(values).most_common(1)[0][0]  # which keeps the order of first sight among equals
