"""How a visit to a source ended, how the source fares, and what becomes known of that."""

from enum import StrEnum
from typing import ClassVar, Literal

from schemas.base import Model, UtcDatetime
from schemas.events import CloudEvent


class Outcome(StrEnum):
    OK = "ok"
    EMPTY = "empty"
    """Visited, and there was nothing new."""
    QUOTA = "quota"
    """A limit of the other side was reached, theirs or the one we keep for them."""
    BLOCKED = "blocked"
    """A captcha, a 403, a login page, robots.txt."""
    GONE = "gone"
    """The page, wall or channel no longer exists."""
    CHANGED = "changed"
    """It answers, but not in the form that was expected."""
    BROKEN = "broken"
    """No usable answer: network, certificate, 5xx, our own error."""


class SourceHealth(Model):
    """One run of one source."""

    schema_name: ClassVar[str] = "source-health/1"

    source: str
    kind: str
    started: UtcDatetime
    finished: UtcDatetime
    outcome: Outcome
    reason: str
    """In Russian, for an operator."""
    action: str | None = None
    """In Russian: who must do what; None where nothing has to be done."""
    posts: int = 0
    next_due: UtcDatetime


class Health(StrEnum):
    """How a source fares, over several visits."""

    HEALTHY = "healthy"
    FAILING = "failing"
    """Its visits have ended badly for so long that a person must know."""
    QUIET = "quiet"
    """It answers, but has far fewer new posts than in its own last weeks."""


class SourceStatus(Model):
    """How a source fares. Both texts are in Russian, for an operator."""

    source: str
    kind: str
    health: Health
    since: UtcDatetime
    """Failing: the first of the bad visits; quiet: the beginning of the time without posts."""
    outcome: Outcome
    """Of the last visit."""
    reason: str
    action: str | None = None


SourceEventType = Literal["source.failing", "source.recovered", "source.quiet"]
EVENT_OF: dict[Health, SourceEventType] = {
    Health.FAILING: "source.failing",
    Health.HEALTHY: "source.recovered",
    Health.QUIET: "source.quiet",
}


class SourceEvent(CloudEvent):
    """A source fares otherwise than before. `id` is `<source id>.<number of the change>`: the same at every attempt."""

    schema_name: ClassVar[str] = "source-event/1"

    type: SourceEventType
    data: SourceStatus
    """After the change."""


class DigestData(Model):
    summary: str
    """One or two sentences in Russian: what a person reads first."""
    changed: tuple[SourceStatus, ...]
    """Sources that fare otherwise than the last digest said, the newest state of each; failing ones first."""
    ongoing: tuple[SourceStatus, ...]
    """Sources in trouble that an earlier digest has named."""
    changed_total: int
    ongoing_total: int
    """How many there are; the lists hold at most a hundred each."""
    network_suspected: bool = False
    """Nearly everything visited since the trouble began fails: rather this machine's network than the sources."""


class SourceDigest(CloudEvent):
    """All that has changed for one sink since its last digest. `id` is `<sink id>.<number>`: same at every attempt."""

    schema_name: ClassVar[str] = "source-digest/1"

    type: Literal["source.digest"] = "source.digest"
    data: DigestData
