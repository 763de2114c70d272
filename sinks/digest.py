"""What a digest of sources says, and when it is due: pure functions of how the sources fare."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from schemas import DigestData, Health, Outcome, SourceEvent, SourceStatus, utc

if TYPE_CHECKING:
    from store import Fare

GATHER = timedelta(minutes=1)
"""From the first change after a calm time to its digest: an outage shows itself in several sources within a minute."""
LISTED = 100
"""Sources in a list of the digest: some 50 KB, which any receiver takes; who needs the rest asks `otklik status`."""
NAMED = 5
"""Sources in a sentence: more, nobody reads on a telephone."""
NETWORK_SOURCES = 5
NETWORK_SHARE = 0.9
"""So many sources, and this share of all visited since the first of them failed, without any usable answer: sites do
not go down together, a line does. The rest are servers of this machine's own network."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class News:
    """What there is to tell a sink."""

    data: DigestData
    named: Mapping[str, Health]
    """The troubled sources it will know of."""
    since: datetime | None
    """The first change; None where it is older than anybody remembers."""


def news(
    fares: Sequence["Fare"], events: Sequence[SourceEvent], named: Mapping[str, Health], zone: ZoneInfo
) -> News | None:
    """What the receiver does not know yet; None: nothing.

    `events` are those since its last digest, `named` the troubled sources it knows of. A source that failed and came
    back meanwhile is told too.
    """
    statuses = {fare.source: _status(fare) for fare in fares if fare.standing.health is not Health.HEALTHY}
    together = _together(fares, events, named)
    # Those told of as a part of an outage are still in trouble, though not yet by themselves.
    waiting = [one for one in fares if named.get(one.source) is Health.FAILING and one.standing.bad_visits]
    statuses |= {fare.source: _status(fare) for fare in [*together, *waiting] if fare.source not in statuses}
    known = {fare.source: fare for fare in fares}
    seen = dict.fromkeys([*named, *(event.subject for event in events)])
    recovered = [_recovered(known[source]) for source in seen if source in known and source not in statuses]
    changed = [one for source, one in statuses.items() if named.get(source) is not one.health]
    if not changed and not recovered:
        return None
    ongoing = [one for source, one in statuses.items() if named.get(source) is one.health]
    changed = [*sorted(changed, key=_worst_first), *recovered]
    sources = {one.source for one in changed}
    data = DigestData(
        summary=_summary(changed, ongoing, zone, network=bool(together)),
        changed=tuple(changed[:LISTED]),
        ongoing=tuple(sorted(ongoing, key=_worst_first)[:LISTED]),
        changed_total=len(changed),
        ongoing_total=len(ongoing),
        network_suspected=bool(together),
    )
    since = min((event.time for event in events if event.subject in sources), default=None)
    return News(data, {source: one.health for source, one in statuses.items()}, since)


def due(since: datetime | None, sent: datetime | None, every: timedelta, now: datetime) -> bool:
    """Whether to send: a short while after the first change, and not sooner than `every` after the last digest.

    Times ahead of `now` are of a clock that was set back, and hold nothing up.
    """
    gathered = since is None or not now - GATHER < since <= now
    return gathered and (sent is None or not now - every < sent <= now)


def _status(fare: "Fare") -> SourceStatus:
    standing = fare.standing
    quiet = standing.health is Health.QUIET
    return SourceStatus(
        source=fare.source,
        kind=fare.kind,
        health=Health.QUIET if quiet else Health.FAILING,
        since=standing.since if standing.health is not Health.HEALTHY and standing.since else _began(fare),
        outcome=fare.outcome,
        reason=(standing.reason if quiet else None) or fare.reason,
        action=standing.action if quiet else fare.action,
    )


def _recovered(fare: "Fare") -> SourceStatus:
    standing = fare.standing
    return SourceStatus(
        source=fare.source,
        kind=fare.kind,
        health=Health.HEALTHY,
        since=standing.since or fare.finished,
        outcome=fare.outcome,
        reason="снова работает",
    )


def _began(fare: "Fare") -> datetime:
    return fare.standing.bad_since or fare.finished


def _together(fares: Sequence["Fare"], events: Sequence[SourceEvent], named: Mapping[str, Health]) -> list["Fare"]:
    """The sources that fail together, those included that have not failed long enough to be told of one by one."""
    broken = [fare for fare in fares if fare.outcome is Outcome.BROKEN and fare.standing.bad_visits]
    new = [fare for fare in broken if fare.source not in named and fare.standing.health is not Health.QUIET]
    if not any(event.data.health is Health.FAILING for event in events) or len(new) < NETWORK_SOURCES:
        return []
    began = min(_began(fare) for fare in new)
    visited = [fare for fare in fares if fare.finished >= began and fare.source not in named]
    return new if len(new) >= NETWORK_SHARE * len(visited) else []


def _worst_first(status: SourceStatus) -> tuple[bool, datetime, str]:
    return status.health is Health.QUIET, status.since, status.source


def _summary(
    changed: Sequence[SourceStatus], ongoing: Collection[SourceStatus], zone: ZoneInfo, *, network: bool
) -> str:
    failing = [one for one in changed if one.health is Health.FAILING]
    quiet = [one for one in changed if one.health is Health.QUIET]
    well = [one for one in changed if one.health is Health.HEALTHY]
    parts = []
    if network:
        first = utc(min(one.since for one in failing)).astimezone(zone)
        verb = "не отвечает" if _form(len(failing)) == 0 else "не отвечают"
        parts.append(
            f"{len(failing)} {_sources(len(failing))} {verb}, первый с {first:%H:%M}; похоже на сеть этой машины"
        )
    elif failing:
        parts.append(f"Не работают источники: {_names(failing)}")
    if quiet:
        parts.append(f"Необычно тихи: {_names(quiet)}")
    if well:
        parts.append(f"Снова работают: {_names(well)}")
    if ongoing:
        parts.append(f"Как и раньше, не в порядке: {len(ongoing)}")
    return ". ".join(parts) + "."


def _names(statuses: Sequence[SourceStatus]) -> str:
    names = ", ".join(one.source for one in statuses[:NAMED])
    return names if len(statuses) <= NAMED else f"{names} и ещё {len(statuses) - NAMED}"


def _form(count: int) -> int:
    """Which form of a noun stands after a number in Russian: 0 as after 1, 1 as after 2, 2 as after 5."""
    if count % 100 in range(11, 15):
        return 2
    return {1: 0, 2: 1, 3: 1, 4: 1}.get(count % 10, 2)


def _sources(count: int) -> str:
    return ("источник", "источника", "источников")[_form(count)]
