"""Which articles of an index a visit fetches, and what it remembers: pure functions and values."""

import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

from crawlers.news.canonical import canonical_url
from crawlers.news.settings import NewsCursor, Validators

T = TypeVar("T")

MAX_TRIES = 5  # visits at which an article may fail: with `adaptive` they span hours, enough for an outage
MAX_STOPS = 20  # visits that one article may end: more patience, since it is probably the site's doing
MAX_ENTRIES = 20_000  # per index; what lies beyond is older
KEEP = 1_000  # links remembered after they left the index: a site that shows an old page of it again costs nothing
KEEP_UNLISTED = MAX_ENTRIES + KEEP  # links remembered where nobody knows what is listed: as many as one index may have
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A link to an article, as a feed, sitemap or listing gives it."""

    url: str
    title: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    version: str = ""
    """Changes when the index reports an edit; empty where it tells nothing."""


def key(url: str) -> str:
    """A short name of a link: 72 bits, so that a memory of 20,000 has a chance of 10⁻¹³ of confusing two."""
    return base64.urlsafe_b64encode(hashlib.sha1(url.encode(), usedforsecurity=False).digest()[:9]).decode()


def version(*parts: object) -> str:
    """A short digest of what an index says of an article; empty where it says nothing."""
    if not any(parts):
        return ""
    return key("\n".join(str(part) for part in parts))[:8]


def with_canonical_urls(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Entries by key, the first of each; those whose link is no http(s) URL are left out."""
    found: dict[str, Entry] = {}
    for entry in entries:
        try:
            found.setdefault(key(canonical_url(entry.url)), entry)
        except ValueError:
            continue
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """What to fetch now, oldest first, and how many others wait for the next visit."""

    chosen: list[tuple[str, Entry]]
    waiting: int


def choose(entries: dict[str, Entry], cursor: NewsCursor, limit: int) -> Choice:
    """New and edited articles. Where there are more than `limit`, the newest come first, new before edited.

    Articles that failed before come after those that did not, fewest tries first: one page that makes the site ask for
    a pause at every visit holds up no other.
    """
    places = {name: place for place, name in enumerate(entries)}
    unknown = [name for name in entries if name not in cursor.known]
    fresh = [name for name in unknown if name not in cursor.failing]
    failed = sorted((name for name in unknown if name in cursor.failing), key=lambda name: cursor.failing[name])
    edited = [name for name, entry in entries.items() if cursor.known.get(name, entry.version) != entry.version]

    def age(name: str) -> tuple[datetime, int]:
        return entries[name].published or _LONG_AGO, -places[name]

    wanted = sorted(fresh, key=age, reverse=True) + failed + sorted(edited, key=age, reverse=True)
    chosen = sorted(wanted[:limit], key=lambda name: (cursor.failing.get(name, 0), age(name)))
    return Choice([(name, entries[name]) for name in chosen], len(wanted) - len(chosen))


def changed_sitemaps(
    children: Iterable[tuple[str, datetime | None]], cursor: NewsCursor, oldest: datetime
) -> list[tuple[str, datetime | None]]:
    """The sitemaps of an index that may hold something new, latest change first, those without a date last."""
    wanted = [
        (url, changed)
        for url, changed in children
        if changed is None or (changed >= oldest and changed != cursor.indexes.get(url, Validators()).changed)
    ]
    return sorted(wanted, key=lambda child: child[1] or _LONG_AGO, reverse=True)


def in_turn(wanted: Sequence[T], turn: int, most: int) -> tuple[Sequence[T], int]:
    """Which `most` of `wanted` to read now, and `turn` for the next visit.

    Half are always the first of them. The rest take turns, or those behind the first would never be read on a site
    that gives no dates, or stamps all its sitemaps anew each day.
    """
    if len(wanted) <= most:
        return wanted, 0
    first, others = wanted[: most // 2], wanted[most // 2 :]
    start, count = turn % len(others), most - most // 2
    return [*first, *[others[(start + place) % len(others)] for place in range(count)]], (start + count) % len(others)


@dataclass(slots=True)
class Memory:
    """The cursor while a visit goes on."""

    known: dict[str, str]
    failing: dict[str, int]
    indexes: dict[str, Validators] = field(default_factory=dict)
    turn: int = 0

    @classmethod
    def of(cls, cursor: NewsCursor) -> "Memory":
        """A copy that may be changed."""
        return cls(dict(cursor.known), dict(cursor.failing), dict(cursor.indexes), cursor.turn)

    def delivered(self, name: str, entry: Entry) -> None:
        """The article is in the page that is handed over with the next cursor."""
        self.known.pop(name, None)  # to the end: the newest
        self.known[name] = entry.version
        self.failing.pop(name, None)

    def failed(self, name: str, entry: Entry, tries: int = MAX_TRIES) -> bool:
        """Count a failure; True when it was the last of `tries` and the article is given up."""
        self.failing[name] = self.failing.get(name, 0) + 1
        if self.failing[name] < tries:
            return False
        self.delivered(name, entry)
        return True

    def read(self, indexes: Mapping[str, Validators]) -> None:
        """These need not be read again unless they change. The latest `KEEP` are remembered."""
        for url, validators in indexes.items():
            self.indexes.pop(url, None)  # to the end: the newest
            self.indexes[url] = validators
        self.indexes = _latest(self.indexes, KEEP)

    def forget(self, listed: Collection[str], *, complete: bool) -> None:
        """Drop what is not `listed`, but the latest `KEEP` of it; or `KEEP_UNLISTED` where the list is not complete."""
        keep = KEEP if complete else KEEP_UNLISTED
        gone = {name: version for name, version in self.known.items() if name not in listed}
        for name in gone.keys() - _latest(gone, keep).keys():
            del self.known[name]
        if complete:
            self.failing = {name: tries for name, tries in self.failing.items() if name in listed}
        self.failing = _latest(self.failing, KEEP)

    def cursor(self) -> NewsCursor:
        """What is true once everything reported so far is on the bus."""
        return NewsCursor(
            indexes=dict(self.indexes), known=dict(self.known), failing=dict(self.failing), turn=self.turn
        )


def _latest(remembered: dict[str, T], count: int) -> dict[str, T]:
    return dict(islice(remembered.items(), max(0, len(remembered) - count), None))
