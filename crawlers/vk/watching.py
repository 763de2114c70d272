"""When what was read is read again, and what is missing then: pure functions over the cursor's watches."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from crawlers.vk.settings import Watch

T = TypeVar("T")

WATCHED = timedelta(days=3)
"""Posts are looked at again for this long, or for as long as they stand on the wall's first page. By then discussion
on city walls has ended, and a wall of 500 posts a day costs 15 calls per sweep."""
SLOWEST_COMMENTS = timedelta(hours=1)
"""New comments under an old post wait at most this long."""
PER_CALL = timedelta(minutes=2)
"""A post whose comments cost n calls is read at most every 2n minutes, so one heated thread takes no more than 720
of the 5,000 daily calls."""
REREAD_UNCHANGED = timedelta(hours=6)
"""An edit leaves the number of comments as it is, so they are read again now and then."""
REMEMBERED = 5_000
"""Comments whose disappearance is noticed, per source. The cursor is stored after every page; this many numbers make
50 KB of it, and hold three days of a wall with 1,600 comments a day."""
PER_PAGE = 500
"""Comments in one page: what a crash may have to publish again."""


def comments_due(watch: Watch, count: int, now: datetime) -> bool:
    """Whether to read a post's comments now, when the wall says that there are `count`."""
    if watch.read is None or count == watch.count == 0:
        return count > 0
    return reading_due(watch, count != watch.count, now)


def reading_due(watch: Watch, changed: bool, now: datetime) -> bool:
    """Whether to read again what was read before.

    Where it `changed`: under a fresh post at once, under one that is a day old after an hour, and in between after a
    24th of its age.
    """
    assert watch.read is not None
    rested, age = now - watch.read, now - watch.published
    if rested < timedelta():  # read by a clock that ran ahead
        return True
    if not changed:
        return age < WATCHED and rested >= REREAD_UNCHANGED
    return rested >= max(min(age / 24, SLOWEST_COMMENTS), PER_CALL * watch.calls - PER_CALL)


def vanished(watch: Watch, shown: Iterable[int]) -> list[int]:
    """The comments that stood there when they were last read, and do not now."""
    return sorted(set(watch.seen).difference(shown))


def remembering(watched: Mapping[int, Watch], number: int, watch: Watch) -> dict[int, Watch]:
    """`watched` with this watch; the comments of the oldest posts are forgotten where there are too many."""
    found = {**watched, number: watch.model_copy(update={"seen": sorted(watch.seen)[-REMEMBERED:]})}
    excess = sum(len(one.seen) for one in found.values()) - REMEMBERED
    for old in sorted(found, key=lambda key: found[key].published):
        if excess <= 0:
            break
        if old != number:
            excess -= len(found[old].seen)
            found[old] = found[old].model_copy(update={"seen": []})
    return found


def chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """In order, each of `size` but the last."""
    return [items[start : start + size] for start in range(0, len(items), size)]
